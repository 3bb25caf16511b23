#pragma once
// Settings that somebody has given and that do nothing in a run.

#include <string>

#include "app/plan.h"

namespace reverie::app {

/// One line that lists them, each with what it is for; empty if there are none. Only values other than the
/// default count, since PyTTI's files name every setting. `settings`: those of the plan, with all plugins of
/// the run chosen. What a notice of the plan says is not said again.
std::string without_effect(const Plan& plan, const RunSettings& settings);

}  // namespace reverie::app
