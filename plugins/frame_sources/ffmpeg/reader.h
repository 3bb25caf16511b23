#pragma once
// What the plugin asks of the library that is linked to FFmpeg's.

#include "reverie/frame_source.h"

namespace reverie {

/// Whether the file holds pictures that FFmpeg knows, by its content.
using MediaAccepts = bool(const std::filesystem::path& path);
/// Opens a file; the caller owns the result. Throws Error(file).
using MediaOpen = FrameSource*(Host& host, const FrameSource::Setup& setup);

inline constexpr const char* kMediaAcceptsSymbol = "reverie_media_accepts";
inline constexpr const char* kMediaOpenSymbol = "reverie_media_open";

}  // namespace reverie
