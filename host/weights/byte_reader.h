#pragma once
// Reads numbers and runs of bytes from memory that is not to be trusted, and never beyond its end.

#include <bit>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

namespace reverie::weights {

static_assert(std::endian::native == std::endian::little, "the readers take numbers as they lie in the file");

/// A file contradicts its format. Whoever knows the file's name turns this into an Error.
class Damaged : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class ByteReader {
 public:
  /// Damaged if `position` lies behind the end.
  explicit ByteReader(std::string_view bytes, std::uint64_t position = 0) : bytes_(bytes) { take(position); }

  std::uint64_t position() const { return position_; }
  std::uint64_t remaining() const { return bytes_.size() - position_; }

  std::string_view take(std::uint64_t count) {
    if (count > remaining())
      throw Damaged("it ends at byte " + std::to_string(bytes_.size()) + ", in the middle of something");
    const std::string_view taken = bytes_.substr(position_, count);
    position_ += count;
    return taken;
  }

  /// A little-endian number.
  template <typename T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }

  /// Up to the next newline, which is taken too but not part of the result.
  std::string_view line() {
    const std::size_t end = bytes_.find('\n', position_);
    if (end == std::string_view::npos) throw Damaged("a line has no end");
    const std::string_view taken = take(end - position_);
    take(1);
    return taken;
  }

 private:
  std::string_view bytes_;
  std::uint64_t position_ = 0;
};

}  // namespace reverie::weights
