#pragma once
// Values of schedules: every expression that varies, at every frame, before anything is rendered.

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "app/plan.h"

namespace reverie::app {

struct Keyframe {
  double frame;  ///< f, where it stands
  double value;  ///< nan where it does not count or cannot be computed
};

struct Curve {
  std::string name;            ///< the setting, or the scene and the prompt
  std::vector<double> values;  ///< one for each frame; nan where it does not count or cannot be computed
  std::string setting = {};    ///< where it is written
  std::string text = {};       ///< its expression, as it is written there
  std::int64_t item = -1;      ///< which number of a list it is; -1: it is a number
  std::vector<Keyframe> keyframes = {};  ///< of an expression that is nothing but keyframes
};

struct Curves {
  std::vector<double> seconds;  ///< t, when each frame begins
  std::vector<double> frames;   ///< f at that moment
  std::int64_t every = 1;       ///< how many frames of the run each of these stands for
  std::vector<Curve> curves;
  std::vector<std::string> unknown;  ///< names of those that depend on sound or on depths
};

/// `most`: frames; of a longer run, every second, third, ... frame is computed.
Curves curves_of(const Plan& plan, std::int64_t most = std::numeric_limits<std::int64_t>::max());

/// A table: frame, t, and a column for each curve; empty where there is no value (RFC 4180).
std::string curves_csv(const Curves& curves);

/// A drawing: one strip for each curve, over the frames.
std::string curves_svg(const Curves& curves);

}  // namespace reverie::app
