#pragma once
// Puts what a script says now in the place of what it said when the run began.

#include <string>

#include "prompts/script.h"

namespace reverie {

/// Why a run that goes by `now` cannot go on by `changed`; empty if it can.
std::string cannot_take_over(const Script& now, const Script& changed);

/// `now` goes on by `changed`, of which cannot_take_over() says nothing. Its losses stay where they are, and
/// so do its vectors of settings and the settings of retouching, since others point to them; its scenes are
/// those of `changed`, moved.
void take_over(Script& now, Script& changed);

}  // namespace reverie
