/// 3D: a camera moves through the picture, whose depths are estimated.
///
/// The camera's step displaces each pixel as camera.h says; the next frame is this one, looked up at the
/// pixels' places less their displacements, which are also the flow that flow_stabilization_weight asks for.
/// With `projection: equirectangular` the picture is all that is to be seen around (sphere.h).
/// As variables, expressions have the nearest depth `r`, the farthest `R`, and `mu`, the mean of the mean
/// depth and the median, all in pixels.

#include <cmath>

#include "camera.h"
#include "depth.h"
#include "moves.h"
#include "reverie/plugin.h"
#include "reverie/tiling.h"
#include "reverie/varying_parameters.h"
#include "sphere.h"

namespace reverie::animation {
namespace {

constexpr const char* kVariables = "r|R|mu";

constexpr ParamSpec kParams[] = {
    number("translate_x", 0).is_animatable(kVariables).unit("pixels").help("motion to the right, f(t)"),
    number("translate_y", 0).is_animatable(kVariables).unit("pixels").help("motion upwards, f(t)"),
    number("translate_z_3d", 0)
        .is_animatable(kVariables)
        .unit("pixels")
        .help("motion into the picture, f(t)"),
    list("rotate_3d", "1,0,0,0")
        .is_animatable(kVariables)
        .help("rotation as a quaternion [r, x, y, z], f(t)"),
    choice("projection", "perspective", "perspective|equirectangular")
        .help(
            "perspective: a camera's picture; equirectangular: all around, 360 by 180 degrees, with tile: x"),
    number("field_of_view", 60)
        .range(1, 179)
        .is_animatable()
        .unit("degrees")
        .help("vertical field of view in perspective, f(t)"),
    number("near_plane", 1).at_least(0).is_animatable().unit("pixels").help("nearest depth, f(t)"),
    number("far_plane", 10000).above(0).is_animatable().unit("pixels").help("farthest depth, f(t)"),
    boolean("lock_camera", true).help("in perspective, no scrolling or drifting: the mean motion is removed"),
    kSamplingMode,
    kInfillMode,
    kTile,
};

class Mode3D final : public AnimationMode, public VaryingParameters {
 public:
  Mode3D(Host&, const Params& params, const Setup& setup)
      : size_(setup.size),
        camera_{params.get<double>("field_of_view"),
                static_cast<double>(setup.size.width) / static_cast<double>(setup.size.height),
                static_cast<double>(setup.size.height), params.get<bool>("lock_camera")},
        near_(params.get<double>("near_plane")),
        far_(params.get<double>("far_plane")),
        resampling_(params) {
    check_planes();
    resampling_.sphere = params.get<std::string>("projection") == "equirectangular";
    const Tiling tiling = resampling_.tiling;
    if (resampling_.sphere && (!tiling.x || tiling.y))
      throw Error(ErrorKind::settings,
                  "'projection' is equirectangular: the picture's right edge continues at its left one, but "
                  "'tile' is '" +
                      params.get<std::string>(kTile.name) + "'",
                  "set tile: x");
  }

  void set_parameters(const FrameContext& now) override {
    camera_.field_of_view = now.parameter("field_of_view");
    near_ = now.parameter("near_plane");
    far_ = now.parameter("far_plane");
    check_planes();
  }
  void* extension(std::string_view id) override {
    return id == VaryingParameters::kId ? static_cast<VaryingParameters*>(this) : nullptr;
  }

  Needs needs() const override {
    Needs needs;
    needs.depth = true;
    return needs;
  }

  std::map<std::string, double> variables(ImageModel& model, const Tools& tools) override {
    view_ = look(model, tools);
    const DepthFigures figures = figures_of(view_->depth);
    return {{"r", figures.nearest}, {"R", figures.farthest}, {"mu", figures.middle}};
  }

  Move advance(const FrameContext& context, ImageModel& model, const Tools& tools) override {
    at::NoGradGuard no_grad;
    const CameraStep step = step_of(context);
    const View view = view_ ? *view_ : look(model, tools);
    view_.reset();
    Move move;
    if (resampling_.sphere) move.flow = sphere_flow(view.depth, step);
    const auto places = [&](std::int64_t height, std::int64_t width) {
      const bool same = view.depth.size(2) == height && view.depth.size(3) == width;
      const at::Tensor depth = same ? view.depth : at::adaptive_avg_pool2d(view.depth, {height, width});
      if (resampling_.sphere) return sphere_places(depth, step);
      const at::Tensor offset = camera_offset(depth, camera_, step).to(at::kFloat);
      move.flow = flow(offset);
      return pixel_places(height, width, offset.device()) - offset;
    };
    move.reset_optimiser = move_model(model, resampling_, places, view.picture);
    move.image = model.decode_final();
    return move;
  }

 private:
  void check_planes() const {
    if (near_ >= far_)
      throw Error(ErrorKind::settings, "near_plane must be smaller than far_plane",
                  "their defaults are 1 and 10000");
  }

  struct View {
    at::Tensor picture, depth;
  };

  View look(ImageModel& model, const Tools& tools) const {
    at::NoGradGuard no_grad;
    if (!tools.depth) throw Error(ErrorKind::plugin, "the animation mode 3D was given no depth estimator");
    const at::Tensor picture = model.decode_final();
    if (!resampling_.sphere) return {picture, depth_in_pixels(*tools.depth, picture, near_, far_)};
    // What an estimator sees goes on beyond both edges, so that the depths there are about the same.
    const std::int64_t width = picture.size(3), more = (width + 3) / 4;
    const at::Tensor wide = depth_in_pixels(*tools.depth, joined_around(picture, more, 0), near_, far_);
    return {picture, wide.narrow(3, more, width)};
  }

  static CameraStep step_of(const FrameContext& context) {
    const std::vector<double>& rotation = motions(context, "rotate_3d");
    if (rotation.size() != 4)
      throw Error(ErrorKind::settings,
                  "'rotate_3d' is a list of " + std::to_string(rotation.size()) + " numbers, not of 4",
                  "write a quaternion [r, x, y, z], such as [1, 0, 0, 0] for no rotation");
    return {motion(context, "translate_x"),
            motion(context, "translate_y"),
            motion(context, "translate_z_3d"),
            {rotation[0], rotation[1], rotation[2], rotation[3]}};
  }

  /// The canvas's displacement as that of the picture.
  at::Tensor flow(const at::Tensor& offset) const {
    const double x = static_cast<double>(size_.width) / static_cast<double>(offset.size(3)),
                 y = static_cast<double>(size_.height) / static_cast<double>(offset.size(2));
    if (x == 1 && y == 1) return offset;
    const at::Tensor scale = at::tensor({x, y}, offset.options()).view({1, 2, 1, 1});
    return at::upsample_bilinear2d(offset * scale, {size_.height, size_.width}, /*align_corners=*/false);
  }

  ImageSize size_;
  Camera camera_;
  double near_, far_;
  Resampling resampling_;
  std::optional<View> view_;  // kept from variables() to advance()
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Mode3D, AnimationMode, "3D", "1.0", "moves a camera through the picture", kParams);

}  // namespace reverie::animation
