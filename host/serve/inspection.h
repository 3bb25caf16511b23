#pragma once
// What an uploaded file holds: found by decoding it, in a process of its own (see Checks).

#include <json/value.h>

#include <filesystem>
#include <string>

#include "serve/run_settings.h"

namespace reverie::serve {

enum class UploadKind { picture, video, sound };
const char* name_of(UploadKind kind);

/// {kind, ending, width, height, seconds, sound, hash}, or {problem}: why it cannot be used. `hash`: 32
/// hexadecimal digits of its SHA-256; `seconds` is 0 where the file does not say how long it is; `sound`: it
/// has some.
Json::Value inspect(const std::filesystem::path& file, const RunRules& rules);

}  // namespace reverie::serve
