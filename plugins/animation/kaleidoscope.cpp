/// Kaleidoscope: at each move the picture becomes what two mirrors make of one sector of it.
///
/// The mirrors meet at a centre. They enclose the angle w = 180 degrees / n, and begin at an angle r. With
/// angles a counted anticlockwise from r, sector k = floor(a / w) of the 2 n sectors shows sector 0: turned
/// by k w where k is even, mirrored where it is odd:
///
///     the next frame has at the angle a what this one has at    a - k w    or    (k + 1) w - a
///
/// at the same distance from the centre. What is in the mirrors may turn and come nearer with each move. A
/// turn is a rotation or a reflection of the place itself, so that sector 0 keeps its pixels bit for bit.

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "moves.h"
#include "reverie/plugin.h"

namespace reverie::animation {
namespace {

constexpr double kPi = 3.14159265358979323846;

constexpr ParamSpec kParams[] = {
    number("kaleidoscope_sectors", 6)
        .is_animatable()
        .help("the picture repeats itself so often around the centre, each time with its mirror image; "
              "rounded to a whole number, f(t)"),
    number("kaleidoscope_x", 0.5)
        .is_animatable()
        .help("where the mirrors meet: 0 is the left edge, 1 the right one, f(t)"),
    number("kaleidoscope_y", 0.5).is_animatable().help("the same, 0 the upper edge, 1 the lower one, f(t)"),
    number("kaleidoscope_rotation", 0)
        .is_animatable()
        .unit("degrees")
        .help("angle of the first mirror: 0 points to the right, 90 upwards, f(t)"),
    number("kaleidoscope_turn", 0)
        .is_animatable()
        .unit("degrees")
        .help("in each frame, what lies between the mirrors turns anticlockwise by this, f(t)"),
    number("kaleidoscope_zoom", 0)
        .is_animatable()
        .unit("pixels")
        .help("in each frame, what lies between the mirrors comes nearer by so many pixels of the picture's "
              "width, f(t)"),
    kSamplingMode,
    kInfillMode,
    kTile,
};

class Kaleidoscope final : public AnimationMode {
 public:
  Kaleidoscope(Host& host, const Params& params, const Setup&) : host_(host), resampling_(params) {}

  Needs needs() const override { return {}; }

  Move advance(const FrameContext& context, ImageModel& model, const Tools&) override {
    const Mirrors mirrors{std::clamp(std::nearbyint(motion(context, "kaleidoscope_sectors")), 1.0, 360.0),
                          motion(context, "kaleidoscope_x"),
                          motion(context, "kaleidoscope_y"),
                          motion(context, "kaleidoscope_rotation") * kPi / 180,
                          motion(context, "kaleidoscope_turn") * kPi / 180,
                          motion(context, "kaleidoscope_zoom")};
    Move move;
    move.reset_optimiser =
        move_model(model, resampling_, [&](std::int64_t h, std::int64_t w) { return places(mirrors, h, w); });
    move.image = model.decode_final();
    return move;
  }

 private:
  struct Mirrors {
    double sectors, x, y, rotation, turn, zoom;
  };

  at::Tensor places(const Mirrors& mirrors, std::int64_t height, std::int64_t width) const {
    const auto doubles = at::TensorOptions(host_.device()).dtype(at::kDouble);
    const double cx = mirrors.x * static_cast<double>(width - 1),
                 cy = mirrors.y * static_cast<double>(height - 1);
    const double scale = 1 - mirrors.zoom / static_cast<double>(width);
    const double sector = kPi / mirrors.sectors;
    // From the centre, upwards positive.
    const at::Tensor x = (at::arange(width, doubles) - cx).view({1, width}).expand({height, width});
    const at::Tensor y = (cy - at::arange(height, doubles)).view({height, 1}).expand({height, width});
    const at::Tensor angle = (at::atan2(y, x) - mirrors.rotation).remainder(2 * kPi);
    const at::Tensor number = (angle / sector).floor().clamp_max(2 * mirrors.sectors - 1);
    const at::Tensor mirrored = number.remainder(2);  // 0 or 1
    // Turned by -(number * sector + turn), or mirrored: `by` minus the place's own angle.
    const at::Tensor by =
        at::where(mirrored.gt(0), 2 * mirrors.rotation + (number + 1) * sector - mirrors.turn,
                  -(number * sector + mirrors.turn));
    const at::Tensor cosine = by.cos() * scale, sine = by.sin() * scale;
    const at::Tensor sign = 2 * mirrored - 1;  // of y: 1 where mirrored
    const at::Tensor from_x = cosine * x + sign * sine * y, from_y = sine * x - sign * cosine * y;
    return at::stack({from_x + cx, cy - from_y}).to(at::kFloat).unsqueeze(0);
  }

  Host& host_;
  Resampling resampling_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Kaleidoscope, AnimationMode, "kaleidoscope", "1.0",
                      "mirrors one sector of the picture around a centre at each move", kParams);

}  // namespace reverie::animation
