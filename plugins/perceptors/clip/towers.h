#pragma once
// CLIP's image and text encoders, in OpenAI's naming of the tensors.
//
// Hyperparameters are not configured: they follow from the tensors' shapes. A network is a vision transformer
// exactly when it has `visual.proj`, and EVA02's when it has `visual.trunk.head.weight`; otherwise it is a
// modified ResNet.

#include <array>
#include <memory>

#include "reverie/weights.h"
#include "transformer.h"

namespace reverie::clip {

/// What the shapes say about a set of weights.
struct Shape {
  bool vision_transformer;
  std::int64_t image_size;  ///< side of the square input, pixels
  std::int64_t embedding;   ///< length of an embedding
  std::int64_t vision_width;
  std::vector<std::int64_t> vision_layers;  ///< one count for a transformer, four for a ResNet
  std::int64_t vision_heads;                ///< of the transformer, or of the ResNet's attention pooling
  std::int64_t patch;                       ///< side of a patch (transformer only)
  std::int64_t context;                     ///< tokens of a text, start and end included
  std::int64_t vocabulary;
  std::int64_t text_layers;
  std::int64_t text_heads;
  bool eva = false;  ///< EVA02's
};

/// How pictures of 0..1 are shifted and scaled, by channel.
struct Normalisation {
  std::array<double, 3> mean, deviation;
};

/// Throws Error(model) naming the first thing that is missing or does not fit.
Shape infer_shape(const Weights& weights);

class VisionTower {
 public:
  virtual ~VisionTower() = default;
  /// images [N, 3, image_size, image_size], normalised, to embeddings [N, embedding]. Differentiable.
  virtual at::Tensor operator()(const at::Tensor& images) const = 0;
  /// What the network sees on the way [N, C, h, w], float: of a ResNet, behind each of its four layers; of a
  /// transformer, the patches behind each block but the last, whose patches the embedding does not depend on.
  virtual std::vector<at::Tensor> features(const at::Tensor& images) const = 0;
};

/// `training` makes a ResNet's batch norms use, and record, the statistics of each batch.
std::unique_ptr<VisionTower> make_vision_tower(const Shape& shape, const TensorSource& get,
                                               Activation activation, bool training = false);

/// The ids of texts as int64 [N, context], with zeros behind them.
at::Tensor token_rows(const std::vector<std::vector<std::int64_t>>& texts, std::int64_t context);

class TextTower {
 public:
  TextTower(const Shape& shape, const TensorSource& get, Activation activation);
  /// tokens int64 [N, length] to embeddings [N, embedding], length at most `context`: padding behind the
  /// longest text changes nothing, so it need not be computed.
  at::Tensor operator()(const at::Tensor& tokens) const;

 private:
  at::Tensor token_embedding_, position_, projection_;
  Transformer transformer_;
  LayerNorm norm_;
};

}  // namespace reverie::clip
