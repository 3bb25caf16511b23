#pragma once
// The repairs that CLIP's tokenizer makes to a text before anything else.

#include "unicode.h"

namespace reverie::clip {

/// What the Python package ftfy does by default, line by line and until nothing changes any more: HTML's
/// character references (only in texts without '<', which may be HTML on purpose), control characters that
/// are meant as Windows-1252, Latin ligatures, full and half width, curly quotes, line breaks, terminals'
/// escape sequences, other control characters, normalisation form C.
///
/// Left out on purpose is its guess at text that was decoded with the wrong encoding ("cafÃ©"): CLIP's own
/// tokens differ for such prompts.
Text fix_text(const Text& text);

}  // namespace reverie::clip
