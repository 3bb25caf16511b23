#pragma once
// What the losses of a run were, in memory that does not grow with the run.

#include <algorithm>
#include <string>
#include <vector>

#include "reverie/viewer.h"

namespace reverie::viewers {

/// Names for the losses of one step, all different: a prompt may be written twice.
inline std::vector<std::string> distinct_names(const std::vector<RunUpdate::Loss>& losses) {
  std::vector<std::string> names;
  for (const RunUpdate::Loss& loss : losses) {
    std::string name = loss.name;
    for (int copy = 2; std::find(names.begin(), names.end(), name) != names.end(); ++copy)
      name = loss.name + " (" + std::to_string(copy) + ")";
    names.push_back(std::move(name));
  }
  return names;
}

class LossHistory {
 public:
  /// Points that a series has at most. Steps are put together as the run goes on: so many that this is
  /// enough.
  static constexpr std::int64_t kMost = 1024;

  /// Some steps that follow each other.
  struct Point {
    std::int64_t slot;  ///< steps slot * stride() + 1 and following
    std::int64_t steps;
    double mean, low, high;
  };
  struct Series {
    std::string name;
    RunUpdate::Loss::Kind kind;
    std::vector<Point> points;  ///< in order; slots are left out where the loss was not measured
  };

  void add(const RunUpdate::Step& step) {
    while ((step.number - 1) / stride_ >= kMost) double_stride();
    const std::vector<std::string> names = distinct_names(step.losses);
    for (std::size_t i = 0; i < names.size(); ++i) {
      const double value = step.losses[i].value;
      add(names[i], step.losses[i].kind, {(step.number - 1) / stride_, 1, value, value, value});
    }
  }

  /// For those who read an earlier history: `point` lies behind all others of its series.
  void add(const std::string& name, RunUpdate::Loss::Kind kind, const Point& point) {
    auto found = std::find_if(series_.begin(), series_.end(),
                              [&](const Series& one) { return one.name == name && one.kind == kind; });
    if (found == series_.end()) found = series_.insert(found, {name, kind, {}});
    put(found->points, point);
  }
  void start_with_stride(std::int64_t stride) { stride_ = std::max<std::int64_t>(1, stride); }

  std::int64_t stride() const { return stride_; }
  /// In the order in which they were first measured.
  const std::vector<Series>& series() const { return series_; }

  /// Where a point lies among the steps.
  double step_of(const Point& point) const {
    return static_cast<double>(point.slot * stride_) + (static_cast<double>(stride_) + 1) / 2;
  }

 private:
  static void put(std::vector<Point>& points, const Point& point) {
    if (points.empty() || points.back().slot != point.slot) {
      points.push_back(point);
      return;
    }
    Point& last = points.back();
    const double all = static_cast<double>(last.steps + point.steps);
    last.mean += (point.mean - last.mean) * static_cast<double>(point.steps) / all;
    last.low = std::min(last.low, point.low);
    last.high = std::max(last.high, point.high);
    last.steps += point.steps;
  }

  void double_stride() {
    stride_ *= 2;
    for (Series& one : series_) {
      std::vector<Point> halved;
      for (Point point : one.points) {
        point.slot /= 2;
        put(halved, point);
      }
      one.points = std::move(halved);
    }
  }

  std::int64_t stride_ = 1;
  std::vector<Series> series_;
};

}  // namespace reverie::viewers
