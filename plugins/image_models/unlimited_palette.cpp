/// Unlimited Palette: the pixels themselves are optimised.
///
/// Each colour channel of each pixel is one parameter, limited to 0..1 with a gradient that is kept where it
/// leads back into range, and shown `pixel_size` times enlarged without smoothing.

#include <ATen/core/grad_mode.h>

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
    kTile,
};

class UnlimitedPalette final : public ImageModel, public Resizable, public ResizesGradients {
 public:
  UnlimitedPalette(Host& host, const Params& params, const Setup& setup)
      : host_(host), scale_(params.get<std::int64_t>("pixel_size")) {
    pixels_ = empty(setup);
    Tiling{params};  // pixels know nothing of their neighbours, wherever these are
    randomise();
  }

  void randomise() override { assign(at::rand(pixels_.sizes(), host_.generator(), pixels_.options())); }

  void encode(const at::Tensor& image) override {
    assign(
        resize_to_pixels(image.detach().to(pixels_.device(), at::kFloat), pixels_.size(2), pixels_.size(3)));
  }

  std::vector<at::Tensor> parameters() override { return {pixels_}; }
  double learning_rate() const override { return 0.02; }

  at::Tensor decode() override { return upscale_nearest(clamp_with_gradient(pixels_, 0, 1), scale_); }
  at::Tensor decode_final() override {
    at::NoGradGuard no_grad;
    return decode();
  }

  void* extension(std::string_view id) override {
    if (id == ResizesGradients::kId) return static_cast<ResizesGradients*>(this);
    return id == Resizable::kId ? static_cast<Resizable*>(this) : nullptr;
  }
  void resize(const Setup& size) override {
    const at::Tensor before = pixels_.detach();
    pixels_ = empty(size);
    assign(resize_to_pixels(before, size.height, size.width));
  }
  at::Tensor resize_gradients(std::size_t, const std::vector<at::Tensor>& values, int power) override {
    return spread_gradients(values[0], pixels_.size(2), pixels_.size(3), power);
  }

  std::optional<at::Tensor> canvas() const override { return pixels_.detach().clone(); }
  void set_canvas(const at::Tensor& canvas) override { assign(canvas); }

  std::map<std::string, at::Tensor> state() const override { return {{"pixels", pixels_.detach().clone()}}; }
  void load_state(const std::map<std::string, at::Tensor>& state) override {
    const auto found = state.find("pixels");
    if (found == state.end() || found->second.sizes() != pixels_.sizes())
      throw Error(ErrorKind::model, "the saved state is not of an Unlimited Palette of this size");
    assign(found->second);
  }

 private:
  at::Tensor empty(const Setup& size) const {
    return at::zeros({1, 3, size.height, size.width}, at::TensorOptions(host_.device()))
        .set_requires_grad(true);
  }
  void assign(const at::Tensor& values) {
    at::NoGradGuard no_grad;
    pixels_.copy_(values);
  }

  Host& host_;
  std::int64_t scale_;
  at::Tensor pixels_;  // [1, 3, height, width]
};

}  // namespace

REVERIE_EXPORT_PLUGIN(UnlimitedPalette, ImageModel, "unlimited_palette", "1.0",
                      "every pixel is optimised, any colour", kParams, "Unlimited Palette",
                      "image_model|preview_motion");

}  // namespace reverie
