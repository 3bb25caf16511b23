/// Limited Palette: a picture of few colours, as in pixel art.
///
/// Three things are optimised: the brightness of each pixel, `value`; how much each pixel prefers each of
/// several palettes, `tensor`; and the palettes' colours, sorted from dark to bright. A pixel takes from the
/// palette it prefers the colour nearest to its brightness. Colours are stored in 0..2, so that they change
/// half as fast as brightness does.
///
/// Two losses of its own keep palettes useful: HDR, that their brightness follows linspace(0, 1)^gamma, and
/// palette normalisation, that each is used, and by pixels of its own. A palette that is fixed, by
/// lock_palette or target_palette, receives no gradient.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include "../pixel_size.h"
#include "colours.h"
#include "reverie/adam.h"
#include "reverie/colour.h"
#include "reverie/ops.h"
#include "reverie/plugin.h"
#include "reverie/resizable.h"
#include "reverie/resize.h"
#include "reverie/resized_gradients.h"
#include "reverie/tiling.h"
#include "reverie/varying_parameters.h"

namespace reverie::limited_palette {
namespace {

constexpr ParamSpec kParams[] = {
    kPixelSize,
    integer("palette_size", 5)
        .range(1, 256)
        .fixed("what the image model optimises has this shape")
        .help("colours per palette"),
    integer("palettes", 20)
        .range(1, 256)
        .fixed("what the image model optimises has this shape")
        .help("number of palettes"),
    number("gamma", 1)
        .at_least(0)
        .is_animatable()
        .help("relative gamma of palettes: higher is darker, with more contrast"),
    number("hdr_weight", 0.01).is_animatable().help("how strongly gamma is kept; 0 off"),
    number("palette_normalization_weight", 0.2)
        .is_animatable()
        .help("how strongly every palette is kept in use"),
    boolean("random_initial_palette", false).help("palettes start random instead of grey ramps"),
    text("target_palette", "").names_image().help("picture the palette is taken from, and then kept"),
    boolean("lock_palette", false).help("keep the initial palette fixed"),
    kTile,
};

constexpr double kInertia = 2;  // colours are stored in 0..kInertia
constexpr int kEncodeSteps = 201;
constexpr double kEncodeRate = 0.1, kEncodeHdrWeight = 0.01;

/// Squared perceived brightness of colours along `dim` (D. R. Finley, "HSP color model", 2006): the sum of k
/// c^2.
at::Tensor squared_brightness(const at::Tensor& colours, std::int64_t dim) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(colours.dim()), 1);
  shape[static_cast<std::size_t>(dim)] = 3;
  return (colours.square() * at::tensor({0.299f, 0.587f, 0.114f}, colours.options()).view(shape)).sum(dim);
}

/// `stored` [colours, palettes, 3] as colours 0..1, each palette's from dark to bright.
at::Tensor sorted(const at::Tensor& stored) {
  const at::Tensor colours = (stored / kInertia).clamp(0, 1);
  const at::Tensor order = squared_brightness(colours.detach(), 2).argsort(/*stable=*/true, /*dim=*/0);
  return colours.gather(0, order.unsqueeze(2).expand_as(colours));
}

