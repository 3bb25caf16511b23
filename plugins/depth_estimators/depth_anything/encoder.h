#pragma once
// DINOv2's vision transformer (Oquab et al. 2023; Dosovitskiy et al. 2020): pre-norm blocks whose two
// branches are scaled by channel (Touvron et al. 2021, "Going deeper with image transformers").

#include <vector>

#include "checkpoint.h"

namespace reverie::depth_anything {

class Encoder {
 public:
  /// Widths and depth are those of the tensors.
  Encoder(const depth_estimators::Checkpoint& file, c10::Device device, at::ScalarType dtype);

  std::int64_t width() const { return class_.size(2); }
  std::int64_t patch() const { return patches_.weight.size(2); }
  /// Patches on a side of the square pictures that it was trained on.
  std::int64_t trained_grid() const;

  /// Of normalised pictures [N, 3, h, w] with sides that are multiples of patch(): what four of the blocks,
  /// evenly spread and the last among them, know of each patch; [N, width, h / patch, w / patch] each.
  std::vector<at::Tensor> operator()(const at::Tensor& pictures) const;

 private:
  struct Linear {
    at::Tensor weight, bias;
  };
  struct Block {
    Linear norm1, qkv, attended, norm2, up, down;
  };
  at::Tensor positions(std::int64_t rows, std::int64_t columns) const;
  at::Tensor norm(const Linear& norm, const at::Tensor& x) const;
  at::Tensor apply(const Linear& linear, const at::Tensor& x) const;
  at::Tensor attention(const Block& block, const at::Tensor& x) const;

  at::ScalarType dtype_;
  at::Tensor class_, position_;  // [1, 1, width], [1, 1 + grid * grid, width]
  Linear patches_, last_norm_;
  std::vector<Block> blocks_;
};

}  // namespace reverie::depth_anything
