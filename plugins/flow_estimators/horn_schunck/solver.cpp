#include "solver.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <vector>

namespace reverie {
namespace {

constexpr double kAlpha = 0.1;           // for pictures of 0..1
constexpr std::int64_t kLeastSide = 12;  // of the coarsest scale, if the picture has as much
constexpr int kWarps = 4;                // on each scale
constexpr int kIterations = 12;          // for each warp

/// Every channel of `planes` by itself with a 3x3 kernel, continued by the outermost pixels.
at::Tensor filtered(const at::Tensor& planes, at::ArrayRef<double> kernel) {
  const std::int64_t channels = planes.size(1);
  const at::Tensor weights = at::tensor(kernel, planes.options().requires_grad(false))
                                 .view({1, 1, 3, 3})
                                 .expand({channels, 1, 3, 3});
  return at::conv2d(at::replication_pad2d(planes, {1, 1, 1, 1}), weights, std::optional<at::Tensor>(),
                    at::IntArrayRef{1}, at::IntArrayRef{0}, at::IntArrayRef{1}, channels);
}

at::Tensor smoothed(const at::Tensor& picture) {
  return filtered(picture, {1. / 16, 2. / 16, 1. / 16, 2. / 16, 4. / 16, 2. / 16, 1. / 16, 2. / 16, 1. / 16});
}

/// Horn & Schunck's.
at::Tensor mean_of_neighbours(const at::Tensor& flow) {
  return filtered(flow, {1. / 12, 1. / 6, 1. / 12, 1. / 6, 0, 1. / 6, 1. / 12, 1. / 6, 1. / 12});
}

/// To half the size, at least one pixel.
at::Tensor halved(const at::Tensor& picture) {
  return at::_upsample_bilinear2d_aa(picture, {(picture.size(2) + 1) / 2, (picture.size(3) + 1) / 2},
                                     /*align_corners=*/false, std::nullopt, std::nullopt);
}

/// A coarser scale's flow on a finer one.
at::Tensor enlarged(const at::Tensor& flow, std::int64_t height, std::int64_t width) {
  const at::Tensor scale = at::tensor({static_cast<double>(width) / static_cast<double>(flow.size(3)),
                                       static_cast<double>(height) / static_cast<double>(flow.size(2))},
                                      flow.options().requires_grad(false))
                               .view({1, 2, 1, 1});
  return at::upsample_bilinear2d(flow, {height, width}, /*align_corners=*/false) * scale;
}

/// Planes looked up at each pixel's place plus its flow, and where that is inside.
struct LookUp {
  at::Tensor planes, inside;
};
LookUp look_up(const at::Tensor& planes, const at::Tensor& flow) {
  const std::int64_t height = planes.size(2), width = planes.size(3);
  const at::TensorOptions options = planes.options().requires_grad(false);
  const at::Tensor x = at::arange(width, options).view({1, 1, width}) + flow.select(1, 0);
  const at::Tensor y = at::arange(height, options).view({1, height, 1}) + flow.select(1, 1);
  // From pixel centres to -1..1 between the picture's outer edges.
  const at::Tensor grid = at::stack(
      {(x * 2 + 1) / static_cast<double>(width) - 1, (y * 2 + 1) / static_cast<double>(height) - 1}, -1);
  const at::Tensor inside = x.ge(0)
                                .bitwise_and(x.le(static_cast<double>(width - 1)))
                                .bitwise_and(y.ge(0))
                                .bitwise_and(y.le(static_cast<double>(height - 1)));
  constexpr std::int64_t kBilinear = 0, kOutermostPixels = 1;
  return {at::grid_sampler(planes, grid, kBilinear, kOutermostPixels, /*align_corners=*/false),
          inside.unsqueeze(1).to(planes.scalar_type())};
}

at::Tensor refined(const at::Tensor& from, const at::Tensor& to, at::Tensor flow) {
  const std::int64_t channels = to.size(1);
  const at::Tensor planes = at::cat(
      {to, filtered(to, {0, 0, 0, -0.5, 0, 0.5, 0, 0, 0}), filtered(to, {0, -0.5, 0, 0, 0, 0, 0, 0.5, 0})},
      1);
  constexpr double kStiffness = kAlpha * kAlpha;
  for (int warp = 0; warp < kWarps; ++warp) {
    const LookUp there = look_up(planes, flow);
    const at::Tensor x = there.planes.narrow(1, channels, channels) * there.inside,
                     y = there.planes.narrow(1, 2 * channels, channels) * there.inside;
    const at::Tensor u = flow.narrow(1, 0, 1), v = flow.narrow(1, 1, 1);
    const at::Tensor gap = there.planes.narrow(1, 0, channels) - from - x * u - y * v;
    // (alpha^2 + J'J)^-1, a symmetric 2x2 matrix for each pixel.
    const at::Tensor xx = x.square().sum(1, true) + kStiffness, yy = y.square().sum(1, true) + kStiffness,
                     xy = (x * y).sum(1, true);
    const at::Tensor determinant = xx * yy - xy.square();
    const at::Tensor first = at::cat({yy, -xy}, 1) / determinant,
                     second = at::cat({-xy, xx}, 1) / determinant;
    const at::Tensor pull = at::cat({(x * gap).sum(1, true), (y * gap).sum(1, true)}, 1);
    for (int i = 0; i < kIterations; ++i) {
      const at::Tensor wish = mean_of_neighbours(flow) * kStiffness - pull;
      flow = first * wish.narrow(1, 0, 1) + second * wish.narrow(1, 1, 1);
    }
  }
  return flow;
}

}  // namespace

at::Tensor horn_schunck(const at::Tensor& from, const at::Tensor& to) {
  std::vector<at::Tensor> ones = {smoothed(from)}, others = {smoothed(to)};
  while (std::min(ones.back().size(2), ones.back().size(3)) >= 2 * kLeastSide) {
    ones.push_back(halved(ones.back()));
    others.push_back(halved(others.back()));
  }
  const at::Tensor& coarsest = ones.back();
  at::Tensor flow =
      at::zeros({1, 2, coarsest.size(2), coarsest.size(3)}, coarsest.options().requires_grad(false));
  for (std::size_t scale = ones.size(); scale-- > 0;) {
    flow = enlarged(flow, ones[scale].size(2), ones[scale].size(3));
    flow = refined(ones[scale], others[scale], flow);
  }
  return flow;
}

}  // namespace reverie
