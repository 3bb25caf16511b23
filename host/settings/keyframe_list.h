#pragma once
// Keyframes as YAML has them: [{frame: 0, value: 1, ease: in_out_sine}, {frame: 60, value: 2}] or {0: 1, 60:
// 2}.

#include <string>

#include "settings/value.h"

namespace reverie {

/// True for a map, and for a list of maps.
bool is_keyframe_list(const RawValue& raw);

/// The same keyframes as the text of an expression: 0: (1) in_out_sine, 60: (2). Returns what is wrong, as
/// "holds a keyframe without 'value'"; empty if nothing is.
std::string keyframe_text(const RawValue& raw, std::string& text);

}  // namespace reverie
