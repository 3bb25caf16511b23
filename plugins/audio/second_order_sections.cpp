#include "second_order_sections.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

namespace reverie::audio_filters {
namespace {

using Complex = std::complex<double>;

/// Two poles of a section: real both, or one the conjugate of the other.
struct Poles {
  Complex first, second;
};

double from_unit_circle(const Complex& pole) { return std::abs(1 - std::abs(pole)); }

/// What is closest to the unit circle, taken out of the list.
Complex take_worst(std::vector<Complex>& poles) {
  const auto worst = std::min_element(poles.begin(), poles.end(), [](const Complex& a, const Complex& b) {
    return from_unit_circle(a) < from_unit_circle(b);
  });
  const Complex result = *worst;
  poles.erase(worst);
  return result;
}

/// In the order in which they choose their zeros. `upper` holds one of each conjugate pair; `real` is even.
std::vector<Poles> paired(std::vector<Complex> upper, std::vector<Complex> real) {
  std::vector<Poles> pairs;
  for (const Complex& pole : upper) pairs.push_back({pole, std::conj(pole)});
  while (!real.empty()) {
    const Complex first = take_worst(real);
    pairs.push_back({first, take_worst(real)});
  }
  std::stable_sort(pairs.begin(), pairs.end(), [](const Poles& a, const Poles& b) {
    return from_unit_circle(a.first) < from_unit_circle(b.first);
  });
  return pairs;
}

}  // namespace

std::vector<Section> butterworth_band_pass(int order, double low, double high, double sample_rate) {
  // In units in which the bilinear transform is z = (4 + s) / (4 - s).
  const double warped_low = 4 * std::tan(std::numbers::pi * low / sample_rate);
  const double warped_high = 4 * std::tan(std::numbers::pi * high / sample_rate);
  const double width = warped_high - warped_low, centre_squared = warped_low * warped_high;

  std::vector<Complex> upper, real;
  Complex gain = std::pow(width, order) * std::pow(4.0, order);  // of the zeros at s = 0 and at infinity
  for (int i = 0; i < order; ++i) {
    const double angle = std::numbers::pi * (2 * i + 1 - order) / (2 * order);
    const Complex prototype = 2 * i + 1 == order ? Complex(-1) : -std::polar(1.0, angle);
    // Each pole of the low-pass becomes two of the band-pass.
    const Complex half = prototype * (width / 2), root = std::sqrt(half * half - centre_squared);
    for (const Complex& analog : {half + root, half - root}) {
      const Complex pole = (4.0 + analog) / (4.0 - analog);
      gain /= 4.0 - analog;
      if (pole.imag() > 0) upper.push_back(pole);
      if (pole.imag() == 0) real.push_back(pole);
    }
  }

  const std::vector<Poles> pairs = paired(std::move(upper), std::move(real));
  std::vector<Section> sections(pairs.size());
  int left[2] = {order, order};  // zeros at z = -1 and z = 1
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const auto& [first, second] = pairs[i];
    double zeros[2];
    for (double& zero : zeros) {
      const bool near_one = std::abs(first - 1.0) < std::abs(first + 1.0);
      const int chosen = left[near_one] > 0 ? near_one : !near_one;
      --left[chosen];
      zero = chosen ? 1 : -1;
    }
    sections[sections.size() - 1 - i] = {1, -(zeros[0] + zeros[1]), zeros[0] * zeros[1],
                                         -(first + second).real(), (first * second).real()};
  }
  for (double* coefficient : {&sections[0].b0, &sections[0].b1, &sections[0].b2}) *coefficient *= gain.real();
  return sections;
}

void Cascade::run(double* samples, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    double x = samples[i];
    for (std::size_t k = 0; k < sections_.size(); ++k) {
      const Section& s = sections_[k];
      auto& [first, second] = states_[k];
      const double y = s.b0 * x + first;
      first = s.b1 * x - s.a1 * y + second;
      second = s.b2 * x - s.a2 * y;
      x = y;
    }
    samples[i] = x;
  }
  // In silence the states would fade into numbers too small for the processor to be quick with.
  for (auto& state : states_)
    for (double& value : state)
      if (std::abs(value) < 1e-100) value = 0;
}

}  // namespace reverie::audio_filters
