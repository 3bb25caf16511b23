#pragma once
// Sweeps: `--multirun a=1,2 b=x,y` is the four runs a=1 b=x, a=1 b=y, a=2 b=x, a=2 b=y, in this order (the
// last changes fastest, as in Hydra's basic sweeper).
//
// Commas inside quotes and brackets do not separate, so prompts with commas are quoted: scenes="'a, b','c'".
// choice(x, y) is x,y; range(stop), range(start, stop) and range(start, stop, step) stand for numbers from
// start (0) in steps (1) as long as they are below stop, or above it when the step is negative.

#include <string>
#include <vector>

#include "settings/value.h"

namespace reverie {

/// The overrides of one run.
struct Combination {
  std::vector<std::string> overrides;  ///< all of them, name=value with one value each
  std::string swept;                   ///< those that differ between runs, for people: "a=1 b=x"
};

/// All combinations of the overrides' values; one if there is nothing to combine. What is wrong is added to
/// `problems`, and the result is then of no use.
std::vector<Combination> expand_sweep(const std::vector<std::string>& overrides,
                                      std::vector<Problem>& problems);

}  // namespace reverie
