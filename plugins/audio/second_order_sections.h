#pragma once
// Digital filters as cascades of second-order sections, which stay accurate where one polynomial of a high
// order would not.

#include <array>
#include <cstddef>
#include <vector>

namespace reverie::audio_filters {

/// H(z) = (b0 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2).
struct Section {
  double b0, b1, b2, a1, a2;
};

/// Butterworth band-pass of `order` (the roll-off on either side; the result has that many sections), -3 dB
/// at `low` and `high`. 0 < low < high < sample_rate / 2.
///
/// The analog prototype's poles lie evenly on the left half of the unit circle. The edges are warped by
/// 2 fs tan(pi f / fs) so that the bilinear transform puts them where they were asked for. Sections are
/// ordered and paired, and all gain is in the first, as SciPy's butter(..., output='sos') does it: each pair
/// of poles gets the zeros next to it, those closest to the unit circle choose first and come last.
std::vector<Section> butterworth_band_pass(int order, double low, double high, double sample_rate);

/// Runs a cascade over a signal, from rest.
class Cascade {
 public:
  explicit Cascade(std::vector<Section> sections)
      : sections_(std::move(sections)), states_(sections_.size()) {}

  /// Filters in double, in place.
  void run(double* samples, std::size_t count);

 private:
  std::vector<Section> sections_;
  std::vector<std::array<double, 2>> states_;
};

}  // namespace reverie::audio_filters
