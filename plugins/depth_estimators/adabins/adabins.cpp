/// adabins: depths in metres by AdaBins, which was trained on photographs of rooms.

#include "network.h"
#include "reverie/depth_estimator.h"
#include "reverie/plugin.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    text("adabins_weights", "AdaBins")
        .names_weights()
        .help("weights of adabins: a name of reverie models list, or a file"),
    boolean("adabins_mirrored", true)
        .help("adabins also estimates the mirror image and takes the mean: better, but twice as slow"),
};

class AdaBins final : public DepthEstimator {
 public:
  AdaBins(Host& host, const Params& params, const Setup&)
      : network_(load(host, params.get<std::string>("adabins_weights"))),
        mirrored_(params.get<bool>("adabins_mirrored")) {}

  // The same for moves and for losses: a loss whose target was estimated in another way would have its least
  // value elsewhere than at the target.
  at::Tensor estimate(const at::Tensor& image) override { return (*network_)(image, mirrored_); }
  bool differentiable() const override { return true; }
  Range range() const override { return {adabins::kNearest, adabins::kFarthest}; }

 private:
  static std::shared_ptr<const adabins::Network> load(Host& host, const std::string& name) {
    const auto weights = host.load_weights(name);
    return host.cached<adabins::Network>("adabins", *weights, [&] {
      return std::make_shared<const adabins::Network>(*weights, host.device(), host.precision());
    });
  }

  std::shared_ptr<const adabins::Network> network_;
  bool mirrored_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(AdaBins, DepthEstimator, "adabins", "1.0", "depths in metres by AdaBins", kParams);

}  // namespace reverie
