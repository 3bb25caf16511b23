#pragma once
// Motion: settings whose values vary from frame to frame.

#include <set>
#include <span>
#include <string>
#include <vector>

#include "prompts/evaluate.h"
#include "settings/settings.h"

namespace reverie {

/// A setting that is declared with is_animatable(): an animation mode's, a loss's, or one of the program.
struct MotionSetting {
  std::string name;
  std::size_t count = 1;  ///< how many numbers it is
  Expression expression;
  std::vector<double> usual = {};  ///< its default
  ParamSpec spec = {};             ///< its declaration: the range of its numbers
  Location location = {};
};

/// Compiles those of `params` that may vary. `variables` are the names of the sound, which all of them may
/// use besides time_variables(); each may use its own, too. What is wrong is added to `problems`, located.
std::vector<MotionSetting> parse_motion(const Settings& settings, std::span<const ParamSpec> params,
                                        const std::set<std::string>& variables,
                                        std::vector<Problem>& problems);

/// The present numbers of a motion setting, all finite and in its range. Throws Error(settings) that names
/// it, and t; where it is a measured variable that makes one of them nan, infinite or too large or small, the
/// default takes their place, with a warning. `moment` as in Purpose.
std::vector<double> numbers_of(const MotionSetting& motion, const std::map<std::string, double>& values,
                               Warnings& warnings, const std::string& moment = {});

}  // namespace reverie
