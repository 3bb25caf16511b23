/// template_name: what is brighter is nearer.
///
/// The header to read is reverie/depth_estimator.h. For one with a network, reverie/network_tensor.h and
/// reverie/weights.h help.

#include <ATen/ATen.h>
#include <reverie/depth_estimator.h>
#include <reverie/plugin.h>  // REVERIE_EXPORT_PLUGIN

namespace {  // nothing but the descriptor at the end is visible outside this library

// Settings that this plugin adds; reverie/params.h has the other types. They are the
// plugin's own: settings files write them as they are or as template_name.NAME. The program checks values
// against the range before it makes the plugin.
constexpr reverie::ParamSpec kParams[] = {
    reverie::number("template_name_relief", 1).range(0, 1).help("how far white is before black; 0: a plane"),
};

class TemplateNamePlugin final : public reverie::DepthEstimator {
 public:
  TemplateNamePlugin(reverie::Host&, const reverie::Params& params, const Setup&)
      : relief_(params.get<double>("template_name_relief")) {}

  // At every frame, and at every step where a loss compares depths. Larger is farther.
  at::Tensor estimate(const at::Tensor& image) override {
    return 1 - image.mean(1, /*keepdim=*/true) * relief_;
  }

  // Where estimates lie: 0 becomes near_plane and 1 far_plane.
  Range range() const override { return {0, 1}; }

  // Gradients flow to the picture, so that depth_stabilization_weight works with it.
  bool differentiable() const override { return true; }

 private:
  double relief_;
};

}  // namespace

// Class, interface, name, version, summary, parameters. The name is the library's file name.
REVERIE_EXPORT_PLUGIN(TemplateNamePlugin, reverie::DepthEstimator, "template_name", "0.1",
                      "what is brighter is nearer", kParams);
