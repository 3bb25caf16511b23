#pragma once
// Values of schedules: every expression that varies, at every frame, before anything is rendered.

#include <cstdint>
#include <string>
#include <vector>

#include "app/plan.h"

namespace reverie::app {

struct Curve {
  std::string name;            ///< the setting, or the scene and the prompt
  std::vector<double> values;  ///< one for each frame; nan where it does not count or cannot be computed
};

struct Curves {
  std::vector<double> seconds;  ///< t, when each frame begins
  std::vector<Curve> curves;
  std::vector<std::string> unknown;  ///< names of those that depend on sound or on depths
};

Curves curves_of(const Plan& plan);

/// A table: frame, t, and a column for each curve; empty where there is no value (RFC 4180).
std::string curves_csv(const Curves& curves);

/// A drawing: one strip for each curve, over the frames.
std::string curves_svg(const Curves& curves);

}  // namespace reverie::app
