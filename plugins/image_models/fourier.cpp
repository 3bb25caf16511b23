/// Fourier: a picture as a sum of waves.
///
/// What is optimised is the discrete Fourier transform of each of three colour channels. Waves are scaled by
/// one over their frequency, as their strength is in photographs, so that a step of the optimiser changes
/// broad shapes as readily as fine texture; and channels are mixed so that they vary independently, as the
/// colours of photographs do not. Both follow Olah, Mordvintsev & Schubert, "Feature Visualization" (Distill
/// 2017), and Mordvintsev, Pezzotti, Schubert & Olah, "Differentiable Image Parameterizations" (Distill
/// 2018); the mixing matrix is theirs, the square root of the covariance of ImageNet's colours. A sigmoid
/// leads to 0..1.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "pixel_size.h"
#include "reverie/ops.h"
#include "reverie/plugin.h"
#include "reverie/resizable.h"
#include "reverie/resize.h"
#include "reverie/resized_gradients.h"
#include "reverie/tiling.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    kPixelSize,
    number("spectrum_decay", 1)
        .range(0, 4)
        .fixed("the waves that are optimised are in this scale")
        .help("waves are scaled by 1 / frequency^spectrum_decay: higher for broader shapes, 0 for "
              "independent pixels"),
    number("bandwidth", 1)
        .range(0.01, 1)
        .fixed("it says which waves are optimised")
        .help("share of the frequencies that are used: 0.5 gives the detail of a picture of half the size, "
              "without its pixels"),
    number("contrast_weight", 0)
        .at_least(0)
        .fixed("the model's own losses keep their weights and limits; those of losses may vary")
        .help("how strongly contrast beyond contrast_limit counts as loss; 0 allows any"),
    number("contrast_limit", 0.22)
        .range(0, 0.5)
        .fixed("the model's own losses keep their weights and limits; those of losses may vary")
        .help("largest standard deviation of the picture's brightness (0..1) without loss"),
    number("saturation_weight", 0)
        .at_least(0)
        .fixed("the model's own losses keep their weights and limits; those of losses may vary")
        .help("how strongly colour beyond saturation_limit counts as loss; 0 allows any"),
    number("saturation_limit", 0.1)
        .range(0, 0.5)
        .fixed("the model's own losses keep their weights and limits; those of losses may vary")
        .help("largest root mean square distance of the channels (0..1) from their mean without loss"),
    number("clipping_weight", 0)
        .at_least(0)
        .fixed("the model's own losses keep their weights and limits; those of losses may vary")
        .help("how strongly values near black and white count as loss; 0 allows them"),
    kTile,
};

constexpr double kStartDeviation = 0.1;  // of the waves' amplitudes in a random start
constexpr double kContrast = 0.25;       // what an amplitude of 1 counts for before the sigmoid
// Encoded pictures are kept half a level of 8 bits away from 0 and 1, which a sigmoid never reaches.
constexpr double kMargin = 0.5 / 255;
// Values less than this away from black and white are those that clipping_weight is about: those beyond
// kClippingLogit before the sigmoid, whose slope is kClippingSlope there.
constexpr double kClipping = 0.1;
const double kClippingLogit = std::log((1 - kClipping) / kClipping);
constexpr double kClippingSlope = kClipping * (1 - kClipping);

/// weight * (excess over the limit)^2, where the value is the root of a mean square.
at::Tensor beyond(const at::Tensor& mean_square, double limit, double weight) {
  // A root has no finite gradient at 0, where an even picture is.
  return (mean_square.clamp_min(limit * limit + 1e-12).sqrt() - limit).square() * weight;
}

/// [3, 3]: columns are independent colour directions, brightness first, scaled to a longest of 1.
at::Tensor colour_directions(const at::Device& device) {
  const at::Tensor root = at::tensor({0.26, 0.09, 0.02, 0.27, 0.00, -0.05, 0.27, -0.09, 0.03}).view({3, 3});
  return (root / root.norm(2, 0).max()).to(device, at::kFloat);
}

