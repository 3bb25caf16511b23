#pragma once
// A picture as perceptors look at it, whole and always in the same way: in square windows.

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "reverie/uses_perceptors.h"

namespace reverie {

/// `picture` [1, 3, H, W], resized so that its shorter side is `across` windows of `side` pixels, and cut
/// into windows [N, 3, side, side] at equal distances, as few as cover it: they overlap where they do not
/// fit. Differentiable.
inline at::Tensor windows_of(const at::Tensor& picture, std::int64_t side, std::int64_t across) {
  const std::int64_t shorter = std::min(picture.size(2), picture.size(3));
  const auto scaled = [&](std::int64_t length) {
    const double longer = static_cast<double>(length * side * across) / static_cast<double>(shorter);
    return std::max(side * across, static_cast<std::int64_t>(std::llround(longer)));
  };
  const std::int64_t height = scaled(picture.size(2)), width = scaled(picture.size(3));
  const std::int64_t size[] = {height, width};
  at::Tensor resized = picture;
  if (height != picture.size(2) || width != picture.size(3))
    resized = at::_upsample_bilinear2d_aa(picture, at::IntArrayRef(size), /*align_corners=*/false);
  const auto places = [side](std::int64_t length) {
    const std::int64_t count = (length + side - 1) / side;
    std::vector<std::int64_t> result;
    for (std::int64_t i = 0; i < count; ++i)
      result.push_back(count == 1 ? 0 : i * (length - side) / (count - 1));
    return result;
  };
  std::vector<at::Tensor> windows;
  for (const std::int64_t y : places(height))
    for (const std::int64_t x : places(width))
      windows.push_back(resized.narrow(2, y, side).narrow(3, x, side));
  return at::cat(windows);
}

/// The perceptor that a setting names or, where it names none, the first that will do. `wanted` says what it
/// takes, for messages.
template <typename WillDo>
Perceptor& choose_perceptor(const std::vector<UsesPerceptors::Named>& perceptors, const std::string& setting,
                            const std::string& name, const std::string& wanted, const WillDo& will_do) {
  std::string names;
  for (const auto& [called, perceptor] : perceptors) {
    names += (names.empty() ? "" : ", ") + called;
    if ((name.empty() || name == called) && will_do(*perceptor)) return *perceptor;
  }
  throw Error(ErrorKind::settings,
              name.empty() ? "none of the 'perceptors' (" + names + ") has " + wanted
                           : "'" + setting + "' is '" + name + "', which is not among the 'perceptors' (" +
                                 names + ") or has not " + wanted,
              "name another one in 'perceptors'");
}

}  // namespace reverie
