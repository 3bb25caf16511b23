/// Breath: the picture grows and shrinks again, like a chest.
///
/// After the n-th move the picture is scale(n) times as large as at the beginning:
///
///     phase(n) = phase(n - 1) + 1 / (frames_per_second * breath_period)        phase(0) = 0
///     scale(n) = 1 + breath_depth * (1 - cos(2 pi phase(n))) / 2
///
/// and the move zooms by scale(n) / scale(n - 1) about (breath_x, breath_y). As the phase is a sum, a period
/// that changes makes no jump, and after each whole breath the picture has its first size again. The formula
/// is our own.

#include <ATen/ATen.h>

#include <cmath>

#include "moves.h"
#include "reverie/plugin.h"
#include "reverie/state.h"

namespace reverie::animation {
namespace {

constexpr double kTwoPi = 2 * 3.14159265358979323846;
constexpr double kLeastScale = 0.05;

constexpr ParamSpec kParams[] = {
    number("breath_period", 4).is_animatable().unit("seconds").help("time of one breath, in and out, f(t)"),
    number("breath_depth", 0.1)
        .is_animatable()
        .help("how much larger the picture is at the height of a breath: 0.1 is 10 %; below 0 it shrinks "
              "first, f(t)"),
    number("breath_x", 0.5)
        .is_animatable()
        .help("the point that stays where it is: 0 is the left edge, 1 the right one, f(t)"),
    number("breath_y", 0.5).is_animatable().help("the same, 0 the upper edge, 1 the lower one, f(t)"),
    kSamplingMode,
    kInfillMode,
    kTile,
};

class Breath final : public AnimationMode {
 public:
  Breath(Host& host, const Params& params, const Setup& setup)
      : host_(host), resampling_(params), seconds_(1 / setup.frames_per_second) {}

  Needs needs() const override { return {}; }

  Move advance(const FrameContext& context, ImageModel& model, const Tools&) override {
    const double period = motion(context, "breath_period"), depth = motion(context, "breath_depth");
    if (period <= 0)
      throw Error(ErrorKind::settings,
                  "'breath_period' is " + std::to_string(period) + " at t = " + std::to_string(context.t) +
                      ": a breath must take some time",
                  "give seconds above 0");
    phase_ = std::fmod(phase_ + seconds_ / period, 1.0);
    const double scale = std::max(kLeastScale, 1 + depth * (1 - std::cos(kTwoPi * phase_)) / 2);
    const double nearer = scale_ / scale;  // from a place of the next frame to that of this one
    scale_ = scale;
    const double x = motion(context, "breath_x"), y = motion(context, "breath_y");
    Move move;
    move.reset_optimiser = move_model(model, resampling_, [&](std::int64_t height, std::int64_t width) {
      const auto along = [&](std::int64_t size, double where) {
        const double still = where * static_cast<double>(size - 1);
        return (at::arange(size, at::TensorOptions(host_.device()).dtype(at::kDouble)) - still) * nearer +
               still;
      };
      return at::stack({along(width, x).view({1, width}).expand({height, width}),
                        along(height, y).view({height, 1}).expand({height, width})})
          .to(at::kFloat)
          .unsqueeze(0);
    });
    move.image = model.decode_final();
    return move;
  }

  std::map<std::string, at::Tensor> state() const override {
    return {{"breath", at::tensor({phase_, scale_}, at::kDouble)}};
  }
  void load_state(const std::map<std::string, at::Tensor>& state) override {
    const at::Tensor breath = at::zeros({2}, at::kDouble);
    load_tensors({{"breath", breath}}, state, "the animation mode breath's");
    phase_ = breath[0].item<double>();
    scale_ = breath[1].item<double>();
  }

 private:
  Host& host_;
  Resampling resampling_;
  double seconds_;                // of a frame
  double phase_ = 0, scale_ = 1;  // of the last move
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Breath, AnimationMode, "breath", "1.0", "a slow zoom in and out, again and again",
                      kParams);

}  // namespace reverie::animation
