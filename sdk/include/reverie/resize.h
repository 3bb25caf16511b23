#pragma once
// Resizing with the Lanczos filter, for pictures that are compared with or encoded.

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace reverie {

namespace detail {
/// [to, from]: row i holds the weights of the input's pixels for output pixel i. Duchon (1979), "Lanczos
/// filtering in one and two dimensions", with a = 3; when shrinking, the filter is widened by the scale, so
/// that it also removes what the smaller picture cannot hold. Pixels beyond the edge do not count.
inline at::Tensor lanczos_weights(std::int64_t from, std::int64_t to) {
  constexpr double kPi = 3.14159265358979323846, kLobes = 3;
  const auto sinc = [](double x) { return x == 0 ? 1.0 : std::sin(kPi * x) / (kPi * x); };
  const double scale = static_cast<double>(from) / static_cast<double>(to), width = std::max(scale, 1.0);
  const at::Tensor result = at::zeros({to, from}, at::kFloat);
  auto* row = result.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < to; ++i, row += from) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    const auto first = std::max<std::int64_t>(0, static_cast<std::int64_t>(centre - kLobes * width + 0.5));
    const auto last = std::min(from, static_cast<std::int64_t>(centre + kLobes * width + 0.5));
    std::vector<double> weights;
    double sum = 0;
    for (std::int64_t k = first; k < last; ++k) {
      const double x = (static_cast<double>(k) + 0.5 - centre) / width;
      weights.push_back(std::abs(x) < kLobes ? sinc(x) * sinc(x / kLobes) : 0);
      sum += weights.back();
    }
    for (std::int64_t k = first; k < last; ++k)
      row[k] = static_cast<float>(weights[static_cast<std::size_t>(k - first)] / sum);
  }
  return result;
}
}  // namespace detail

/// `image` [N, C, H, W] to [N, C, height, width]. The filter overshoots at edges: for pictures, the result is
/// limited to 0..1. The same size changes nothing.
inline at::Tensor lanczos_resize(const at::Tensor& image, std::int64_t height, std::int64_t width) {
  at::Tensor result = image;
  if (image.size(2) != height)
    result = at::matmul(detail::lanczos_weights(image.size(2), height).to(image.device()), result);
  if (image.size(3) != width)
    result = at::matmul(result, detail::lanczos_weights(image.size(3), width).t().to(image.device()));
  return result.is_same(image) ? image : result.clamp(0, 1);
}

/// `image` [N, C, H, W] to [N, C, height, width] for models whose pixels are shown as they are. What is
/// larger is averaged by area, which undoes an enlargement without smoothing exactly; what is smaller is
/// enlarged smoothly.
inline at::Tensor resize_to_pixels(const at::Tensor& image, std::int64_t height, std::int64_t width) {
  if (image.size(2) < height || image.size(3) < width) return lanczos_resize(image, height, width);
  return at::adaptive_avg_pool2d(image, {height, width});
}

}  // namespace reverie