class Fourier final : public ImageModel, public Resizable, public ResizesGradients {
 public:
  Fourier(Host& host, const Params& params, const Setup& setup)
      : host_(host),
        decay_(params.get<double>("spectrum_decay")),
        bandwidth_(params.get<double>("bandwidth")),
        pixel_size_(params.get<std::int64_t>("pixel_size")),
        contrast_{params.get<double>("contrast_weight"), params.get<double>("contrast_limit")},
        saturation_{params.get<double>("saturation_weight"), params.get<double>("saturation_limit")},
        clipping_weight_(params.get<double>("clipping_weight")),
        colours_(colour_directions(host.device())) {
    Tiling{params};  // waves that have a whole number of periods join themselves anyway
    take_size(setup);
    randomise();
  }

  void randomise() override {
    assign(at::randn(spectrum_.sizes(), host_.generator(), spectrum_.options().requires_grad(false))
               .mul_(kStartDeviation));
  }

  void encode(const at::Tensor& image) override {
    at::NoGradGuard no_grad;
    const at::Tensor source = resize_to_pixels(image.to(spectrum_.device(), at::kFloat), height_, width_);
    const at::Tensor logits = at::logit(source, kMargin);
    // In double: the smallest amplitudes are multiplied by the largest numbers.
    const at::Tensor independent =
        at::einsum("dc,ncyx->ndyx", {at::linalg_inv(colours_.to(at::kDouble)), logits.to(at::kDouble)});
    const at::Tensor waves = at::fft_rfft2(independent, std::nullopt, {-2, -1}, "ortho");
    assign((at::view_as_real(waves) / gain_).masked_fill(gain_ == 0, 0));
  }

  void* extension(std::string_view id) override {
    if (id == ResizesGradients::kId) return static_cast<ResizesGradients*>(this);
    return id == Resizable::kId ? static_cast<Resizable*>(this) : nullptr;
  }
  void resize(const Setup& size) override {
    at::NoGradGuard no_grad;
    const at::Tensor before = picture();
    earlier_gain_ = gain_;
    earlier_pixels_ = height_ * width_;
    take_size(size);
    encode(before);
  }
  at::Tensor resize_gradients(std::size_t, const std::vector<at::Tensor>& values, int power) override {
    // A wave of as many periods has another gain now, and its picture other pixels; see picture().
    const at::Tensor before = at::fft_fftshift(values[0], at::IntArrayRef{2});  // frequency 0 in the middle
    const std::int64_t rows = before.size(2), columns = before.size(3), top = height_ / 2 - rows / 2;
    const auto options = before.options().dtype(at::kLong);
    const at::Tensor y = at::arange(height_, options) - top, x = at::arange(spectrum_.size(3), options);
    // Of waves that are new nothing is known but how strong their neighbours' gradients are.
    const auto near = [&](const at::Tensor& of) {
      return of.index_select(2, y.clamp(0, rows - 1)).index_select(3, x.clamp(0, columns - 1));
    };
    const at::Tensor old_gain =
        near(at::fft_fftshift(earlier_gain_, at::IntArrayRef{0}).unsqueeze(0).unsqueeze(0));
    const at::Tensor gain = at::fft_fftshift(gain_, at::IntArrayRef{0}).unsqueeze(0).unsqueeze(0);
    const double pixels =
        std::sqrt(static_cast<double>(earlier_pixels_) / static_cast<double>(height_ * width_));
    const at::Tensor change = (gain / old_gain * pixels).masked_fill(old_gain == 0, 0);
    at::Tensor result = near(before) * (power == 2 ? change.square() : change);
    if (power == 1)
      result = result.masked_fill(
          (y < 0).logical_or(y >= rows).unsqueeze(1).logical_or(x >= columns).view({1, 1, height_, -1, 1}),
          0);
    else if (const at::Tensor known = result > 0; known.any().item<bool>())
      result = at::where((old_gain == 0).logical_and(gain > 0), result.sum() / known.sum(), result);
    return at::fft_ifftshift(result, at::IntArrayRef{2});
  }

