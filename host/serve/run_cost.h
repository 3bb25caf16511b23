#pragma once
// How long a run takes, and how long its film is.

#include <string>

#include "settings/settings.h"

namespace reverie::serve {

/// Runs of the same text take about the same time for a step: the same size, perceptors and so on.
/// `settings`: complete, with perceptors filled in.
std::string cost_of(const Settings& settings);

/// The film that a run makes when every scene takes all its steps.
struct Film {
  std::int64_t pictures = 0;
  double seconds = 0;  ///< 0: it makes no film, but a still
};
Film film_of(const Settings& settings, std::int64_t steps, bool moves);

}  // namespace reverie::serve
