#pragma once
// Features: what a perceptor's network sees on the way to an embedding. Optional; losses that compare styles
// ask for it by its id.

#include <ATen/core/Tensor.h>

#include <vector>

#include "reverie/extension.h"

namespace reverie {

/// Of a Perceptor.
class REVERIE_PUBLIC Features {
 public:
  static constexpr const char* kId = "reverie.features/1";
  virtual ~Features() = default;

  /// [step] `images` as for Perceptor::embed_images(). The features at several depths of the network, the
  /// early ones first, always as many: each float32 [N, C, h, w] with sizes of its own, differentiable with
  /// respect to the images.
  virtual std::vector<at::Tensor> features(const at::Tensor& images) = 0;
};

}  // namespace reverie
