#pragma once
// Keyframes as files of values give them, one after another.

#include <optional>
#include <string>
#include <vector>

#include "settings/value.h"

namespace reverie {

/// The shortest text that reads as the same number.
std::string shortest(double value);

/// A finite number, and nothing else; nothing where the text is no such thing.
std::optional<double> number_of(const std::string& text);

/// Keyframes with straight lines in between, as an expression has them. Those are left out that have the same
/// value as their neighbours.
class CurvePoints {
 public:
  void add(double place, std::vector<double> values) { points_.push_back({place, std::move(values)}); }
  bool empty() const { return points_.empty(); }
  RawValue value() const;

 private:
  struct Point {
    double place;
    std::vector<double> values;
  };
  std::vector<Point> points_;
};

}  // namespace reverie
