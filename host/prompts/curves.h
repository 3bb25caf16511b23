#pragma once
// Settings that look up others: curve(translate_x, t - 0.5).

#include <functional>
#include <string>
#include <vector>

#include "prompts/script.h"

namespace reverie {

/// Gives each expression of the script that looks up settings their expressions. What can be looked up are
/// the settings that may be expressions: of the program, of the image model and of the animation mode. Adds
/// to `problems`, located, where there is none of that name, where settings look each other up in a circle,
/// and where one depends on the sound or on depths, which are known at no other time.
/// `place` gives the location of a setting.
void link_curves(Script& script, const std::function<Location(const std::string&)>& place,
                 std::vector<Problem>& problems);

}  // namespace reverie
