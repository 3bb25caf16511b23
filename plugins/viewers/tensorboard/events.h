#pragma once
// Files of events as TensorBoard reads them: protocol buffers in checked records. Only what is written here,
// so that neither a compiler of protocol buffers nor their library is needed. Formats:
// protobuf.dev/programming-guides/encoding; TensorFlow's event.proto, summary.proto, tensor.proto and
// record_writer.cc.

#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace reverie::tensorboard {

/// A message, field by field.
class Message {
 public:
  Message& whole(int field, std::uint64_t value) {
    key(field, 0);
    varint(value);
    return *this;
  }
  Message& real64(int field, double value) {
    key(field, 1);
    bytes_ += little_endian(std::bit_cast<std::uint64_t>(value), 8);
    return *this;
  }
  Message& real32(int field, float value) {
    key(field, 5);
    bytes_ += little_endian(std::bit_cast<std::uint32_t>(value), 4);
    return *this;
  }
  Message& text(int field, std::string_view value) {
    key(field, 2);
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  Message& part(int field, const Message& message) { return text(field, message.bytes_); }

  const std::string& bytes() const { return bytes_; }

  static std::string little_endian(std::uint64_t value, int size) {
    std::string bytes;
    for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> 8 * i);
    return bytes;
  }

 private:
  void key(int field, int wire_type) { varint(static_cast<std::uint64_t>(field << 3 | wire_type)); }
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

/// CRC-32C (Castagnoli), as in RFC 3720.
inline std::uint32_t crc32c(std::string_view bytes) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> made{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t remainder = i;
      for (int bit = 0; bit < 8; ++bit) remainder = remainder >> 1 ^ (remainder & 1 ? 0x82F63B78u : 0);
      made[i] = remainder;
    }
    return made;
  }();
  std::uint32_t crc = ~0u;
  for (const char byte : bytes) crc = crc >> 8 ^ table[(crc ^ static_cast<unsigned char>(byte)) & 0xFF];
  return ~crc;
}

/// The message as a record of a file of events.
inline std::string record(const Message& message) {
  // The sums are masked, because a sum over data that hold their own sum would be of no use.
  const auto sum = [](std::string_view bytes) {
    const std::uint32_t crc = crc32c(bytes);
    return Message::little_endian((crc >> 15 | crc << 17) + 0xA282EAD8u, 4);
  };
  const std::string length = Message::little_endian(message.bytes().size(), 8);
  return length + sum(length) + message.bytes() + sum(message.bytes());
}

// Values of a summary, by TensorFlow's numbers of fields.

inline Message scalar(std::string_view tag, double value) {
  return Message().text(1, tag).real32(2, static_cast<float>(value));
}

/// `encoded`: a PNG file.
inline Message picture(std::string_view tag, std::int64_t width, std::int64_t height,
                       std::string_view encoded) {
  constexpr int kRgb = 3;
  return Message().text(1, tag).part(4, Message()
                                            .whole(1, static_cast<std::uint64_t>(height))
                                            .whole(2, static_cast<std::uint64_t>(width))
                                            .whole(3, kRgb)
                                            .text(4, encoded));
}

/// `markdown`: shown on the page "Text".
inline Message words(std::string_view tag, std::string_view markdown) {
  constexpr int kString = 7;
  const Message one = Message().part(2, Message().whole(1, 1));  // a list of one
  return Message()
      .text(1, tag)
      .part(8, Message().whole(1, kString).part(2, one).text(8, markdown))
      .part(9, Message().part(1, Message().text(1, "text")));
}

}  // namespace reverie::tensorboard
