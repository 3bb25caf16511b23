/// raft: optical flow by RAFT (Teed & Deng 2020), large or small, from published checkpoints.

#include "estimator.h"
#include "reverie/plugin.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    text("raft_weights", "raft_large")
        .names_weights()
        .help("weights of raft: raft_large, raft_small, or a file"),
    raft::kFlowIterations,
};

class Raft final : public raft::Estimator {
 public:
  Raft(Host& host, const Params& params, const Setup&)
      : Estimator(host, params, kParams[0].name, /*attention=*/false) {}
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Raft, FlowEstimator, "raft", "1.0",
                      "a pretrained network: recurrent refinement by correlations", kParams);

}  // namespace reverie
