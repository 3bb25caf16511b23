/// Animated PNG: all saved frames as one file, <base>.apng, lossless, with the run's settings in it.
///
/// It can be shown at any time while it grows. A new frame is written behind the chunk that ends the file,
/// and only then put in that chunk's place, so that a run that is killed leaves a file of the frames before.
/// Frames lie in it one behind the other, so a restored run goes on behind the last that it counts.

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "growing_file.h"
#include "png_file.h"
#include "reverie/atomic_file.h"
#include "reverie/output_sink.h"
#include "reverie/plugin.h"

namespace reverie::io {
namespace {

constexpr ParamSpec kParams[] = {kPngBits};

// PNG files: a signature, then chunks of a length (4 bytes), a name (4), so many bytes, and a checksum (4).
// See https://www.w3.org/TR/png-3/#apng-frame-based-animation for those of animations.
constexpr std::size_t kSignature = 8, kAround = 12;
constexpr std::size_t kHeader = kSignature + kAround + 13;  // with the chunk IHDR: size and bits

std::string big_endian(std::uint32_t number, int bytes) {
  std::string result;
  for (int i = bytes - 1; i >= 0; --i) result += static_cast<char>(number >> (8 * i) & 0xff);
  return result;
}

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t result = 0;
  for (std::size_t i = 0; i < 4; ++i) result = result << 8 | static_cast<unsigned char>(bytes.at(at + i));
  return result;
}

std::string chunk(const std::string& name, const std::string& data) {
  const std::string checked = name + data;
  const auto sum =
      ::crc32(0, reinterpret_cast<const Bytef*>(checked.data()), static_cast<uInt>(checked.size()));
  return big_endian(static_cast<std::uint32_t>(data.size()), 4) + checked +
         big_endian(static_cast<std::uint32_t>(sum), 4);
}

/// How long a frame is shown, as a fraction of a second of two bytes each.
std::string duration(double frames_per_second) {
  long parts = 1000, whole = 1;
  for (; parts >= 1; parts /= 10)
    if (whole = std::lround(static_cast<double>(parts) * frames_per_second); whole <= 65535) break;
  parts = std::max(parts, 1L);
  whole = std::clamp(whole, 1L, 65535L);
  const long common = std::gcd(parts, whole);
  return big_endian(static_cast<std::uint32_t>(parts / common), 2) +
         big_endian(static_cast<std::uint32_t>(whole / common), 2);
}

class AnimatedPng final : public OutputSink {
 public:
  AnimatedPng(Host& host, const Params& params, const Setup& setup)
      : host_(host),
        folder_(setup.folder),
        base_(setup.base_name),
        settings_(setup.settings),
        duration_(duration(setup.frames_per_second)),
        bits_(png_bits(params)) {}

  std::filesystem::path write(const at::Tensor& image, std::int64_t number) override {
    const std::string png = png_of(image, bits_, settings_);
    std::string before, pixels;  // the chunks before the pixels, and these
    for (std::size_t at = kSignature, size = 0; at < png.size(); at += kAround + size) {
      size = number_at(png, at);
      const std::string_view name = std::string_view(png).substr(at + 4, 4);
      if (name == "IDAT")
        pixels.append(png, at + 8, size);
      else if (name != "IEND")
        before.append(png, at, kAround + size);
    }
    before.insert(0, png, 0, kSignature);
    if (path_.empty())
      begin(before, number);
    else if (before.substr(0, kHeader) != header_)
      throw Error(ErrorKind::file, "frame " + std::to_string(number) + " of '" + path_.string() +
                                       "' is of another size than those before");
    if (frames_ == 0)
      start(before, pixels, image);
    else
      append(pixels, image);
    ++frames_;
    return path_;
  }

 private:
  /// The chunk fcTL of the next frame. In the counted row of chunks, it comes behind the two of each frame
  /// before, but for the first frame's pixels, which are an ordinary picture's.
  std::string control(const at::Tensor& image) const {
    const auto place = static_cast<std::uint32_t>(frames_ == 0 ? 0 : 2 * frames_ - 1);
    return chunk("fcTL", big_endian(place, 4) + big_endian(static_cast<std::uint32_t>(image.size(3)), 4) +
                             big_endian(static_cast<std::uint32_t>(image.size(2)), 4) + std::string(8, '\0') +
                             duration_ + std::string(2, '\0'));
  }
  /// The chunk acTL: how many frames there are, shown again without end.
  static std::string animation(std::int64_t frames) {
    return chunk("acTL", big_endian(static_cast<std::uint32_t>(frames), 4) + std::string(4, '\0'));
  }

  void start(const std::string& before, const std::string& pixels, const at::Tensor& image) {
    const std::string frame = control(image) + chunk("IDAT", pixels), count = animation(1);
    create_folder_of(path_);
    end_ = ending(before.size() + count.size() + frame.size(), before.size(), 1);
    write_atomically(path_, {before, count, frame, end_.bytes});
  }

  void append(const std::string& pixels, const at::Tensor& image) {
    const std::string frame =
        control(image) + chunk("fdAT", big_endian(static_cast<std::uint32_t>(2 * frames_), 4) + pixels);
    const FileEnd after = ending(end_.at + frame.size(), end_.count_at, frames_ + 1);
    append_frame(path_, frame, end_, after);
    end_ = after;
  }

  static FileEnd ending(std::size_t at, std::size_t count_at, std::int64_t frames) {
    return {at, chunk("IEND", ""), count_at, animation(frames)};
  }

  /// Where this run's file is, and, when an earlier one is restored, what is in it.
  void begin(const std::string& before, std::int64_t number) {
    path_ = folder_ / (base_ + ".apng");
    header_ = before.substr(0, kHeader);
    const auto earlier = [&](const ReadBytes& read) { return find(read, number - 1); };
    frames_ = number - 1;
    if (number == 1 || resume_file(path_, earlier)) return;
    frames_ = 0;
    path_ = continued_apart(host_, path_, number);
  }

  /// The end of so many frames of pictures such as `header_` describes.
  std::optional<FileEnd> find(const ReadBytes& read, std::int64_t frames) {
    if (read(0, kHeader) != header_) return std::nullopt;
    std::size_t at = kSignature, count_at = 0;
    std::int64_t pixels = 0;  // chunks of them: one for each frame
    while (pixels < frames) {
      const std::string head = read(at, 8);
      if (head.size() != 8 || head.substr(4) == "IEND") return std::nullopt;
      if (head.substr(4) == "acTL") count_at = at;
      if (head.substr(4) == "IDAT" || head.substr(4) == "fdAT") ++pixels;
      at += kAround + number_at(head, 0);
    }
    // Behind the last one something ends it.
    if (count_at == 0 || read(at, 8).size() != 8) return std::nullopt;
    end_ = ending(at, count_at, frames);
    return end_;
  }

  Host& host_;
  std::filesystem::path folder_;
  std::string base_, settings_;
  std::string duration_;
  int bits_;
  std::filesystem::path path_;  ///< empty before the first frame
  std::string header_;          ///< of the file: its beginning, with size and bits
  std::int64_t frames_ = 0;     ///< in the file
  FileEnd end_;                 ///< the chunks IEND and acTL
};

}  // namespace

REVERIE_EXPORT_PLUGIN(AnimatedPng, OutputSink, "animated_png", "1.0",
                      "APNG: all saved frames as one animated PNG file, lossless", kParams);

}  // namespace reverie::io
