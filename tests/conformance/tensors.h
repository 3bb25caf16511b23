#pragma once
// Tensors that conformance tests feed to plugins, on the device that is tested, and what they check on those
// that come back.

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/device.h"

namespace reverie::test {

/// Uniform -1..1, the same for the same seed.
inline at::Tensor random_tensor(at::IntArrayRef sizes, std::uint64_t seed) {
  const at::Tensor drawn = at::rand(sizes, at::make_generator<at::CPUGeneratorImpl>(seed), at::kFloat);
  return drawn.to(tested_device()) * 2 - 1;
}

/// Uniform 0..1.
inline at::Tensor random_picture(std::int64_t width, std::int64_t height, std::uint64_t seed) {
  return random_tensor({1, 3, height, width}, seed) * 0.5 + 0.5;
}

/// [1, 3, height, width], 0.1..0.9: one wave across each side, another phase in each channel.
inline at::Tensor smooth_picture(std::int64_t width, std::int64_t height) {
  const double turn = 2 * std::acos(-1.0);
  const auto along = [&](std::int64_t size) {
    return (at::arange(size, at::kFloat) + 0.5) * (turn / static_cast<double>(size));
  };
  const at::Tensor x = along(width).view({1, width}), y = along(height).view({height, 1});
  std::vector<at::Tensor> channels;
  for (int c = 0; c < 3; ++c) channels.push_back((x + c).sin() * 0.2 + (y + 2 * c).cos() * 0.2 + 0.5);
  return at::stack(channels).unsqueeze(0).to(tested_device());
}

/// float32 of the sizes, finite, within low..high.
inline testing::AssertionResult is_plane(const at::Tensor& tensor, at::IntArrayRef sizes, double low,
                                         double high) {
  if (!tensor.defined()) return testing::AssertionFailure() << "it is undefined";
  if (tensor.sizes() != sizes)
    return testing::AssertionFailure() << "its shape is " << tensor.sizes() << ", not " << sizes;
  if (tensor.scalar_type() != at::kFloat)
    return testing::AssertionFailure() << "it is of type " << tensor.scalar_type();
  if (!tensor.isfinite().all().item<bool>())
    return testing::AssertionFailure() << "not all of its values are finite";
  const double least = tensor.min().item<double>(), most = tensor.max().item<double>();
  if (least < low || most > high)
    return testing::AssertionFailure()
           << "its values lie in " << least << ".." << most << ", not in " << low << ".." << high;
  return testing::AssertionSuccess();
}

/// [1, 3, H, W], float32, finite, 0..1.
inline testing::AssertionResult is_picture(const at::Tensor& tensor) {
  if (!tensor.defined() || tensor.dim() != 4)
    return testing::AssertionFailure() << "it has not four dimensions";
  return is_plane(tensor, {1, 3, tensor.size(2), tensor.size(3)}, 0, 1);
}

inline constexpr double kUnbounded = 1e30;

/// For INSTANTIATE_TEST_SUITE_P over names of plugins.
inline constexpr auto name_as_is = [](const auto& info) { return info.param; };

}  // namespace reverie::test
