#pragma once
// The decoder of dense prediction transformers (Ranftl, Bochkovskiy & Koltun 2021) as Depth Anything has it:
// four maps from one grid, brought to four resolutions and joined from the coarsest to the finest.

#include <array>
#include <vector>

#include "checkpoint.h"

namespace reverie::depth_anything {

class Decoder {
 public:
  /// `width` of what the encoder gives.
  Decoder(const depth_estimators::Checkpoint& file, std::int64_t width, c10::Device device,
          at::ScalarType dtype);

  /// Four maps [N, width, rows, columns] to what is near: [N, 1, height, width], not negative, float (double
  /// in a double network).
  at::Tensor operator()(const std::vector<at::Tensor>& taps, std::int64_t height, std::int64_t width) const;

 private:
  struct Convolution {
    at::Tensor weight, bias;
    at::Tensor operator()(const at::Tensor& x, std::int64_t stride = 1) const;  ///< keeps the size but for it
  };
  struct Residual {
    Convolution first, second;
    at::Tensor operator()(const at::Tensor& x) const;
  };
  struct Level {
    Convolution projection, resize, narrowed;
    Residual skip, joined;
    Convolution out;
  };
  at::Tensor resized(std::size_t level, const at::Tensor& x) const;

  std::array<Level, 4> levels_;  // from the finest to the coarsest
  Convolution head_, hidden_, last_;
};

}  // namespace reverie::depth_anything
