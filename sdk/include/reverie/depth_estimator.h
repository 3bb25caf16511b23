#pragma once
// DepthEstimator: how far each pixel of a picture is.

#include <ATen/core/Tensor.h>
#include <tuple>

#include "reverie/extension.h"
#include "reverie/host.h"
#include "reverie/params.h"

namespace reverie {

class REVERIE_PUBLIC DepthEstimator : public Extensible {
 public:
  static constexpr const char* kKind = "depth_estimators";
  static constexpr std::uint32_t kInterfaceVersion = 1;

  /// A plugin class has the constructor `Plugin(Host&, const Params&, const Setup&)`.
  struct Setup {};  ///< which weights it uses, its own parameters say

  /// [frame; step when a depth loss is on] image [1, 3, H, W] 0..1 of any size from 1x1 (pad where the
  /// network needs more) to depth [1, 1, H, W] float32, larger = farther, within range().
  virtual at::Tensor estimate(const at::Tensor& image) = 0;

  /// Whether gradients flow from estimate()'s result to its image. Where not, depth losses are refused.
  virtual bool differentiable() const = 0;

  /// The unit-less interval the estimates lie in; modes map it linearly to near_plane..far_plane.
  struct Range {
    double nearest, farthest;
  };
  virtual Range range() const { return {1e-3, 10}; }

  /// The structs that calls pass: their sizes are part of the handshake.
  using Structs = std::tuple<Range>;
};

}  // namespace reverie
