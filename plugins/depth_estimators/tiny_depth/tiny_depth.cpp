/// tiny_depth: depths by the small network that ships with the program. models/README.md says what it learnt
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
  TinyDepth(Host& host, const Params& params, const Setup&)
      : network_(load(host, params.get<std::string>("depth_weights"))) {}

  at::Tensor estimate(const at::Tensor& image) override { return (*network_)(image); }
  bool differentiable() const override { return true; }
  Range range() const override { return {tiny_depth::kNearest, tiny_depth::kFarthest}; }

 private:
  static std::shared_ptr<const tiny_depth::Network> load(Host& host, const std::string& name) {
    const auto weights = host.load_weights(name);
    return host.cached<tiny_depth::Network>("tiny_depth", *weights, [&] {
      return std::make_shared<const tiny_depth::Network>(*weights, host.device(), host.precision());
    });
  }

  std::shared_ptr<const tiny_depth::Network> network_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(TinyDepth, DepthEstimator, "tiny_depth", "1.0",
                      "depths by the small network that ships with the program", kParams, "", "depth_model");

}  // namespace reverie
