/// gma: optical flow by GMA (Jiang et al. 2021), which is RAFT with attention, from published checkpoints.

#include "estimator.h"
#include "reverie/plugin.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    text("gma_weights", "gma-sintel")
        .names_weights()
        .help("weights of gma: gma-sintel, gma-things, gma-chairs, gma-kitti, or a file"),
    raft::kFlowIterations,
};

class Gma final : public raft::Estimator {
 public:
  Gma(Host& host, const Params& params, const Setup&)
      : Estimator(host, params, kParams[0].name, /*attention=*/true) {}
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Gma, FlowEstimator, "gma", "1.0",
                      "a pretrained network: RAFT with attention between places that move together", kParams);

}  // namespace reverie
