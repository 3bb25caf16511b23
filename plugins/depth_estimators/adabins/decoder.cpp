#include "decoder.h"

namespace reverie::adabins {
namespace {

constexpr double kNormEpsilon = 1e-5;
constexpr double kLeak = 0.01;

at::Tensor leaky(at::Tensor x) { return at::leaky_relu_(x, kLeak); }

/// [large, 3 small]: what a convolution with three taps sees of `small` values after they have been enlarged,
/// as a matrix. Column 3 j + k of row y is the share that value j has in what tap k finds at y: linear
/// interpolation between the outermost values, zeros outside.
at::Tensor seen_by_taps(std::int64_t large, std::int64_t small, const at::Tensor& like) {
  const at::Tensor unit = at::eye(small, like.options().dtype(at::kDouble)).unsqueeze(0);
  const at::Tensor shares = at::upsample_linear1d(unit, {large}, /*align_corners=*/true).squeeze(0);
  const at::Tensor padded = at::constant_pad_nd(shares, {1, 1});  // [small, large + 2]
  return padded.unfold(1, 3, 1).permute({1, 0, 2}).reshape({large, 3 * small}).to(like.scalar_type());
}

}  // namespace

Decoder::Decoder(const Layers& layers, const std::vector<std::int64_t>& widths) {
  const std::string base = "decoder.";
  deepest_ = layers.convolution(base + "conv2", widths.back(), -1, 1);
  std::int64_t width = deepest_.weight.size(0);
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const std::string net = base + "up" + std::to_string(i + 1) + "._net.";
    const std::int64_t skip = widths[widths.size() - 2 - i];
    const Convolution first = layers.normed(net + "0", net + "1", width + skip, -1, 3, kNormEpsilon);
    const at::Tensor enlarged = first.weight.narrow(1, 0, width);  // [out, in, 3, 3]
    for (std::int64_t row = 0; row < 3; ++row)
      steps_[i].rows[std::size_t(row)].weight = enlarged.select(2, row)
                                                    .permute({2, 0, 1})
                                                    .reshape({-1, width, 1, 1})
                                                    .contiguous(at::MemoryFormat::ChannelsLast);
    steps_[i].skip = {first.weight.narrow(1, width, skip).contiguous(at::MemoryFormat::ChannelsLast),
                      first.bias};
    width = first.weight.size(0);
    steps_[i].second = layers.normed(net + "3", net + "4", width, width, 3, kNormEpsilon);
  }
  last_ = layers.convolution(base + "conv3", width, -1, 3);
}

// Published: enlarge, join, convolve. Here, the small map is convolved, a tap at a time, and the results are
// enlarged, moved to where the tap looks and added up, by two products with matrices. It is the same sum in
// another order, and a third less to compute in the whole network: enlarged maps have four times the pixels.
at::Tensor Decoder::Step::operator()(const at::Tensor& small, const at::Tensor& encoded) const {
  const std::int64_t batch = small.size(0), h = small.size(2), w = small.size(3), height = encoded.size(2),
                     width = encoded.size(3), channels = skip.weight.size(0);
  const at::Tensor across = seen_by_taps(width, w, small), down = seen_by_taps(height, h, small);
  std::vector<at::Tensor> wide;
  for (const Convolution& row : rows) {
    const at::Tensor taps = row(small).permute({0, 2, 3, 1}).reshape({batch * h, 3 * w, channels});
    wide.push_back(at::matmul(across, taps).view({batch, h, width * channels}));
  }
  const at::Tensor stacked = at::stack(wide, 2).view({batch, 3 * h, width * channels});
  const at::Tensor large = at::matmul(down, stacked).view({batch, height, width, channels});
  return leaky(second(leaky(skip(encoded) + large.permute({0, 3, 1, 2}))));
}

at::Tensor Decoder::operator()(const std::vector<at::Tensor>& maps) const {
  // As published, this convolution of single pixels has a frame of zeros around: the map grows by a pixel of
  // nothing but the bias on each side.
  at::Tensor x = at::conv2d(maps.back(), deepest_.weight, deepest_.bias, 1, /*padding=*/1);
  for (std::size_t i = 0; i < steps_.size(); ++i) x = steps_[i](x, maps[maps.size() - 2 - i]);
  return last_(x);
}

}  // namespace reverie::adabins
