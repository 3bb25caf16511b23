#pragma once
// Settings that stay the same in a run, and why.

#include <string>

#include "reverie/params.h"
#include "settings/value.h"

namespace reverie {

/// Where keyframes or a formula are written for a number that cannot vary: that it cannot, and why not. Else
/// empty.
std::string why_steady(const ParamSpec& spec, const RawValue& written);

}  // namespace reverie
