/// template_name: one motion for the whole picture, by least squares.
///
/// The header to read is reverie/flow_estimator.h. Lucas and Kanade's equation, with the whole picture for
/// its window: it finds shifts of about a pixel.

#include <ATen/ATen.h>
#include <reverie/flow_estimator.h>
#include <reverie/plugin.h>  // REVERIE_EXPORT_PLUGIN

namespace {  // nothing but the descriptor at the end is visible outside this library

// Settings that this plugin adds; reverie/params.h has the other types. They are the
// plugin's own: settings files write them as they are or as template_name.NAME. The program checks values
// against the range before it makes the plugin.
constexpr reverie::ParamSpec kParams[] = {
    reverie::number("template_name_damping", 1e-4)
        .above(0)
        .help("how strongly pictures without detail, whose motion cannot be seen, count as still"),
};

class TemplateNamePlugin final : public reverie::FlowEstimator {
 public:
  TemplateNamePlugin(reverie::Host&, const reverie::Params& params, const Setup&)
      : damping_(params.get<double>("template_name_damping")) {}

  // [1, 2, H, W] in pixels, x, then y: the point p of `from` is found at p + flow(p) in `to`.
  at::Tensor estimate(const at::Tensor& from, const at::Tensor& to) override {
    const std::int64_t height = from.size(2), width = from.size(3);
    const at::Tensor grey = from.mean(1, /*keepdim=*/true);
    const at::Tensor change = to.mean(1, /*keepdim=*/true) - grey;
    const at::Tensor wide = at::replication_pad2d(grey, {1, 1, 1, 1});
    const at::Tensor middle_rows = wide.narrow(2, 1, height), middle_columns = wide.narrow(3, 1, width);
    const at::Tensor x = (middle_rows.narrow(3, 2, width) - middle_rows.narrow(3, 0, width)) / 2;
    const at::Tensor y = (middle_columns.narrow(2, 2, height) - middle_columns.narrow(2, 0, height)) / 2;
    // Two equations: the motion makes up, on average, for how the brightness of each place changed.
    const at::Tensor xx = (x * x).mean() + damping_, yy = (y * y).mean() + damping_, xy = (x * y).mean();
    const at::Tensor xt = (x * change).mean(), yt = (y * change).mean();
    const at::Tensor determinant = xx * yy - xy * xy;
    const at::Tensor motion =
        at::stack({(xy * yt - yy * xt) / determinant, (xy * xt - xx * yt) / determinant});
    return motion.view({1, 2, 1, 1}).expand({1, 2, height, width}).contiguous();
  }

  // Nothing but operations of LibTorch: gradients flow to both pictures.
  bool differentiable() const override { return true; }

 private:
  double damping_;
};

}  // namespace

// Class, interface, name, version, summary, parameters. The name is the library's file name.
REVERIE_EXPORT_PLUGIN(TemplateNamePlugin, reverie::FlowEstimator, "template_name", "0.1",
                      "one motion for the whole picture", kParams);
