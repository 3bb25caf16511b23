#pragma once
// FlowEstimator: how pixels moved between two pictures.

#include <ATen/core/Tensor.h>

#include <utility>

#include "reverie/extension.h"
#include "reverie/host.h"
#include "reverie/params.h"

namespace reverie {

class REVERIE_PUBLIC FlowEstimator : public Extensible {
 public:
  static constexpr const char* kKind = "flow_estimators";
  static constexpr std::uint32_t kInterfaceVersion = 2;

  /// A plugin class has the constructor `Plugin(Host&, const Params&, const Setup&)`.
  struct Setup {};  ///< which weights it uses, its own parameters say

  /// [frame; step when a flow loss is on] Both pictures [1, 3, H, W] 0..1, the same size, any size from 1x1.
  /// Returns [1, 2, H, W] float32, in pixels, x then y: the point p of `from` is found at p + flow(p) in
  /// `to`.
  virtual at::Tensor estimate(const at::Tensor& from, const at::Tensor& to) = 0;

  /// estimate(from, to) and estimate(to, from), for estimators that can share work between the two. They
  /// agree with what estimate() gives but for rounding.
  virtual std::pair<at::Tensor, at::Tensor> estimate_both(const at::Tensor& from, const at::Tensor& to) {
    at::Tensor there = estimate(from, to);
    return {std::move(there), estimate(to, from)};
  }

  /// Whether gradients flow to both pictures. Where not, the 3D flow loss is refused.
  virtual bool differentiable() const = 0;
};

}  // namespace reverie
