#pragma once
// What FFmpeg does not tell of a picture: single tags of TIFF and EXIF.

#include <cstdint>
#include <span>

namespace reverie {

using Bytes = std::span<const std::uint8_t>;

inline constexpr int kTagCompression = 0x103, kTagOrientation = 0x112;  // TIFF 6.0, section 8

/// A number in the first directory of a block of tags as TIFF has them; `otherwise` where there is none.
int tag_in(Bytes block, int tag, int otherwise);

/// The block of tags in a PNG, WebP or TIFF file; empty if it has none.
Bytes tags_of(Bytes file);

}  // namespace reverie
