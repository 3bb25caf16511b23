#pragma once
// AdaBins (Bhat, Alhashim & Wonka 2021, "AdaBins: Depth estimation using adaptive bins"), trained on rooms.

#include "bins.h"
#include "decoder.h"
#include "encoder.h"

namespace reverie::adabins {

constexpr double kNearest = 1e-3, kFarthest = 10;  // metres: what it was trained for

/// Immutable and thread-safe; differentiable with respect to the picture.
class Network {
 public:
  /// `dtype` is that of all but the encoder, which computes in float (double in a double network). Throws
  /// Error(model) naming the tensor that is absent or of another shape.
  Network(const Weights& weights, c10::Device device, at::ScalarType dtype);

  /// The size to which a picture is scaled for the network: its own, unless the network would have too few
  /// tokens of it or too many.
  struct Size {
    std::int64_t height, width;
  };
  Size seen_size(std::int64_t height, std::int64_t width) const;

  /// The depths [1, 1, H, W] in metres, float (double in a double network), of a picture [1, 3, H, W] 0..1 of
  /// any size; `mirrored`: the mean of the picture's and of its mirror image's, turned back, in twice the
  /// time.
  at::Tensor operator()(const at::Tensor& picture, bool mirrored) const;

 private:
  /// `exact` for the encoder.
  Network(const Layers& layers, const Layers& exact);

  Encoder encoder_;
  Decoder decoder_;
  Bins bins_;
  at::ScalarType dtype_, encoder_dtype_;
};

}  // namespace reverie::adabins
