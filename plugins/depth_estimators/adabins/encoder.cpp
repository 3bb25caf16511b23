#include "encoder.h"

namespace reverie::adabins {
namespace {

constexpr double kNormEpsilon = 1e-3;  // TensorFlow's
constexpr std::int64_t kStrides[] = {1, 2, 2, 2, 1, 2, 1};
/// After these stages a map is used: the last of each resolution, but for the coarsest.
constexpr bool kTapped[] = {true, true, true, false, true, false, false};

}  // namespace

Encoder::Block Encoder::block(const Layers& layers, const std::string& name, std::int64_t in,
                              std::int64_t stride) {
  const bool expands = layers.contains(name + "conv_pwl.weight");
  const auto numbered = [&](int number) { return name + "bn" + std::to_string(number + (expands ? 1 : 0)); };
  Block result;
  if (expands) result.expand = layers.normed(name + "conv_pw", name + "bn1", in, -1, 1, kNormEpsilon);
  const std::int64_t inside = expands ? result.expand.weight.size(0) : in;
  result.depthwise = layers.normed(name + "conv_dw", numbered(1), 1, inside, -1, kNormEpsilon);
  result.depthwise.stride = stride;
  result.depthwise.groups = inside;
  result.reduce = layers.convolution(name + "se.conv_reduce", inside, -1, 1);
  result.restore = layers.convolution(name + "se.conv_expand", result.reduce.weight.size(0), inside, 1);
  result.project =
      layers.normed(name + (expands ? "conv_pwl" : "conv_pw"), numbered(2), inside, -1, 1, kNormEpsilon);
  result.skip = stride == 1 && result.project.weight.size(0) == in;
  return result;
}

at::Tensor Encoder::Block::operator()(const at::Tensor& x) const {
  const at::Tensor inside = swish(depthwise(expand.weight.defined() ? swish(expand(x)) : x));
  // Channels are weighted by what is seen anywhere: Hu, Shen & Sun (2018).
  const at::Tensor gate = at::sigmoid(restore(swish(reduce(inside.mean({2, 3}, /*keepdim=*/true)))));
  const at::Tensor result = project(inside * gate);
  return skip ? result + x : result;
}

Encoder::Encoder(const Layers& layers) {
  const std::string base = "encoder.original_model.";
  stem_ = layers.normed(base + "conv_stem", base + "bn1", 3, -1, 3, kNormEpsilon);
  stem_.stride = 2;
  std::int64_t width = stem_.weight.size(0);
  for (std::size_t s = 0; s < std::size(kStrides); ++s) {
    std::vector<Block>& stage = stages_.emplace_back();
    for (std::string name;
         name = base + "blocks." + std::to_string(s) + "." + std::to_string(stage.size()) + ".",
         stage.empty() || layers.contains(name + "conv_dw.weight");) {
      stage.push_back(block(layers, name, width, stage.empty() ? kStrides[s] : 1));
      width = stage.back().project.weight.size(0);
    }
    if (kTapped[s]) widths_.push_back(width);
  }
  // Published with a norm and an activation behind it, but used without.
  const at::Tensor head = layers.tensor(base + "conv_head.weight", {-1, width, 1, 1});
  head_ = {head.to(stem_.weight.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast), {}};
  widths_.push_back(head.size(0));
}

std::vector<at::Tensor> Encoder::operator()(const at::Tensor& pictures) const {
  std::vector<at::Tensor> maps;
  at::Tensor x = swish(stem_(pictures));
  for (std::size_t s = 0; s < stages_.size(); ++s) {
    for (const Block& block : stages_[s]) x = block(x);
    if (kTapped[s]) maps.push_back(x);
  }
  maps.push_back(head_(x));
  return maps;
}

}  // namespace reverie::adabins
