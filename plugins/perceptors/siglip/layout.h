#pragma once
// Where the tensors of a SigLIP lie in the files of transformers and of open_clip (whose image tower is
// timm's).

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "reverie/weights.h"
#include "transformer.h"

namespace reverie::siglip {

/// What the tensors' shapes say.
struct Shape {
  std::int64_t image_size, patch;
  std::int64_t embedding;  ///< also the width of the image tower
  std::int64_t image_layers, image_heads;
  std::int64_t context, vocabulary;
  std::int64_t text_width, text_layers, text_heads;
};

/// Gives the tensors the names that CLIP's have (visual.conv1, transformer.resblocks.0, ...), with a few
/// more: visual.conv1.bias, visual.pool.{probe, ln, mlp, attn} and text_projection.{weight, bias}.
class Layout {
 public:
  /// Whether the names are those of a SigLIP, whatever wraps them.
  static bool recognises(const Weights& weights);

  /// Throws Error(model) naming the first tensor that is missing or does not fit, Error(unsupported) for a
  /// relative whose network is another one. `weights` must outlive this.
  explicit Layout(const Weights& weights);

  const Shape& shape() const { return shape_; }
  /// In the file's dtype.
  at::Tensor tensor(const std::string& name) const;

 private:
  at::Tensor need(const std::string& name, const std::vector<std::int64_t>& sizes) const;
  void need_linear(const std::string& name, std::int64_t in, std::int64_t out) const;
  void need_norm(const std::string& name, std::int64_t width) const;
  void need_mlp(const std::string& name, std::int64_t width) const;
  void need_attention(const std::string& name, std::int64_t width) const;
  void need_blocks(const std::string& prefix, std::int64_t layers, std::int64_t width) const;
  std::int64_t count_blocks(const std::string& prefix) const;
  void infer_shape();
  void check() const;

  const Weights& weights_;
  /// By our name: the file's tensors, which are joined along the first dimension.
  std::map<std::string, std::vector<std::string>> sources_;
  std::vector<std::string> unknown_;
  Shape shape_{};
};

}  // namespace reverie::siglip
