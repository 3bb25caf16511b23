#include "encoder.h"

#include <cmath>

namespace reverie::depth_anything {
namespace {

constexpr double kNormEpsilon = 1e-6;
constexpr std::int64_t kHeadWidth = 64;  // in all of DINOv2's sizes
constexpr double kScale = 0.125;         // 1 / sqrt(kHeadWidth)

/// LibTorch's own function takes 1.6 times as long in bfloat16 on a processor as the same written out; in
/// float it is faster. It is also the one that keeps no weights of all pairs of tokens.
at::Tensor attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  constexpr std::int64_t kMostPairs = 2048 * 2048;
  if (!q.is_cpu() || q.scalar_type() != at::kBFloat16 || q.size(2) * q.size(2) > kMostPairs)
    return at::scaled_dot_product_attention(q, k, v);
  return at::matmul(at::softmax(at::matmul(q * kScale, k.transpose(-1, -2)), -1), v);
}

/// The block after which tap `tap` of four is taken. As published, the first of 24 blocks' is the exception.
std::size_t tapped_block(std::size_t tap, std::size_t blocks) {
  return blocks == 24 && tap == 0 ? 4 : blocks * (tap + 1) / 4 - 1;
}

}  // namespace

Encoder::Encoder(const depth_estimators::Checkpoint& file, c10::Device device, at::ScalarType dtype)
    : dtype_(dtype) {
  // Sums, norms and what is handed from block to block keep float's digits.
  const at::ScalarType wide = dtype == at::kDouble ? at::kDouble : at::kFloat;
  const std::string base = "pretrained.";
  const auto take = [&](const std::string& name, at::IntArrayRef shape) {
    return file.tensor(base + name, shape).to(device, wide);
  };
  class_ = take("cls_token", {1, 1, -1});
  position_ = take("pos_embed", {1, -1, width()});
  if (const std::int64_t grid = trained_grid(); grid < 1 || grid * grid + 1 != position_.size(1)) {
    const std::int64_t least = std::max<std::int64_t>(grid, 1);
    file.tensor(base + "pos_embed", {1, least * least + 1, width()});  // refused in its words
  }
  patches_ = {take("patch_embed.proj.weight", {width(), 3, -1, -1}),
              take("patch_embed.proj.bias", {width()})};
  take("patch_embed.proj.weight", {width(), 3, patch(), patch()});
  patches_.weight = patches_.weight.to(dtype);
  patches_.bias = patches_.bias.to(dtype);
  const auto norm = [&](const std::string& name) {
    return Linear{take(name + ".weight", {width()}), take(name + ".bias", {width()})};
  };
  const auto linear = [&](const std::string& name, std::int64_t in, std::int64_t out) {
    return Linear{take(name + ".weight", {out, in}).to(dtype), take(name + ".bias", {out}).to(dtype)};
  };
  // A branch's scale is part of its last layer.
  const auto scaled = [&](const std::string& name, std::int64_t in, const std::string& scale) {
    const at::Tensor gamma = take(scale + ".gamma", {width()});
    return Linear{(take(name + ".weight", {width(), in}) * gamma.unsqueeze(1)).to(dtype),
                  (take(name + ".bias", {width()}) * gamma).to(dtype)};
  };
  for (std::string p; p = "blocks." + std::to_string(blocks_.size()) + ".",
                      blocks_.empty() || file.contains(base + p + "norm1.weight");) {
    const std::int64_t inside = take(p + "mlp.fc1.weight", {-1, width()}).size(0);
    blocks_.push_back({norm(p + "norm1"), linear(p + "attn.qkv", width(), 3 * width()),
                       scaled(p + "attn.proj", width(), p + "ls1"), norm(p + "norm2"),
                       linear(p + "mlp.fc1", width(), inside), scaled(p + "mlp.fc2", inside, p + "ls2")});
  }
  last_norm_ = norm("norm");
  if (width() % kHeadWidth != 0 || blocks_.size() < 4)
    throw Error(ErrorKind::unsupported,
                "'" + file.origin() + "': a DINOv2 of the width " + std::to_string(width()) + " with " +
                    std::to_string(blocks_.size()) + " blocks cannot be used",
                "the width must be a multiple of 64, and there must be at least 4 blocks");
}

std::int64_t Encoder::trained_grid() const { return std::llround(std::sqrt(double(position_.size(1) - 1))); }

at::Tensor Encoder::positions(std::int64_t rows, std::int64_t columns) const {
  const std::int64_t grid = trained_grid();
  if (rows == grid && columns == grid) return position_;
  // The published network was trained with these factors, which are not quite rows / grid.
  const double down = (double(rows) + 0.1) / double(grid), across = (double(columns) + 0.1) / double(grid);
  const at::Tensor patches = position_.narrow(1, 1, grid * grid).transpose(1, 2).view({1, -1, grid, grid});
  const at::Tensor resized =
      at::upsample_bicubic2d(patches, {rows, columns}, /*align_corners=*/false, down, across);
  return at::cat({position_.narrow(1, 0, 1), resized.flatten(2).transpose(1, 2)}, 1);
}

at::Tensor Encoder::norm(const Linear& norm, const at::Tensor& x) const {
  return at::layer_norm(x, {width()}, norm.weight, norm.bias, kNormEpsilon);
}

at::Tensor Encoder::apply(const Linear& linear, const at::Tensor& x) const {
  return at::linear(x.to(dtype_), linear.weight, linear.bias);
}

at::Tensor Encoder::attention(const Block& block, const at::Tensor& x) const {
  const std::int64_t batch = x.size(0), length = x.size(1);
  const at::Tensor qkv =
      apply(block.qkv, x).view({batch, length, 3, width() / kHeadWidth, kHeadWidth}).permute({2, 0, 3, 1, 4});
  const at::Tensor mixed = attend(qkv[0], qkv[1], qkv[2]);
  return apply(block.attended, mixed.transpose(1, 2).reshape({batch, length, width()}));
}

std::vector<at::Tensor> Encoder::operator()(const at::Tensor& pictures) const {
  const at::Tensor grid = at::conv2d(pictures.to(dtype_), patches_.weight, patches_.bias, patch());
  const std::int64_t batch = grid.size(0), rows = grid.size(2), columns = grid.size(3);
  const at::Tensor tokens = grid.flatten(2).transpose(1, 2).to(class_.scalar_type());
  at::Tensor x = at::cat({class_.expand({batch, 1, width()}), tokens}, 1) + positions(rows, columns);
  std::vector<at::Tensor> taps;
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const Block& block = blocks_[i];
    x = x + attention(block, norm(block.norm1, x));
    x = x + apply(block.down, at::gelu(apply(block.up, norm(block.norm2, x))));
    if (i != tapped_block(taps.size(), blocks_.size())) continue;
    const at::Tensor known = norm(last_norm_, x).to(dtype_).narrow(1, 1, rows * columns);
    taps.push_back(known.view({batch, rows, columns, width()}).permute({0, 3, 1, 2}));
  }
  return taps;
}

}  // namespace reverie::depth_anything
