#include "solver.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <vector>

namespace reverie::horn_schunck {
namespace {

constexpr double kAlpha = 0.1;           // for pictures of 0..1
constexpr std::int64_t kLeastSide = 12;  // of the coarsest scale, if the picture has as much
constexpr int kWarps = 4;                // on each scale
constexpr int kIterations = 12;          // for each warp

/// What lies `step` pixels on along `dim`, of planes that have been continued by a pixel on both sides.
at::Tensor part(const at::Tensor& wide, std::int64_t dim, std::int64_t step) {
  return wide.narrow(dim, 1 + step, wide.size(dim) - 2);
}

at::Tensor continued(const at::Tensor& planes) { return at::replication_pad2d(planes, {1, 1, 1, 1}); }

/// The sum over 3x3 pixels, weighted by 1, 2, 1 both ways. Quicker than a convolution.
at::Tensor sum_around(const at::Tensor& planes) {
  const at::Tensor wide = continued(planes);
  const at::Tensor rows = part(wide, 3, -1) + part(wide, 3, 0) * 2 + part(wide, 3, 1);
  return part(rows, 2, -1) + part(rows, 2, 0) * 2 + part(rows, 2, 1);
}

at::Tensor smoothed(const at::Tensor& picture) { return sum_around(picture) / 16; }

/// Horn & Schunck's: 1/6 of those beside a pixel, 1/12 of those across a corner.
at::Tensor mean_of_neighbours(const at::Tensor& flow) { return (sum_around(flow) - flow * 4) / 12; }

at::Tensor slope(const at::Tensor& planes, std::int64_t dim) {
  const at::Tensor wide = part(continued(planes), dim == 3 ? 2 : 3, 0);
  return (part(wide, dim, 1) - part(wide, dim, -1)) / 2;
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
  const at::Tensor planes = at::cat({to, slope(to, 3), slope(to, 2)}, 1);
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

at::Tensor solve(const at::Tensor& from, const at::Tensor& to) {
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

}  // namespace reverie::horn_schunck
