#pragma once
// How much each perceptor counts, over time.

#include "prompts/motion.h"

namespace reverie {

/// The weights of the setting `perceptors`, one for each item of its list; empty where none is given.
/// Expressions may use t and `variables`. What is wrong is added to `problems`, located.
std::vector<MotionSetting> parse_perceptor_weights(const Settings& settings,
                                                   const std::set<std::string>& variables,
                                                   std::vector<Problem>& problems);

}  // namespace reverie
