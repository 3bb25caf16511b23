#pragma once
// AdaBins' decoder: the coarsest map, enlarged four times and joined with the encoder's map of each size.

#include <array>

#include "layers.h"

namespace reverie::adabins {

class Decoder {
 public:
  /// `widths` of the encoder's maps, from the finest to the coarsest.
  Decoder(const Layers& layers, const std::vector<std::int64_t>& widths);

  std::int64_t width() const { return last_.weight.size(0); }

  /// The encoder's maps to one of the finest's size.
  at::Tensor operator()(const std::vector<at::Tensor>& maps) const;

 private:
  /// What follows an enlargement: a 3 x 3 convolution of the larger map and the encoder's, joined, and
  /// another.
  struct Step {
    std::array<Convolution, 3> rows;  ///< the first convolution's rows as 1 x 1 convolutions of the small map
    Convolution skip, second;
    at::Tensor operator()(const at::Tensor& small, const at::Tensor& encoded) const;
  };
  Convolution deepest_, last_;
  std::array<Step, 4> steps_;
};

}  // namespace reverie::adabins
