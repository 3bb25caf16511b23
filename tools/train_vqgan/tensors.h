#pragma once
// The tensors of a VQGAN under training, their first values, and Adam.

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "reverie/weights.h"

namespace reverie::train {

using Tensors = std::map<std::string, at::Tensor>;

constexpr const char* kCodebook = "quantize.embedding.weight";

/// A map of tensors as the networks of plugins take them.
struct TensorWeights final : Weights {
  explicit TensorWeights(Tensors given) : tensors(std::move(given)) {}
  std::vector<std::string> names() const override;
  bool contains(const std::string& name) const override { return tensors.count(name) > 0; }
  at::Tensor tensor(const std::string& name) const override { return tensors.at(name); }
  const std::map<std::string, std::string>& metadata() const override { return data; }
  std::string origin() const override { return "network under training"; }

  Tensors tensors;
  std::map<std::string, std::string> data;
};

/// What is to be trained: widths by level, from full resolution down, and the codebook.
struct Design {
  std::vector<std::int64_t> widths{28, 28, 56, 112};
  std::int64_t blocks = 1;  ///< a level in the encoder; the decoder has one more
  std::int64_t latent = 64, embedding = 32, codes = 4096;
};

/// Convolutions as He et al. (2015) propose for rectifiers, the last of each residual block at a tenth of
/// that, so that the blocks begin near the identity.
Tensors first_values(const Design& design, at::Generator generator);

/// A discriminator of patches (Isola et al. 2017, section 3.2.2): its score of a place sees 34 x 34 pixels.
Tensors first_discriminator(at::Generator generator);
at::Tensor discriminate(const Tensors& discriminator, const at::Tensor& images, at::ScalarType dtype);

/// Adam (Kingma & Ba 2015) on tensors by name. Its state is two tensors for each, and can be stored.
class Adam {
 public:
  Adam(double beta1, double beta2) : beta1_(beta1), beta2_(beta2) {}

  /// Uses and clears the gradients of those tensors that have one; `step` counts from 1.
  void update(Tensors& tensors, double rate, std::int64_t step);

  Tensors means, squares;

 private:
  double beta1_, beta2_;
};

}  // namespace reverie::train
