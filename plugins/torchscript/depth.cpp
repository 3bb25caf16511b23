/// torchscript: depths by a scripted model.

#include <ATen/ATen.h>

#include "reverie/depth_estimator.h"
#include "reverie/plugin.h"
#include "script.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    text("depth_file", "").help("a scripted model in the folder of the plugin"),
    number("depth_nearest", 1e-3)
        .fixed("it is the scale of what the network says")
        .help("the depth that becomes near_plane; nearer ones count as this"),
    number("depth_farthest", 10)
        .fixed("it is the scale of what the network says")
        .help("the depth that becomes far_plane; farther ones count as this"),
};

class ScriptedDepth final : public DepthEstimator {
 public:
  ScriptedDepth(Host& host, const Params& params, const Setup&)
      : range_{params.get<double>("depth_nearest"), params.get<double>("depth_farthest")},
        script_(host, "depth_file", params.get<std::string>("depth_file")) {
    if (range_.nearest >= range_.farthest)
      throw Error(ErrorKind::settings, "depth_nearest must be smaller than depth_farthest",
                  "a model whose larger values are nearer has to be scripted with the sign changed");
  }

  at::Tensor estimate(const at::Tensor& image) override {
    return script_({image}, {1, 1, image.size(2), image.size(3)}).clamp(range_.nearest, range_.farthest);
  }
  bool differentiable() const override { return true; }
  Range range() const override { return range_; }

 private:
  Range range_;
  torchscript::Script script_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(ScriptedDepth, DepthEstimator, "torchscript", "1.0", "depths by a scripted model",
                      kParams);

}  // namespace reverie
