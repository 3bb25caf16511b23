/// Animated PNG: all saved frames as one file, <base>.apng, lossless, with the run's settings in it.
///
/// It can be shown at any time while it grows. A new frame is written behind the chunk that ends the file,
/// and only then put in that chunk's place, so that a run that is killed leaves a file of the frames before.
/// Frames lie in it one behind the other, so a restored run goes on behind the last that it counts.

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
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
constexpr std::size_t kSignature = 8, kAround = 12, kEnd = kAround;
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
    write_atomically(path_, {before, count, frame, chunk("IEND", "")});
    header_ = before.substr(0, kHeader);
    count_at_ = before.size();
    end_ = before.size() + count.size() + frame.size();
    frames_ = 1;
  }

  void append(const std::string& pixels, const at::Tensor& image) {
    const std::string frame = control(image) +
                              chunk("fdAT", big_endian(static_cast<std::uint32_t>(2 * frames_), 4) + pixels) +
                              chunk("IEND", "");
    const int file = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
    if (file < 0) detail::cannot_write(path_, errno);
    // First what comes behind the present end, which then becomes the frame's beginning.
    const bool done = put(file, std::string_view(frame).substr(kEnd), end_ + kEnd) && sync(file) &&
                      put(file, std::string_view(frame).substr(0, kEnd), end_) &&
                      put(file, animation(frames_ + 1), count_at_) &&
                      ::ftruncate(file, static_cast<off_t>(end_ + frame.size())) == 0 && sync(file);
    const int error = errno;
    if (!done) cut(file);
    if (::close(file) != 0 && done) detail::cannot_write(path_, errno);
    if (!done) detail::cannot_write(path_, error);
    end_ += frame.size() - kEnd;
    ++frames_;
  }

  /// The file is to end behind the frames that count.
  bool cut(int file) const {
    return put(file, chunk("IEND", ""), end_) && put(file, animation(frames_), count_at_) &&
           ::ftruncate(file, static_cast<off_t>(end_ + kEnd)) == 0;
  }

  /// Where this run's file is, and, when an earlier one is restored, what is in it.
  void begin(const std::string& before, std::int64_t number) {
    path_ = folder_ / (base_ + ".apng");
    if (number == 1 || find(before, number - 1)) return;
    frames_ = 0;
    path_ = folder_ / (base_ + "_from_" + std::to_string(number) + ".apng");
    host_.log(LogLevel::warning,
              "the earlier frames are not all in '" + (folder_ / (base_ + ".apng")).string() +
                  "' in this size, so the animation goes on in a file of its own: " + path_.string());
  }

  /// Whether the file has so many frames of pictures as `before` describes. It ends behind them then.
  bool find(const std::string& before, std::int64_t frames) {
    const int file = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
    if (file < 0) return false;
    const auto read = [file](std::size_t at, std::size_t size) {
      std::string bytes(size, '\0');
      const ssize_t count = ::pread(file, bytes.data(), size, static_cast<off_t>(at));
      bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
      return bytes;
    };
    header_ = before.substr(0, kHeader);
    bool found = read(0, kHeader) == header_;
    std::size_t at = kSignature;
    std::int64_t pixels = 0;  // chunks of them: one for each frame
    count_at_ = 0;
    while (found && pixels < frames) {
      const std::string head = read(at, 8);
      found = head.size() == 8 && head.substr(4) != "IEND";
      if (!found) break;
      if (head.substr(4) == "acTL") count_at_ = at;
      if (head.substr(4) == "IDAT" || head.substr(4) == "fdAT") ++pixels;
      at += kAround + number_at(head, 0);
    }
    found = found && count_at_ > 0 && read(at, 8).size() == 8;  // behind the last one something ends it
    end_ = at;
    frames_ = frames;
    const bool ends = !found || cut(file);
    const int error = errno;
    ::close(file);
    if (!ends) detail::cannot_write(path_, error);
    return found;
  }

  Host& host_;
  std::filesystem::path folder_;
  std::string base_, settings_;
  std::string duration_;
  int bits_;
  std::filesystem::path path_;          ///< empty before the first frame
  std::string header_;                  ///< of the file: its beginning, with size and bits
  std::int64_t frames_ = 0;             ///< in the file
  std::size_t count_at_ = 0, end_ = 0;  ///< in the file: of the chunks acTL and IEND
};

}  // namespace

REVERIE_EXPORT_PLUGIN(AnimatedPng, OutputSink, "animated_png", "1.0",
                      "APNG: all saved frames as one animated PNG file, lossless", kParams);

}  // namespace reverie::io
