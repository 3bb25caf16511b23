#include "tags.h"

#include <optional>
#include <string_view>

namespace reverie::ffmpeg {
namespace {

/// `count` bytes at `offset` as a number; 0 beyond the end.
std::uint64_t number(Bytes bytes, std::size_t offset, std::size_t count, bool big_endian) {
  if (offset > bytes.size() || count > bytes.size() - offset) return 0;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i)
    value = value << 8 | bytes[offset + (big_endian ? i : count - 1 - i)];
  return value;
}

bool starts_with(Bytes bytes, std::string_view text) {
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()).substr(0, text.size()) ==
         text;
}

/// The content of the chunk of that name. In PNG its length stands before the name and a checksum follows; in
/// WebP the length stands behind it, and chunks are padded to even lengths.
Bytes chunk(Bytes file, std::size_t first, std::string_view name, bool png) {
  std::size_t at = first;
  while (at + 8 <= file.size()) {
    const std::size_t length = number(file, png ? at : at + 4, 4, png);
    const Bytes content = file.subspan(at + 8);
    if (length > content.size()) break;
    if (starts_with(file.subspan(png ? at + 4 : at), name)) return content.first(length);
    at += 8 + length + (png ? 4 : length % 2);
  }
  return {};
}

}  // namespace

int tag_in(Bytes block, int tag, int otherwise) {
  const bool big = starts_with(block, "MM");
  if (!big && !starts_with(block, "II")) return otherwise;
  const std::size_t directory = number(block, 4, 4, big), entries = number(block, directory, 2, big);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + 12 * i;
    if (number(block, entry, 2, big) == static_cast<std::uint64_t>(tag))
      return static_cast<int>(number(block, entry + 8, 2, big));
  }
  return otherwise;
}

Bytes tags_of(Bytes file) {
  if (starts_with(file, "\x89PNG")) return chunk(file, 8, "eXIf", true);
  if (!starts_with(file, "RIFF")) return starts_with(file, "II*") || starts_with(file, "MM") ? file : Bytes{};
  const Bytes block = chunk(file, 12, "EXIF", false);
  constexpr std::string_view kPrefix("Exif\0\0", 6);  // which belongs into JPEG only, but is met here too
  return starts_with(block, kPrefix) ? block.subspan(kPrefix.size()) : block;
}

bool is_rgb_jpeg(Bytes file) {
  constexpr std::uint64_t kJfif = 0xffe0, kAdobe = 0xffee, kScan = 0xffda;
  std::optional<std::uint64_t> transform;
  bool jfif = false, named = false;
  std::size_t at = 2;
  for (std::uint64_t marker = 0; at + 4 <= file.size() && marker != kScan;) {
    marker = number(file, at, 2, true);
    const std::size_t length = number(file, at + 2, 2, true);
    if (length < 2 || length > file.size() - at - 2) break;
    const Bytes content = file.subspan(at + 4, length - 2);
    if (marker == kJfif && starts_with(content, "JFIF")) jfif = true;
    if (marker == kAdobe && starts_with(content, "Adobe")) transform = number(content, 11, 1, true);
    // The headers of frames: depth, height, width, number of components, then three bytes for each.
    if (marker >= 0xffc0 && marker <= 0xffc2 && content.size() >= 15)
      named = content[5] == 3 && content[6] == 'R' && content[9] == 'G' && content[12] == 'B';
    at += 2 + length;
  }
  return !jfif && (transform ? *transform == 0 : named);
}

}  // namespace reverie::ffmpeg