class LimitedPalette final : public ImageModel,
                             public Resizable,
                             public ResizesGradients,
                             public VaryingParameters {
 public:
  LimitedPalette(Host& host, const Params& params, const Setup& setup)
      : host_(host),
        scale_(params.get<std::int64_t>("pixel_size")),
        hdr_weight_(params.get<double>("hdr_weight")),
        normalisation_weight_(params.get<double>("palette_normalization_weight")),
        random_palette_(params.get<bool>("random_initial_palette")),
        lock_(params.get<bool>("lock_palette")) {
    Tiling{params};  // pixels know nothing of their neighbours, wherever these are
    const auto colours = params.get<std::int64_t>("palette_size"),
               palettes = params.get<std::int64_t>("palettes");
    const at::TensorOptions options = at::TensorOptions(host.device()).dtype(at::kFloat);
    const double gamma = params.get<double>("gamma");
    even_ = at::linspace(0, 1, colours, options);
    set_gamma(gamma);
    ramp_ = at::linspace(0, kInertia, colours, options).pow(gamma).clamp(0, kInertia).view({colours, 1, 1});
    value_ = at::zeros({setup.height, setup.width}, options).set_requires_grad(true);
    tensor_ = at::zeros({palettes, setup.height, setup.width}, options).set_requires_grad(true);
    palette_ = at::zeros({colours, palettes, 3}, options).set_requires_grad(true);
    fixed_palette_ = at::zeros_like(palette_, at::TensorOptions().requires_grad(false));
    randomise();
    if (const std::string target = params.get<std::string>("target_palette"); !target.empty()) {
      fixed_ = false;
      const Parts fitted = fit(host.load_image(target));
      target_ = true;
      fix(sorted(fitted.palette));
    }
  }

  void randomise() override {
    at::NoGradGuard no_grad;
    const auto fill = [&](const at::Tensor& to, double high) {
      to.copy_(at::rand(to.sizes(), host_.generator(), to.options()) * high);
    };
    fill(value_, 1);
    fill(tensor_, 1);
    if (target_) return;
    if (random_palette_)
      fill(palette_, kInertia);
    else
      palette_.copy_(ramp_.expand_as(palette_));
    if (lock_) fix(sorted(palette_));
  }

  void encode(const at::Tensor& image) override {
    const Parts fitted = fit(image);
    at::NoGradGuard no_grad;
    value_.copy_(fitted.value);
    tensor_.copy_(fitted.tensor);
    palette_.copy_(fitted.palette);
  }

  /// The brightness only: palettes, and which of them a pixel prefers, have followed the motion.
  void encode_next(const at::Tensor& image) override {
    at::NoGradGuard no_grad;
    value_.copy_(brightness_of(image.to(value_.device(), at::kFloat)));
  }

  void* extension(std::string_view id) override {
    if (id == Resizable::kId) return static_cast<Resizable*>(this);
    if (id == ResizesGradients::kId) return static_cast<ResizesGradients*>(this);
    return id == VaryingParameters::kId ? static_cast<VaryingParameters*>(this) : nullptr;
  }
  /// The palettes stay. Between a pixel and one of another palette there is no colour to go over by, so
  /// pixels are repeated.
  void resize(const Setup& size) override {
    const auto at_size = [&](const at::Tensor& planes) {
      return at::upsample_nearest2d(planes.detach().unsqueeze(0), {size.height, size.width}).squeeze(0);
    };
    value_ = at_size(value_.unsqueeze(0)).squeeze(0).contiguous().set_requires_grad(true);
    tensor_ = at_size(tensor_).contiguous().set_requires_grad(true);
  }
  at::Tensor resize_gradients(std::size_t index, const std::vector<at::Tensor>& values, int power) override {
    if (index == 2) return values[2];  // of all pixels together, however many there are
    const at::Tensor& before = values[index];
    const double share = static_cast<double>(values[0].numel()) / static_cast<double>(value_.numel());
    const at::Tensor planes = before.dim() == 2 ? before.unsqueeze(0) : before;
    return at::upsample_nearest2d(planes.unsqueeze(0), {value_.size(0), value_.size(1)})
        .view_as(index == 0 ? value_ : tensor_)
        .mul(power == 2 ? share * share : share);
  }

  std::vector<at::Tensor> parameters() override { return {value_, tensor_, palette_}; }
  double learning_rate() const override { return 0.02; }

  at::Tensor decode() override { return upscale_nearest(picture({value_, tensor_, palette_}), scale_); }
  at::Tensor decode_final() override {
    at::NoGradGuard no_grad;
    return decode();
  }

  std::vector<Regulariser> regularisers() override {
    return regularisers_of({value_, tensor_, palette_}, hdr_weight_);
  }

  void set_parameters(const FrameContext& now) override {
    set_gamma(now.parameter("gamma"));
    hdr_weight_ = now.parameter("hdr_weight");
    normalisation_weight_ = now.parameter("palette_normalization_weight");
  }

  void after_step() override { limit({value_, tensor_, palette_}); }

  std::optional<at::Tensor> canvas() const override {
    return latent_of({value_, tensor_, palette_}).detach();
  }
  void set_canvas(const at::Tensor& canvas) override {
    at::NoGradGuard no_grad;
    value_.copy_(canvas.select(1, 0).squeeze(0));
    tensor_.copy_(canvas.squeeze(0).slice(0, 1));
  }

  std::optional<at::Tensor> latent() override { return latent_of({value_, tensor_, palette_}); }
  std::optional<at::Tensor> encode_latent(const at::Tensor& image) override {
    return latent_of(fit(image)).detach();
  }
  double latent_strength() const override { return 0.1; }

  std::optional<at::Tensor> palette_picture() const override {
    return current_palette(palette_).detach().permute({2, 0, 1}).unsqueeze(0).clone();
  }

  std::map<std::string, at::Tensor> state() const override {
    return {{"value", value_.detach().clone()},
            {"tensor", tensor_.detach().clone()},
            {"palette", palette_.detach().clone()},
            {"fixed_palette", fixed_palette_.clone()},
            {"fixed", at::full({}, fixed_, at::kBool)}};
  }
  void load_state(const std::map<std::string, at::Tensor>& state) override {
    for (const auto& [name, tensor] : this->state()) {
      const auto found = state.find(name);
      if (found == state.end() || found->second.sizes() != tensor.sizes())
        throw Error(ErrorKind::model,
                    "the saved state is not of a Limited Palette of this size, palettes and palette_size");
    }
    at::NoGradGuard no_grad;
    value_.copy_(state.at("value"));
    tensor_.copy_(state.at("tensor"));
    palette_.copy_(state.at("palette"));
    fixed_palette_.copy_(state.at("fixed_palette"));
    fixed_ = state.at("fixed").item<bool>();
  }

 private:
  struct Parts {
    at::Tensor value;    // [height, width] 0..1
    at::Tensor tensor;   // [palettes, height, width] from 0
    at::Tensor palette;  // [palette_size, palettes, 3] 0..kInertia
  };

  void set_gamma(double gamma) { brightness_ = even_.pow(gamma).unsqueeze(1); }

  void fix(const at::Tensor& colours) {
    at::NoGradGuard no_grad;
    fixed_palette_.copy_(colours);
    palette_.copy_(colours * kInertia);
    fixed_ = true;
  }

  at::Tensor current_palette(const at::Tensor& stored) const {
    return fixed_ ? fixed_palette_ : sorted(stored);
  }

  /// [1, 3, height, width], before pixel_size.
  at::Tensor picture(const Parts& parts) const {
    const at::Tensor colours =
        palette_colours(parts.value.flatten(), parts.tensor.flatten(1), current_palette(parts.palette));
    return colours.view({1, 3, value_.size(0), value_.size(1)});
  }

  std::vector<Regulariser> regularisers_of(const Parts& parts, double hdr_weight) const {
    std::vector<Regulariser> result;
    if (hdr_weight != 0 && !fixed_) {
      // The norm, unlike a square root, has a gradient at black: none.
      const at::Tensor root =
          at::tensor({0.299f, 0.587f, 0.114f}, parts.palette.options().requires_grad(false)).sqrt();
      const at::Tensor brightness = (sorted(parts.palette) * root).norm(2, 2);
      result.push_back({"HDR normalization", (brightness - brightness_).square().mean() * hdr_weight});
    }
    if (normalisation_weight_ != 0)
      result.push_back(
          {"palette normalization", palette_normalisation(parts.tensor.flatten(1)) * normalisation_weight_});
    return result;
  }

  static void limit(const Parts& parts) {
    at::NoGradGuard no_grad;
    parts.palette.clamp_(0, kInertia);
    parts.value.clamp_(0, 1);
    parts.tensor.clamp_(0);
  }

  static at::Tensor latent_of(const Parts& parts) {
    return at::cat({parts.value.unsqueeze(0), parts.tensor}).unsqueeze(0);
  }

  at::Tensor brightness_of(const at::Tensor& image) const {
    return squared_brightness(lanczos_resize(image, value_.size(0), value_.size(1)), 1).sqrt().squeeze(0);
  }

  /// What represents `image` [1, 3, H, W], starting from the present palettes and preferences.
  Parts fit(const at::Tensor& image) const {
    const std::int64_t height = value_.size(0), width = value_.size(1);
    const at::Tensor source = image.detach().to(value_.device(), at::kFloat);
    Parts parts{brightness_of(source).contiguous(), tensor_.detach().clone().set_requires_grad(true),
                palette_.detach().clone().set_requires_grad(true)};
    // All output pixels of one optimised pixel have its colour: the squared difference to each is that to
    // their mean and a constant.
    const at::Tensor target = at::avg_pool2d(
        rgb_saturation_value(lanczos_resize(source, height * scale_, width * scale_)), {scale_, scale_});

    at::AutoGradMode with_gradients(true);
    const std::vector<at::Tensor> fitted = {parts.palette, parts.tensor};
    Adam adam(fitted);
    for (int i = 0; i < kEncodeSteps && !host_.cancelled(); ++i) {
      at::Tensor loss = (rgb_saturation_value(picture(parts)) - target).square().mean();
      for (const Regulariser& own : regularisers_of(parts, hdr_weight_ == 0 ? 0 : kEncodeHdrWeight))
        loss = loss + own.value;
      adam.step(torch::autograd::grad({loss}, fitted, {}, std::nullopt, false, /*allow_unused=*/true),
                kEncodeRate);
      limit(parts);
    }
    return {parts.value, parts.tensor.detach(), parts.palette.detach()};
  }

  Host& host_;
  std::int64_t scale_;
  double hdr_weight_, normalisation_weight_;
  bool random_palette_, lock_;
  bool target_ = false;                  // the palette comes from a picture and survives randomise()
  bool fixed_ = false;                   // fixed_palette_ is used instead of palette_
  at::Tensor even_;                      // [palette_size], 0 to 1
  at::Tensor brightness_;                // [palette_size, 1], what HDR wants
  at::Tensor ramp_;                      // [palette_size, 1, 1], the grey palettes at the start
  at::Tensor value_, tensor_, palette_;  // see Parts
  at::Tensor fixed_palette_;             // [palette_size, palettes, 3] 0..1, sorted
};

}  // namespace

REVERIE_EXPORT_PLUGIN(LimitedPalette, ImageModel, "limited_palette", "1.0",
                      "pixels take colours from a few palettes, which are optimised too", kParams,
                      "Limited Palette");

}  // namespace reverie::limited_palette
