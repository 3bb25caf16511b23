#pragma once
// What gave AdaBins its name (Bhat, Alhashim & Wonka 2021): a transformer over the whole picture divides the
// range of depths into bins that suit it, and each pixel's depth is a mixture of their centres.

#include <vector>

#include "layers.h"

namespace reverie::adabins {

class Bins {
 public:
  /// `width` of what the decoder gives, `nearest` and `farthest` the range that is divided.
  Bins(const Layers& layers, std::int64_t width, double nearest, double farthest);

  /// Side of the square of the map's pixels that make up a token.
  std::int64_t patch() const { return patches_.weight.size(2); }
  /// Tokens that there must and may be: some of the transformer's results become kernels, and each place has
  /// learnt a position.
  std::int64_t fewest_tokens() const { return out_weight_.size(1) + 1; }
  std::int64_t most_tokens() const { return positions_.size(0); }

  /// The decoder's map [N, width, h, w] to depths [N, 1, h, w], float (double in a double network).
  at::Tensor operator()(const at::Tensor& map) const;

 private:
  struct Linear {
    at::Tensor weight, bias;
    at::Tensor operator()(const at::Tensor& x) const;
  };
  struct Layer {
    Linear qkv, attended, up, down, norm1, norm2;
  };
  at::Tensor transformed(const at::Tensor& map) const;
  at::Tensor centres(const at::Tensor& token) const;

  double nearest_, farthest_;
  Convolution patches_, features_;
  at::Tensor positions_;  // [most tokens, width]
  std::vector<Layer> layers_;
  std::vector<Linear> regressor_;
  at::Tensor out_weight_, out_bias_;  // [bins, kernels], [bins]
};

}  // namespace reverie::adabins
