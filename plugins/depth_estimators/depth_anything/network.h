#pragma once
// Depth Anything V2 (Yang et al. 2024): a vision transformer and a decoder that estimate inverse depths.

#include "decoder.h"
#include "encoder.h"

namespace reverie::depth_anything {

constexpr double kNearest = 1e-3, kFarthest = 10;  // what depths lie in

/// Inverse depths without unit, not negative, as depths within kNearest..kFarthest; differentiable.
at::Tensor depth_of_disparity(const at::Tensor& disparity);

/// Immutable and thread-safe; differentiable with respect to the picture.
class Network {
 public:
  /// Throws Error(model) naming the tensor that is absent or of another shape.
  Network(const Weights& weights, c10::Device device, at::ScalarType dtype);

  /// The size to which a picture is scaled for the network: as published, the shorter side is that of the
  /// training's pictures and both are multiples of a patch. Panoramas are seen smaller, for attention takes
  /// time with the square of the patches: no more of them than of a picture of 4 to 1.
  struct Size {
    std::int64_t height, width;
  };
  Size seen_size(std::int64_t height, std::int64_t width) const;

  /// The inverse depths [N, 1, H, W], float (double in a double network), larger = nearer, of pictures
  /// [N, 3, H, W] 0..1 of any size.
  at::Tensor operator()(const at::Tensor& pictures) const;

 private:
  Network(const depth_estimators::Checkpoint& file, c10::Device device, at::ScalarType dtype);

  Encoder encoder_;
  Decoder decoder_;
};

}  // namespace reverie::depth_anything
