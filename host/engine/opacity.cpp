#include "engine/opacity.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "reverie/ops.h"
#include "reverie/resized_gradients.h"
#include "reverie/state.h"

namespace reverie::engine {
namespace {

// Pixels of the picture for one value: edges are soft, and single pixels are no holes.
constexpr std::int64_t kPixels = 4;

std::int64_t cells(std::int64_t pixels) { return (pixels + kPixels - 1) / kPixels; }

at::Tensor enlarged(const at::Tensor& values, std::int64_t height, std::int64_t width) {
  return at::upsample_bilinear2d(values, {height, width}, /*align_corners=*/false);
}

}  // namespace

Opacity::Opacity(const Settings& settings, const at::Tensor& picture)
    : weight_(settings.get<double>("alpha_weight")) {
  if (!settings.get<bool>("alpha")) return;
  height_ = picture.size(2);
  width_ = picture.size(3);
  values_ = at::ones({1, 1, cells(height_), cells(width_)}, picture.detach().options().dtype(at::kFloat))
                .set_requires_grad(true);
}

at::Tensor Opacity::decode() const { return enlarged(clamp_with_gradient(values_, 0, 1), height_, width_); }

at::Tensor Opacity::over_background(const at::Tensor& picture, at::Generator generator) const {
  // Parts of the background: one, so that it is even, or several, so that an edge means nothing, either.
  constexpr std::int64_t kParts[] = {1, 1, 3, 12};
  const std::int64_t parts = kParts[at::randint(4, {1}, generator, at::kLong).item<std::int64_t>()];
  const at::Tensor colours = at::rand({1, 3, parts, parts}, generator, at::TensorOptions(at::kFloat));
  const at::Tensor background = enlarged(colours.to(picture.device()), height_, width_);
  return at::lerp(background, picture, decode());
}

at::Tensor Opacity::over_checks(const at::Tensor& picture) const {
  const at::NoGradGuard no_grad;
  constexpr std::int64_t kSide = 8;
  const auto options = picture.options().dtype(at::kLong).requires_grad(false);
  const at::Tensor x = at::arange(width_, options).floor_divide(kSide).view({1, 1, 1, width_}),
                   y = at::arange(height_, options).floor_divide(kSide).view({1, 1, height_, 1});
  const at::Tensor checks = (x + y).remainder(2).to(picture.scalar_type()) * 0.2 + 0.5;
  return at::lerp(checks.expand_as(picture), picture, decode());
}

at::Tensor Opacity::loss() const { return decode().mean() * weight_; }

void Opacity::resize(const at::Tensor& picture) {
  if (!is_on()) return;
  const at::NoGradGuard no_grad;
  height_ = picture.size(2);
  width_ = picture.size(3);
  values_ = enlarged(values_.detach().clamp(0, 1), cells(height_), cells(width_))
                .contiguous()
                .set_requires_grad(true);
}

at::Tensor Opacity::resize_gradients(const at::Tensor& values, int power) const {
  return spread_gradients(values, values_.size(2), values_.size(3), power);
}

std::map<std::string, at::Tensor> Opacity::state() const {
  if (!is_on()) return {};
  return {{"values", values_}};
}

void Opacity::load_state(const std::map<std::string, at::Tensor>& state) {
  if (is_on()) load_tensors(this->state(), state, "the opacity's");
}

}  // namespace reverie::engine
