#include "settings/png_settings.h"

#include <zlib.h>

#include <cstdint>

namespace reverie {
namespace {

std::uint32_t big_endian(const std::string& bytes) {
  std::uint32_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

/// Up to `count` bytes; fewer when the stream ends.
std::string take(std::istream& stream, std::size_t count) {
  std::string bytes(count, '\0');
  stream.read(bytes.data(), static_cast<std::streamsize>(count));
  bytes.resize(static_cast<std::size_t>(stream.gcount()));
  return bytes;
}

/// Removes the part of `text` up to the next zero byte and returns it.
std::string take_word(std::string& text) {
  const std::size_t end = text.find('\0');
  const std::string word = text.substr(0, end);
  text.erase(0, end == std::string::npos ? end : end + 1);
  return word;
}

/// False if `text` is not a zlib stream or stands for more than `limit` bytes.
bool inflate_text(std::string& text, std::size_t limit) {
  std::string result(limit, '\0');
  uLongf size = static_cast<uLongf>(result.size());
  if (uncompress(reinterpret_cast<Bytef*>(result.data()), &size, reinterpret_cast<const Bytef*>(text.data()),
                 static_cast<uLong>(text.size())) != Z_OK)
    return false;
  text = result.substr(0, size);
  return true;
}

/// From a text chunk's bytes to its text. False if it has another keyword; `damaged` if it cannot be read.
bool text_of(const std::string& type, std::string bytes, std::size_t limit, std::string& text,
             bool& damaged) {
  if (take_word(bytes) != kPngSettingsKeyword) return false;
  bool compressed = type == "zTXt";
  if (type == "zTXt") bytes.erase(0, 1);  // the method: zlib is the only one
  if (type == "iTXt") {
    damaged = bytes.size() < 2;
    if (damaged) return true;
    compressed = bytes[0] != 0;
    bytes.erase(0, 2);
    take_word(bytes);  // language
    take_word(bytes);  // the keyword in that language
  }
  if (compressed) damaged = !inflate_text(bytes, limit);
  text = std::move(bytes);
  return true;
}

}  // namespace

bool find_png_settings(std::istream& stream, std::size_t limit, std::string& text, std::string& why) {
  for (std::string type; type != "IEND";) {
    const std::string header = take(stream, 8);
    if (header.size() < 8) {
      why = "is a PNG picture that was cut short, without settings in what is left of it";
      return false;
    }
    const std::size_t length = big_endian(header.substr(0, 4));
    type = header.substr(4);
    if (type != "tEXt" && type != "zTXt" && type != "iTXt") {
      stream.ignore(static_cast<std::streamsize>(length) + 4);
      continue;
    }
    if (length > limit) {
      why = "is a PNG picture with a text of more than " + std::to_string(limit >> 20) + " MB";
      return false;
    }
    const std::string bytes = take(stream, length), sum = take(stream, 4);
    const uLong crc = crc32(crc32(0, reinterpret_cast<const Bytef*>(type.data()), 4),
                            reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size()));
    bool damaged = false;
    if (!text_of(type, bytes, limit, text, damaged)) continue;
    if (damaged || bytes.size() < length || sum.size() < 4 || big_endian(sum) != crc) {
      why = "is a PNG picture whose settings are damaged";
      return false;
    }
    return true;
  }
  why = "is a PNG picture without settings in it: only those that Reverie wrote have them";
  return false;
}

}  // namespace reverie
