#include "network.h"

#include <cmath>

namespace reverie::depth_anything {
namespace {

constexpr double kLongest = 4;  // the longer side as a multiple of the shorter one, for the patches' number

depth_estimators::Checkpoint checkpoint(const Weights& weights) {
  return {weights, "Depth Anything V2 network", "pretrained.patch_embed.proj.weight",
          "reverie models fetch Depth-Anything-V2-Small downloads one"};
}

}  // namespace

// Disparity 0 is the farthest that there is, and nearness then grows as perspective has it: where disparities
// are large, twice the disparity is half the depth, whatever the network's unit. Nothing here is taken from
// the picture, such as its least and greatest disparity: those change by jumps as things enter and leave, and
// all depths would jump with them. The 1 suits the Small network, whose disparities are of that order: 2.6 at
// the corner of the picture with which conversions of the published files are checked.
at::Tensor depth_of_disparity(const at::Tensor& disparity) {
  return (kFarthest / (1 + disparity)).clamp(kNearest, kFarthest);
}

Network::Network(const Weights& weights, c10::Device device, at::ScalarType dtype)
    : Network(checkpoint(weights), device, dtype) {}

Network::Network(const depth_estimators::Checkpoint& file, c10::Device device, at::ScalarType dtype)
    : encoder_(file, device, dtype), decoder_(file, encoder_.width(), device, dtype) {}

Network::Size Network::seen_size(std::int64_t height, std::int64_t width) const {
  const auto patch = encoder_.patch(), grid = encoder_.trained_grid();
  const double shorter = double(std::min(height, width)), longer = double(std::max(height, width));
  const double patches = double(grid) * std::min(1.0, std::sqrt(kLongest * shorter / longer));
  const auto seen = [&](std::int64_t side) {
    return patch * std::max<std::int64_t>(1, std::llround(patches * double(side) / shorter));
  };
  return {seen(height), seen(width)};
}

at::Tensor Network::operator()(const at::Tensor& pictures) const {
  const auto [height, width] = seen_size(pictures.size(2), pictures.size(3));
  // As published, a cubic filter; what it cannot hold when shrinking is removed, too.
  const bool shrinks = height < pictures.size(2) || width < pictures.size(3);
  const at::Tensor seen = shrinks
                              ? at::_upsample_bicubic2d_aa(pictures, {height, width}, /*align_corners=*/false)
                              : at::upsample_bicubic2d(pictures, {height, width}, /*align_corners=*/false);
  const at::Tensor disparity =
      decoder_(encoder_(depth_estimators::normalised_as_imagenet(seen)), height, width);
  return at::upsample_bilinear2d(disparity, {pictures.size(2), pictures.size(3)}, /*align_corners=*/true);
}

}  // namespace reverie::depth_anything
