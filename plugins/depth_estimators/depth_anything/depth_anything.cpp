/// depth_anything: depths by Depth Anything V2, which was trained on 62 million photographs.

#include "network.h"
#include "reverie/depth_estimator.h"
#include "reverie/plugin.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    text("depth_anything_weights", "Depth-Anything-V2-Small")
        .names_weights()
        .help("weights of depth_anything: a name of reverie models list, or a file"),
};

class DepthAnything final : public DepthEstimator {
 public:
  DepthAnything(Host& host, const Params& params, const Setup&)
      : network_(load(host, params.get<std::string>("depth_anything_weights"))) {}

  at::Tensor estimate(const at::Tensor& image) override {
    return depth_anything::depth_of_disparity((*network_)(image));
  }
  bool differentiable() const override { return true; }
  Range range() const override { return {depth_anything::kNearest, depth_anything::kFarthest}; }

 private:
  static std::shared_ptr<const depth_anything::Network> load(Host& host, const std::string& name) {
    const auto weights = host.load_weights(name);
    return host.cached<depth_anything::Network>("depth_anything", *weights, [&] {
      return std::make_shared<const depth_anything::Network>(*weights, host.device(), host.precision());
    });
  }

  std::shared_ptr<const depth_anything::Network> network_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(DepthAnything, DepthEstimator, "depth_anything", "1.0", "depths by Depth Anything V2",
                      kParams);

}  // namespace reverie