  std::vector<at::Tensor> parameters() override { return {spectrum_}; }
  double learning_rate() const override { return 0.1; }

  at::Tensor decode() override { return upscale_nearest(picture(), pixel_size_); }
  at::Tensor decode_final() override {
    at::NoGradGuard no_grad;
    return decode();
  }

  std::vector<Regulariser> regularisers() override {
    if (contrast_.weight == 0 && saturation_.weight == 0 && clipping_weight_ == 0) return {};
    const at::Tensor values = logits(), image = values.sigmoid(), grey = image.mean(1, true);
    at::Tensor total = at::zeros({}, image.options());
    if (contrast_.weight != 0)
      total = total + beyond((grey - grey.mean()).square().mean(), contrast_.limit, contrast_.weight);
    if (saturation_.weight != 0)
      total = total + beyond((image - grey).square().mean(), saturation_.limit, saturation_.weight);
    // Before the sigmoid: behind it, hardly any gradient leads back from black and white, so single pixels
    // stay there as coloured specks.
    if (clipping_weight_ != 0)
      total = total + (values.abs() - kClippingLogit).relu().mul(kClippingSlope / kClipping).square().mean() *
                          clipping_weight_;
    return {{"tones", total}};
  }

  std::map<std::string, at::Tensor> state() const override {
    return {{"spectrum", spectrum_.detach().clone()}};
  }
  void load_state(const std::map<std::string, at::Tensor>& state) override {
    const auto found = state.find("spectrum");
    if (found == state.end() || found->second.sizes() != spectrum_.sizes())
      throw Error(ErrorKind::model, "the saved state is not of a fourier picture of this size");
    assign(found->second);
  }

 private:
  struct Limit {
    double weight, limit;
  };

  void take_size(const Setup& size) {
    height_ = size.height;
    width_ = size.width;
    const at::TensorOptions options(host_.device());
    const at::Tensor y = at::fft_fftfreq(height_, 1.0, options), x = at::fft_rfftfreq(width_, 1.0, options);
    const at::Tensor frequency = (y.square().unsqueeze(1) + x.square()).sqrt();  // in waves a pixel
    const double lowest = 1.0 / static_cast<double>(std::max(height_, width_));
    gain_ = frequency.clamp_min(lowest).pow(-decay_).mul_(kContrast);
    // Along each axis, up to this share of half a wave a pixel; a picture of one pixel is its mean.
    const double finest = 0.5 * bandwidth_;
    gain_.masked_fill_((y.abs().unsqueeze(1) > finest).logical_or(x > finest), 0);
    gain_ = gain_.unsqueeze(2);
    spectrum_ = at::zeros({1, 3, y.size(0), x.size(0), 2}, options).set_requires_grad(true);
  }

  at::Tensor picture() const { return logits().sigmoid(); }

  at::Tensor logits() const {
    const at::Tensor waves = at::view_as_complex(spectrum_ * gain_);
    const at::Tensor independent = at::fft_irfft2(waves, at::IntArrayRef{height_, width_}, {-2, -1}, "ortho");
    return at::einsum("cd,ndyx->ncyx", {colours_, independent});
  }

  void assign(const at::Tensor& values) {
    at::NoGradGuard no_grad;
    spectrum_.copy_(values);
  }

  Host& host_;
  double decay_, bandwidth_;
  std::int64_t pixel_size_, height_ = 0, width_ = 0;
  Limit contrast_, saturation_;
  double clipping_weight_;
  at::Tensor colours_;       // see colour_directions()
  at::Tensor gain_;          // [height, width / 2 + 1, 1]; 0 beyond the bandwidth
  at::Tensor earlier_gain_;  // before resize(), as the next
  std::int64_t earlier_pixels_ = 0;
  at::Tensor spectrum_;  // [1, 3, height, width / 2 + 1, 2], real and imaginary part, before gain_
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Fourier, ImageModel, "fourier", "1.0",
                      "waves are optimised instead of pixels: broad shapes and fine texture grow together",
                      kParams);

}  // namespace reverie
