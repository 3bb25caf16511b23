#pragma once
// The codebook under training: every code follows the mean of the latents it is nearest to (van den Oord et
// al. 2017, appendix A.1), and codes that are near to hardly any latent are restarted somewhere else.

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

namespace reverie::train_vqgan {

class Codebook {
 public:
  /// `codes` [K, D] is changed in place.
  explicit Codebook(at::Tensor codes);

  /// Sets the codes by k-means on latents [N, D], N at least K.
  void start(const at::Tensor& latents, at::Generator generator);

  /// Moves the codes towards latents [N, D]; `nearest` [N] are the codes they were given.
  void follow(const at::Tensor& latents, const at::Tensor& nearest);

  /// Puts codes that are seldom used where latents [N, D] are; returns how many.
  std::int64_t revive(const at::Tensor& latents, at::Generator generator);

  at::Tensor codes, counts, sums;  // sliding means a step: how many latents, and their sum
};

/// exp(entropy) of how often each of `count` codes occurs among `indexes`: the number of codes that would
/// carry as much if all were used equally.
double perplexity(const at::Tensor& indexes, std::int64_t count);

}  // namespace reverie::train_vqgan
