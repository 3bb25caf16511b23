#pragma once
// Facts about a picture that FFmpeg does not give: single tags of TIFF and EXIF, and the colours of a JPEG.

#include <cstdint>
#include <span>

namespace reverie::ffmpeg {

using Bytes = std::span<const std::uint8_t>;

inline constexpr int kTagCompression = 0x103, kTagOrientation = 0x112;  // TIFF 6.0, section 8

/// A number in the first directory of a block of tags as TIFF has them; `otherwise` where there is none.
int tag_in(Bytes block, int tag, int otherwise);

/// The block of tags in a PNG, WebP or TIFF file; empty if it has none.
Bytes tags_of(Bytes file);

/// Whether a JPEG's three components are red, green and blue, by libjpeg's rule: there is no JFIF segment,
/// and either an Adobe segment that says so or the components' names.
bool is_rgb_jpeg(Bytes file);

}  // namespace reverie::ffmpeg
