// Reads a CLIP network's hyperparameters off its tensors' shapes.

#include <ATen/ATen.h>

#include <cmath>
#include <set>

#include "modified_resnet.h"
#include "towers.h"
#include "vision_transformer.h"

namespace reverie::clip {
namespace {

/// Counts the distinct numbers that follow `prefix` in the names, which must be 0, 1, 2, ...
std::int64_t count_blocks(const Weights& weights, const std::string& prefix) {
  std::set<std::int64_t> seen;
  for (const std::string& name : weights.names()) {
    if (name.compare(0, prefix.size(), prefix) != 0) continue;
    const std::string digits = name.substr(prefix.size(), name.find('.', prefix.size()) - prefix.size());
    if (!digits.empty() && digits.size() < 6 && digits.find_first_not_of("0123456789") == std::string::npos)
      seen.insert(std::stoll(digits));
  }
  if (seen.empty() || *seen.rbegin() + 1 != static_cast<std::int64_t>(seen.size()))
    throw Error(ErrorKind::model, "'" + weights.origin() + "' is not a CLIP model: its blocks '" + prefix +
                                      "N' are missing or not numbered without gaps");
  return static_cast<std::int64_t>(seen.size());
}

at::Tensor expect(const Weights& weights, const std::string& name, std::int64_t dimensions) {
  at::Tensor tensor = weights.tensor(name);
  if (tensor.dim() != dimensions || tensor.numel() == 0)
    throw Error(ErrorKind::model, "'" + weights.origin() + "': tensor '" + name + "' should have " +
                                      std::to_string(dimensions) + " dimensions and some elements");
  return tensor;
}

std::int64_t grid_side(const Weights& weights, const std::string& name) {
  const std::int64_t rows = expect(weights, name, 2).size(0) - 1;
  const auto side = static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(rows))));
  if (side < 1 || side * side != rows)
    throw Error(ErrorKind::model, "'" + weights.origin() + "': '" + name + "' does not describe a square grid");
  return side;
}

}  // namespace

Shape infer_shape(const Weights& weights) {
  Shape shape{};
  shape.vision_transformer = weights.contains("visual.proj");
  const at::Tensor conv1 = expect(weights, "visual.conv1.weight", 4);
  if (shape.vision_transformer) {
    shape.vision_width = conv1.size(0);
    shape.patch = conv1.size(2);
    shape.vision_layers = {count_blocks(weights, "visual.transformer.resblocks.")};
    shape.image_size = shape.patch * grid_side(weights, "visual.positional_embedding");
  } else {
    shape.vision_width = expect(weights, "visual.layer1.0.conv1.weight", 4).size(0);
    for (int layer = 1; layer <= 4; ++layer)
      shape.vision_layers.push_back(count_blocks(weights, "visual.layer" + std::to_string(layer) + "."));
    shape.image_size = 32 * grid_side(weights, "visual.attnpool.positional_embedding");
  }
  shape.embedding = expect(weights, "text_projection", 2).size(1);
  shape.context = expect(weights, "positional_embedding", 2).size(0);
  shape.vocabulary = expect(weights, "token_embedding.weight", 2).size(0);
  shape.text_layers = count_blocks(weights, "transformer.resblocks.");
  if (shape.vision_transformer && shape.vision_width % kHeadWidth != 0)
    throw Error(ErrorKind::model, "'" + weights.origin() + "': width " + std::to_string(shape.vision_width) +
                                      " of the vision transformer is not a multiple of 64");
  return shape;
}

std::unique_ptr<VisionTower> make_vision_tower(const Shape& shape, const TensorSource& get, Activation activation,
                                               bool training) {
  if (shape.vision_transformer) return std::make_unique<VisionTransformer>(shape, get, activation);
  return std::make_unique<ModifiedResNet>(shape, get, training);
}

}  // namespace reverie::clip
