#pragma once
// What RAFT sees of a picture at an eighth of its resolution.

#include <ATen/core/Tensor.h>

#include <vector>

#include "layers.h"

namespace reverie::raft {

/// A convolution of 7 x 7, three stages of two residual blocks each (bottlenecks in the small network), and a
/// projection. Of pictures [N, 3, H, W] -1..1, sides multiples of 8: [N, out, H/8, W/8].
class Encoder {
 public:
  /// That of features, or that of the context.
  Encoder(const Source& source, bool context, std::int64_t out);

  at::Tensor operator()(const at::Tensor& pictures) const;

 private:
  struct Block {
    std::vector<Convolution> convolutions;
    Convolution shortcut;  // undefined where the block keeps size and channels
  };

  Convolution stem_, projection_;
  std::vector<Block> blocks_;
};

}  // namespace reverie::raft
