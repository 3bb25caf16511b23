#pragma once
// Statistics and derivatives, to compare random and differentiable code with what it should be.

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace reverie::test {

inline at::Generator seeded(std::uint64_t seed) { return at::make_generator<at::CPUGeneratorImpl>(seed); }

inline double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

/// The probability of a Kolmogorov-Smirnov distance above this is 1 in 10^5, for `n` draws of the
/// distribution.
inline double ks_bound(std::size_t n) { return 2.47 / std::sqrt(static_cast<double>(n)); }

/// Largest difference between the draws' distribution and a continuous one.
inline double ks_distance(std::vector<double> draws, const std::function<double(double)>& cdf) {
  std::sort(draws.begin(), draws.end());
  double result = 0;
  for (std::size_t i = 0; i < draws.size(); ++i) {
    const double f = cdf(draws[i]), n = static_cast<double>(draws.size());
    result = std::max({result, f - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - f});
  }
  return result;
}

inline void expect_uniform(const std::vector<double>& draws, double low, double high) {
  ASSERT_FALSE(draws.empty());
  EXPECT_GE(*std::min_element(draws.begin(), draws.end()), low);
  EXPECT_LE(*std::max_element(draws.begin(), draws.end()), high);
  EXPECT_LT(ks_distance(draws, [&](double x) { return std::clamp((x - low) / (high - low), 0.0, 1.0); }),
            ks_bound(draws.size()));
}

/// `hits` of `n` trials, within five standard deviations of what `p` predicts.
inline void expect_frequency(std::size_t hits, std::size_t n, double p) {
  const double mean = p * static_cast<double>(n), deviation = std::sqrt(mean * (1 - p));
  EXPECT_NEAR(static_cast<double>(hits), mean, 5 * deviation);
}

inline double largest(const at::Tensor& x) { return x.numel() ? x.abs().max().item<double>() : 0.0; }

/// Autograd against central differences, in double, element by element.
inline void expect_gradient(const std::function<at::Tensor(const at::Tensor&)>& scalar,
                            const at::Tensor& at_point, double tolerance = 1e-6) {
  const at::Tensor x = at_point.detach().to(at::kDouble).clone().set_requires_grad(true);
  scalar(x).backward();
  const at::Tensor gradient = x.grad();
  at::Tensor probe = x.detach().clone();
  const at::Tensor flat = probe.view(-1), expected = gradient.reshape(-1);
  constexpr double kStep = 1e-5;
  for (std::int64_t i = 0; i < flat.numel(); ++i) {
    const double value = flat[i].item<double>();
    flat[i] = value + kStep;
    const double above = scalar(probe).item<double>();
    flat[i] = value - kStep;
    const double below = scalar(probe).item<double>();
    flat[i] = value;
    EXPECT_NEAR(expected[i].item<double>(), (above - below) / (2 * kStep), tolerance) << "element " << i;
  }
}

}  // namespace reverie::test
