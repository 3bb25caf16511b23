/// tiny_depth: depths by a small network that ships with the program. models/README.md says what it learnt
/// and how well.

#include "network.h"
#include "reverie/depth_estimator.h"
#include "reverie/plugin.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    text("depth_weights", "tiny_depth")
        .names_weights("tiny_depth")
        .help("weights of tiny_depth: a file made by tools/train_depth"),
};

class TinyDepth final : public DepthEstimator {
 public:
  TinyDepth(Host& host, const Params& params, const Setup& setup)
      : network_(*host.load_weights(setup.weights.empty() ? params.get<std::string>("depth_weights")
                                                          : setup.weights),
                 host.device(), host.precision()) {}

  at::Tensor estimate(const at::Tensor& image) override { return network_(image); }
  bool differentiable() const override { return true; }
  Range range() const override { return {tiny_depth::kNearest, tiny_depth::kFarthest}; }

 private:
  tiny_depth::Network network_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(TinyDepth, DepthEstimator, "tiny_depth", "1.0",
                      "depths by a small network that ships with the program", kParams);

}  // namespace reverie
