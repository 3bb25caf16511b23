#pragma once
// A small network that estimates depths from one picture: an encoder of strided convolutions and residual
// blocks (He et al. 2016), a decoder with skip connections (Ronneberger et al. 2015). Besides the colours it
// sees how high in the picture each pixel is, as Liu et al. (2018) propose.
//
// It works on pictures whose longer side is kSide, at half of that in the end, so the time does not depend on
// the size of the picture and the same picture in another size has nearly the same depths.

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "reverie/weights.h"

namespace reverie::tiny_depth {

constexpr std::int64_t kSide = 192;
constexpr double kNearest = 1e-3, kFarthest = 10;  // what depths lie in

struct Layer {
  std::string_view name;
  std::int64_t in, out, stride;  // all are of 3 x 3
};

// Numbers count the halvings of the resolution.
inline constexpr Layer kLayers[] = {
    {"down1", 4, 16, 2},       {"down2", 16, 32, 2},      {"block2.0", 32, 32, 1},
    {"block2.1", 32, 32, 1},   {"down3", 32, 48, 2},      {"block3.0", 48, 48, 1},
    {"block3.1", 48, 48, 1},   {"down4", 48, 96, 2},      {"block4.0", 96, 96, 1},
    {"block4.1", 96, 96, 1},   {"down5", 96, 128, 2},     {"block5.0", 128, 128, 1},
    {"block5.1", 128, 128, 1}, {"block6.0", 128, 128, 1}, {"block6.1", 128, 128, 1},
    {"up4", 128 + 96, 96, 1},  {"up3", 96 + 48, 48, 1},   {"up2", 48 + 32, 32, 1},
    {"up1", 32 + 16, 16, 1},   {"depth", 16, 1, 1},
};

/// Applies a layer's convolution, and what normalises its result if anything does; no activation. In training
/// that is another one than later, which is why the network is a function of it.
using Convolve = std::function<at::Tensor(const Layer& layer, const at::Tensor& x)>;

/// Of pictures [N, 3, H, W] 0..1 with even sides, as they are, in half their resolution: [N, 1, H/2, W/2],
/// float (double in a double network), unlimited. depth_of_logits() has their meaning.
at::Tensor depth_logits(const at::Tensor& pictures, const Convolve& convolve);

/// Logits [N, 1, h, w] as depths [N, 1, height, width] within kNearest..kFarthest.
at::Tensor depth_of_logits(const at::Tensor& logits, std::int64_t height, std::int64_t width);

/// A trained network. Immutable and thread-safe; differentiable with respect to the picture.
class Network {
 public:
  /// Throws Error(model) naming the tensor that is absent or of another shape.
  Network(const Weights& weights, c10::Device device, at::ScalarType dtype);

  /// The depths [N, 1, H, W], float (double in a double network), of pictures [N, 3, H, W] 0..1 of any size.
  at::Tensor operator()(const at::Tensor& pictures) const;

 private:
  struct Convolution {
    at::Tensor weight, bias;
  };
  at::ScalarType dtype_;
  std::map<std::string_view, Convolution> convolutions_;
};

}  // namespace reverie::tiny_depth
