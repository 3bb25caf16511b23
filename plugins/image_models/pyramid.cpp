/// Pyramid: a picture as a Laplacian pyramid (Burt & Adelson, "The Laplacian Pyramid as a Compact Image
/// Code", 1983).
///
/// What is optimised is a small picture and, for each doubling of its size, the details missing from the
/// enlarged picture. The optimiser changes every level at the same pace, so that broad shapes appear in a few
/// steps while details are drawn.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
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
    kTile,
};

constexpr std::int64_t kSmallest = 4;     // pixels of the shorter side at the top of the pyramid
constexpr double kStartAmplitude = 0.15;  // of each level in a random start

/// [to, from]: row i holds the weights that bilinear enlargement gives the pixels of a side for pixel i.
/// Behind the last pixel comes the first one again where the side is a ring, else the last.
at::Tensor enlarging(std::int64_t from, std::int64_t to, bool ring, const at::TensorOptions& options) {
  const at::Tensor place =
      (at::arange(to, at::kDouble) + 0.5) * (static_cast<double>(from) / static_cast<double>(to)) - 0.5;
  const at::Tensor floor = place.floor(), first = floor.to(at::kLong);
  const auto there = [&](const at::Tensor& index) {
    return ring ? index.remainder(from) : index.clamp(0, from - 1);
  };
  const at::Tensor later = (place - floor).unsqueeze(1), result = at::zeros({to, from}, at::kDouble);
  result.scatter_add_(1, there(first).unsqueeze(1), 1 - later);
  result.scatter_add_(1, there(first + 1).unsqueeze(1), later);
  return result.to(options);
}

class Pyramid final : public ImageModel, public Resizable, public ResizesGradients {
 public:
  Pyramid(Host& host, const Params& params, const Setup& setup)
      : host_(host), pixel_size_(params.get<std::int64_t>("pixel_size")), tiling_(params) {
    take_size(setup);
    randomise();
  }

  void randomise() override {
    at::NoGradGuard no_grad;
    for (const at::Tensor& level : levels_)
      level.copy_(at::rand(level.sizes(), host_.generator(), level.options().requires_grad(false))
                      .sub_(0.5)
                      .mul_(2 * kStartAmplitude));
    levels_.back().add_(0.5);
  }

  void encode(const at::Tensor& image) override {
    at::NoGradGuard no_grad;
    const at::Tensor& finest = levels_.front();
    at::Tensor picture =
        resize_to_pixels(image.to(finest.device(), at::kFloat), finest.size(2), finest.size(3));
    for (std::size_t i = 0; i + 1 < levels_.size(); ++i) {
      const at::Tensor smaller =
          at::adaptive_avg_pool2d(picture, {levels_[i + 1].size(2), levels_[i + 1].size(3)});
      levels_[i].copy_(picture - enlarged(smaller, picture));
      picture = smaller;
    }
    levels_.back().copy_(picture);
  }

  void* extension(std::string_view id) override {
    if (id == ResizesGradients::kId) return static_cast<ResizesGradients*>(this);
    return id == Resizable::kId ? static_cast<Resizable*>(this) : nullptr;
  }
  void resize(const Setup& size) override {
    at::NoGradGuard no_grad;
    const at::Tensor before = sum().clamp(0, 1);
    take_size(size);
    encode(before);
  }
  at::Tensor resize_gradients(std::size_t index, const std::vector<at::Tensor>& values, int power) override {
    // The level that was about as large: a coarse one has the same part of the picture as before.
    const at::Tensor& level = levels_[index];
    const auto distance = [&](const at::Tensor& other) {
      return std::abs(std::log(static_cast<double>(other.numel()) / static_cast<double>(level.numel())));
    };
    const at::Tensor& nearest = *std::min_element(
        values.begin(), values.end(),
        [&](const at::Tensor& a, const at::Tensor& b) { return distance(a) < distance(b); });
    return spread_gradients(nearest, level.size(2), level.size(3), power);
  }

  std::vector<at::Tensor> parameters() override { return levels_; }
  double learning_rate() const override { return 0.01; }

  at::Tensor decode() override { return upscale_nearest(clamp_with_gradient(sum(), 0, 1), pixel_size_); }
  at::Tensor decode_final() override {
    at::NoGradGuard no_grad;
    return decode();
  }

  std::map<std::string, at::Tensor> state() const override {
    std::map<std::string, at::Tensor> result;
    for (std::size_t i = 0; i < levels_.size(); ++i) result[name_of(i)] = levels_[i].detach().clone();
    return result;
  }
  void load_state(const std::map<std::string, at::Tensor>& state) override {
    for (std::size_t i = 0; i < levels_.size(); ++i) {
      const auto found = state.find(name_of(i));
      if (found == state.end() || found->second.sizes() != levels_[i].sizes())
        throw Error(ErrorKind::model, "the saved state is not of a pyramid of this size");
    }
    at::NoGradGuard no_grad;
    for (std::size_t i = 0; i < levels_.size(); ++i) levels_[i].copy_(state.at(name_of(i)));
  }

 private:
  static std::string name_of(std::size_t level) { return "level_" + std::to_string(level); }

  void take_size(const Setup& size) {
    levels_.clear();
    for (std::int64_t h = size.height, w = size.width;; h = (h + 1) / 2, w = (w + 1) / 2) {
      levels_.push_back(at::zeros({1, 3, h, w}, at::TensorOptions(host_.device())).set_requires_grad(true));
      if (std::min(h, w) < 2 * kSmallest) break;
    }
  }

  at::Tensor enlarged(const at::Tensor& level, const at::Tensor& to) const {
    if (!tiling_) return at::upsample_bilinear2d(level, {to.size(2), to.size(3)}, /*align_corners=*/false);
    const at::TensorOptions options = to.options().requires_grad(false);
    const at::Tensor taller = at::matmul(enlarging(level.size(2), to.size(2), tiling_.y, options), level);
    return at::matmul(taller, enlarging(level.size(3), to.size(3), tiling_.x, options).t());
  }

  at::Tensor sum() const {
    at::Tensor picture = levels_.back();
    for (std::size_t i = levels_.size() - 1; i-- > 0;) picture = levels_[i] + enlarged(picture, levels_[i]);
    return picture;
  }

  Host& host_;
  std::int64_t pixel_size_;
  Tiling tiling_;
  std::vector<at::Tensor> levels_;  // [1, 3, h, w], each half the size of the one before, all in RGB
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Pyramid, ImageModel, "pyramid", "1.0",
                      "a small picture and its details at each doubling of size are optimised", kParams);

}  // namespace reverie
