/// 2D: the picture slides, turns and zooms as a flat sheet.
///
/// Each pixel of the next frame is looked up in this one where an affine map says. With places counted from
/// -1 to 1 between the centres of the outermost pixels (the convention of affine_grid with align_corners),
/// width W and height H of what is moved, and the angle a:
///
///     x' = sx cos(a) x - sy sin(a) y - 2 translate_x / W        sx = (W - zoom_x_2d) / W
///     y' = sx sin(a) x + sy cos(a) y + 2 translate_y / H        sy = (H - zoom_y_2d) / H
///
/// so that the picture moves right and up by positive translations, turns anticlockwise and grows. What is
/// moved is the image model's canvas, whose pixels may be larger than the picture's.

#include <cmath>

#include "moves.h"
#include "reverie/plugin.h"

namespace reverie::animation {
namespace {

constexpr double kPi = 3.14159265358979323846;

constexpr ParamSpec kParams[] = {
    number("translate_x", 0).is_animatable().unit("pixels").help("motion to the right, f(t)"),
    number("translate_y", 0).is_animatable().unit("pixels").help("motion upwards, f(t)"),
    number("rotate_2d", 0).is_animatable().unit("degrees").help("anticlockwise rotation, f(t)"),
    number("zoom_x_2d", 0).is_animatable().unit("pixels").help("horizontal zoom into the picture, f(t)"),
    number("zoom_y_2d", 0).is_animatable().unit("pixels").help("vertical zoom into the picture, f(t)"),
    kSamplingMode,
    kInfillMode,
    kTile,
};

class Mode2D final : public AnimationMode {
 public:
  Mode2D(Host& host, const Params& params, const Setup&) : host_(host), resampling_(params) {}

  Needs needs() const override { return {}; }

  Move advance(const FrameContext& context, ImageModel& model, const Tools&) override {
    const Sheet sheet{motion(context, "translate_x"), motion(context, "translate_y"),
                      motion(context, "rotate_2d") * kPi / 180, motion(context, "zoom_x_2d"),
                      motion(context, "zoom_y_2d")};
    Move move;
    move.reset_optimiser =
        move_model(model, resampling_, [&](std::int64_t h, std::int64_t w) { return places(sheet, h, w); });
    move.image = model.decode_final();
    return move;
  }

 private:
  struct Sheet {
    double translate_x, translate_y, angle, zoom_x, zoom_y;
  };

  at::Tensor places(const Sheet& sheet, std::int64_t height, std::int64_t width) const {
    const auto w = static_cast<double>(width), h = static_cast<double>(height);
    const double cx = (w - 1) / 2, cy = (h - 1) / 2;  // the centre, and half a side between pixel centres
    const double sx = (w - sheet.zoom_x) / w, sy = (h - sheet.zoom_y) / h;
    const double cosine = std::cos(sheet.angle), sine = std::sin(sheet.angle);
    const auto doubles = at::TensorOptions(host_.device()).dtype(at::kDouble);
    const at::Tensor x = at::arange(width, doubles).sub_(cx).view({1, width});
    const at::Tensor y = at::arange(height, doubles).sub_(cy).view({height, 1});
    // A side of one pixel has no extent that could turn into the other axis.
    const at::Tensor x_of_y = y * (cy > 0 ? -sy * sine * cx / cy : 0);
    const at::Tensor y_of_x = x * (cx > 0 ? sx * sine * cy / cx : 0);
    const at::Tensor from_x = (x * (sx * cosine) + (cx - 2 * cx * sheet.translate_x / w)) + x_of_y;
    const at::Tensor from_y = (y * (sy * cosine) + (cy + 2 * cy * sheet.translate_y / h)) + y_of_x;
    return at::stack({from_x.to(at::kFloat), from_y.to(at::kFloat)}).unsqueeze(0);
  }

  Host& host_;
  Resampling resampling_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Mode2D, AnimationMode, "2D", "1.0", "slides, turns and zooms the picture", kParams);

}  // namespace reverie::animation
