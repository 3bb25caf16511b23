#include "media/stereo.h"

#include <ATen/ATen.h>

#include "reverie/warp.h"

namespace reverie::media {

StereoPair stereo_pair(const at::Tensor& picture, const at::Tensor& depth, const StereoView& view) {
  const at::NoGradGuard no_grad;
  const double infinity = view.screen > 0 ? 1 / view.screen : 0;
  const at::Tensor half = (depth.to(at::kDouble).reciprocal() - infinity) * (view.focal * view.distance / 2);
  const at::Tensor places = pixel_places(picture.size(2), picture.size(3), picture.device());
  // An eye that is further left sees a thing further right.
  const auto seen = [&](const at::Tensor& further_right) {
    const at::Tensor shift = at::cat({further_right, at::zeros_like(further_right)}, 1).to(places.options());
    return warp(picture, places - shift, Sampling::bicubic, Infill::smear).clamp(0, 1);
  };
  return {seen(half), seen(-half)};
}

at::Tensor side_by_side(const StereoPair& pair) { return at::cat({pair.left, pair.right}, 3); }

at::Tensor anaglyph(const StereoPair& pair) {
  return at::cat({pair.left.narrow(1, 0, 1), pair.right.narrow(1, 1, 2)}, 1);
}

}  // namespace reverie::media
