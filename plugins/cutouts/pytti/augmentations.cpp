#include "augmentations.h"

#include <cmath>

namespace reverie::pytti {
namespace {

constexpr double kRotation = 30 * M_PI / 180, kTranslation = 0.1, kDistortion = 0.2;
constexpr double kHue = 0.01, kSaturation = 0.01, kNoise = 0.1;
constexpr double kEraseLow = 0.1, kEraseHigh = 0.4, kRatioLow = 0.3, kRatioHigh = 3.3;

}  // namespace

at::Tensor homography(const at::Tensor& from, const at::Tensor& to) {
  // Eight equations in the eight unknown elements (Hartley & Zisserman 2004, section 4.1).
  at::Tensor a = at::zeros({8, 8}, at::kDouble), b = at::zeros({8, 1}, at::kDouble);
  for (std::int64_t i = 0; i < 4; ++i) {
    const double x = from[i][0].item<double>(), y = from[i][1].item<double>();
    const double u = to[i][0].item<double>(), v = to[i][1].item<double>();
    a[2 * i] = at::tensor({x, y, 1.0, 0.0, 0.0, 0.0, -x * u, -y * u}, at::kDouble);
    a[2 * i + 1] = at::tensor({0.0, 0.0, 0.0, x, y, 1.0, -x * v, -y * v}, at::kDouble);
    b[2 * i] = u;
    b[2 * i + 1] = v;
  }
  const at::Tensor h = at::linalg_solve(a, b).flatten();
  return at::cat({h, at::ones({1}, at::kDouble)}).view({3, 3});
}

Augmentation draw_augmentation(std::int64_t count, std::int64_t side, at::Generator generator,
                               double erasing) {
  const at::Tensor u = at::rand({count, 24}, generator, at::kDouble);
  const auto r = u.accessor<double, 2>();
  Augmentation result{at::zeros({count, 2, 3}),
                      at::eye(3).repeat({count, 1, 1}),
                      at::zeros({count}),
                      at::ones({count}),
                      at::zeros({count, 4}),
                      at::zeros({count}),
                      at::randint(std::int64_t{1} << 32, {count, 2}, generator, at::kLong)};
  const at::Tensor corners =
      at::tensor({-1.0, -1.0, 1.0, -1.0, 1.0, 1.0, -1.0, 1.0}, at::kDouble).view({4, 2});
  for (std::int64_t i = 0; i < count; ++i) {
    const auto symmetric = [&](int k, double width) { return (2 * r[i][k] - 1) * width; };
    const double flip = r[i][0] < 0.3 ? -1 : 1;
    double angle = 0, tx = 0, ty = 0;
    if (r[i][1] < 0.8) {
      angle = symmetric(2, kRotation);
      tx = symmetric(3, 2 * kTranslation);  // the whole side is 2 in these coordinates
      ty = symmetric(4, 2 * kTranslation);
    }
    const double c = std::cos(angle), s = std::sin(angle);
    // The affine map works on the flipped picture, so the flip comes last on the way back to the input.
    result.affine[i] = at::tensor({flip * c, flip * s, flip * tx, -s, c, ty}, at::kFloat).view({2, 3});
    if (r[i][5] < 0.4) {
      // Each corner moves inwards by up to half the distortion, in both directions separately.
      at::Tensor moved = corners.clone();
      for (std::int64_t k = 0; k < 4; ++k)
        for (std::int64_t axis = 0; axis < 2; ++axis)
          moved[k][axis] -= corners[k][axis] * kDistortion * r[i][6 + 2 * k + axis];
      result.perspective[i] = homography(moved, corners).to(at::kFloat);
    }
    if (r[i][14] < 0.7) {
      result.hue[i] = symmetric(15, kHue);
      result.saturation[i] = 1 + symmetric(16, kSaturation);
    }
    if (r[i][17] < erasing) {
      const double area = (kEraseLow + (kEraseHigh - kEraseLow) * r[i][18]) * double(side * side);
      // Flat and upright rectangles are equally likely.
      const double ratio =
          r[i][19] < 0.5 ? kRatioLow + (1 - kRatioLow) * r[i][20] : 1 + (kRatioHigh - 1) * r[i][20];
      const double height = std::clamp(std::round(std::sqrt(area * ratio)), 1.0, double(side));
      const double width = std::clamp(std::round(std::sqrt(area / ratio)), 1.0, double(side));
      const double x = std::floor(r[i][21] * (double(side) - width + 1)),
                   y = std::floor(r[i][22] * (double(side) - height + 1));
      result.erased[i] = at::tensor({x, y, x + width, y + height}, at::kFloat);
    }
    result.noise[i] = kNoise * r[i][23];
  }
  return result;
}

at::Tensor shift_colours(const at::Tensor& rgb, const at::Tensor& hue, const at::Tensor& saturation) {
  const auto channels = rgb.unbind(1);
  const at::Tensor value = std::get<0>(rgb.max(1)), low = std::get<0>(rgb.min(1));
  const at::Tensor chroma = value - low, safe = chroma.clamp_min(1e-6);
  // Hue in sixths of the circle (Smith 1978).
  const at::Tensor h = at::where(channels[0] == value, (channels[1] - channels[2]) / safe,
                                 at::where(channels[1] == value, 2 + (channels[2] - channels[0]) / safe,
                                           4 + (channels[0] - channels[1]) / safe));
  const at::Tensor turned = h + 6 * hue.view({-1, 1, 1});
  const at::Tensor s = (chroma / value.clamp_min(1e-6) * saturation.view({-1, 1, 1})).clamp(0, 1);
  std::vector<at::Tensor> result;
  for (const double n : {5.0, 3.0, 1.0}) {
    const at::Tensor k = at::remainder(turned + n, 6);
    result.push_back(value - value * s * at::minimum(k, 4 - k).clamp(0, 1));
  }
  return at::stack(result, 1);
}

at::Tensor augment_without_noise(const at::Tensor& images, const Augmentation& a) {
  const auto count = images.size(0), side = images.size(2);
  const auto here = images.options();
  // Pixel centres in -1..1, homogeneous: [S*S, 3].
  const at::Tensor line = (at::arange(side, here) * 2 + 1) / side - 1;
  const at::Tensor x = line.view({1, -1}).expand({side, side}), y = line.view({-1, 1}).expand({side, side});
  const at::Tensor points = at::stack({x, y, at::ones_like(x)}, -1).view({1, side * side, 3});

  const at::Tensor projected =
      at::matmul(points, a.perspective.to(here.device()).transpose(1, 2));  // [N, S*S, 3]
  const at::Tensor flat = projected.narrow(2, 0, 2) / projected.narrow(2, 2, 1);
  const at::Tensor inside = (flat.abs() <= 1).all(2).view({count, 1, side, side});
  const at::Tensor theta = a.affine.to(here.device());
  const at::Tensor source =
      at::matmul(flat, theta.narrow(2, 0, 2).transpose(1, 2)) + theta.narrow(2, 2, 1).transpose(1, 2);
  at::Tensor result =
      at::grid_sampler(images, source.view({count, side, side, 2}), /*bilinear*/ 0, /*border*/ 1, false);
  result = result * inside;

  result = shift_colours(result, a.hue.to(here.device()), a.saturation.to(here.device()));

  const at::Tensor pixel = at::arange(side, here);
  const at::Tensor box = a.erased.to(here.device()).view({count, 4, 1, 1});
  const at::Tensor px = pixel.view({1, 1, -1}), py = pixel.view({1, -1, 1});
  const at::Tensor hole = (px >= box.select(1, 0))
                              .logical_and(px < box.select(1, 2))
                              .logical_and(py >= box.select(1, 1))
                              .logical_and(py < box.select(1, 3));
  return result.masked_fill(hole.unsqueeze(1), 0.0);
}

at::Tensor augment(const at::Tensor& images, const Augmentation& a, at::Generator generator) {
  const at::TensorOptions here = images.options();
  const at::Tensor result = augment_without_noise(images, a);
  const at::Tensor noise = at::randn(images.sizes(), generator, here);
  return result + noise * a.noise.to(here.device()).view({-1, 1, 1, 1});
}

}  // namespace reverie::pytti
