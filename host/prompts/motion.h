#pragma once
// Motion: settings whose values vary from frame to frame.

#include <set>
#include <span>
#include <string>
#include <vector>

#include "expressions/expression.h"
#include "settings/settings.h"

namespace reverie {

/// A parameter that an animation mode declared with may_vary().
struct MotionSetting {
  std::string name;
  std::size_t count = 1;  ///< how many numbers it is
  Expression expression;
};

/// Compiles those of `params` that may vary. `variables` are the names, besides t, that all of them may use;
/// each may use its own besides. What is wrong is added to `problems`, located.
std::vector<MotionSetting> parse_motion(const Settings& settings, std::span<const ParamSpec> params,
                                        const std::set<std::string>& variables,
                                        std::vector<Problem>& problems);

/// The present numbers of a motion setting. Throws Error(settings) that names it, and t.
std::vector<double> numbers_of(const MotionSetting& motion, const std::map<std::string, double>& values);

}  // namespace reverie
