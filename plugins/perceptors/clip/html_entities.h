#pragma once
// Character references of HTML: `&eacute;`, `&#233;`, `&#xE9;`.

#include "unicode.h"

namespace reverie::clip {

/// As HTML 5 has browsers read them (section "Character reference state" of its tokenisation): a semicolon
/// may be missing, the longest known beginning of a name counts, numbers that can only be meant as
/// Windows-1252 are read so.
Text unescape_html(const Text& text);

/// What a name with its semicolon, `eacute;`, stands for; null when there is no such name.
const Text* find_entity(const std::string& name);

}  // namespace reverie::clip
