#pragma once
// PNG files of single pictures, as frame sinks write them. The sinks that write or read them share two
// settings.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "pixels8.h"
#include "reverie/params.h"

namespace reverie::io {

inline constexpr ParamSpec kFrameDigits =
    integer("frame_digits", 0)
        .range(0, 12)
        .unit("digits")
        .fixed("names of files sort by it")
        .help("frame numbers are padded with zeros to this many digits; 0: no padding");
inline constexpr ParamSpec kPngBits =
    choice("png_bits", "8", "8|16")
        .help("bits per channel in PNG files: 16 for colour grading, in much larger files");

/// The bits that a value of `png_bits` asks for.
inline int png_bits(const Params& params) { return params.get<std::string>("png_bits") == "16" ? 16 : 8; }

/// <folder>/<base>_<number>.png, the number filled up to `digits`.
std::filesystem::path frame_path(const std::filesystem::path& folder, const std::string& base,
                                 std::int64_t number, std::int64_t digits);

/// Writes `image` [1, 3, H, W] 0..1, or with opacity as a fourth channel, rounded to `bits` (8 or 16) a
/// channel so that pictures of that depth survive a round trip; whole or not at all, with its folder.
/// `settings` becomes an iTXt chunk with the keyword "reverie.settings". The same picture and settings give
/// the same bytes. Throws Error(file), and Error(plugin) for other shapes.
void write_png(const std::filesystem::path& path, const at::Tensor& image, int bits,
               const std::string& settings);

/// A picture [1, 4, H, W] 0..1 of a file that write_png() has written with opacity; of another, it is 1.
/// Throws Error(file).
at::Tensor read_png_with_opacity(const std::filesystem::path& path);

/// A picture's size by the header of its file, without decoding it; nothing of what is no PNG file.
struct PngSize {
  std::int64_t width = 0, height = 0;
  bool operator==(const PngSize&) const = default;
};
std::optional<PngSize> png_size(const std::filesystem::path& path);

/// What such a file holds.
std::string png_of(const at::Tensor& image, int bits, const std::string& settings);

/// What a PNG file of 8 bits a channel holds; `settings` as above, unless they are empty.
std::string png_of(const Pixels8& pixels, const std::string& settings);

}  // namespace reverie::io
