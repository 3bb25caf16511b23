/// Animated WebP: all saved frames as one file, <base>.webp, with the run's settings in it as XMP.
///
/// libwebp's own encoder of animations keeps all frames in memory and makes the file at the end. Here each
/// frame is encoded alone, and the file, which is a row of chunks, grows by one: it can be shown at any time,
/// and a run that is killed leaves the frames before. See https://developers.google.com/speed/webp/docs/
/// riff_container. Frames lie in it one behind the other, so a restored run goes on behind the last that it
/// counts.

#include <algorithm>
#include <cmath>
#include <string>

#include "growing_file.h"
#include "reverie/atomic_file.h"
#include "reverie/output_sink.h"
#include "reverie/plugin.h"
#include "video_file/still.h"
#include "xmp.h"

namespace reverie::io {
namespace {

constexpr ParamSpec kParams[] = {
    integer("webp_quality", 80)
        .range(1, 100)
        .fixed("an encoder begins with it")
        .help("higher is better and larger; not with webp_exact"),
    boolean("webp_exact", false).help("lossless frames"),
};

constexpr std::size_t kRiff = 12, kHead = 8;  // bytes: "RIFF", a size, "WEBP"; a chunk's name and size
constexpr std::size_t kSizeAt = 4;            // where the size of the file is in it

std::string little_endian(std::uint64_t number, int bytes) {
  std::string result;
  for (int i = 0; i < bytes; ++i) result += static_cast<char>(number >> (8 * i) & 0xff);
  return result;
}

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t result = 0;
  for (std::size_t i = 0; i < 4; ++i)
    result |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes.at(at + i))) << (8 * i);
  return result;
}

/// With one more byte where the size is odd.
std::size_t padded(std::size_t size) { return size + size % 2; }

std::string chunk(const std::string& name, const std::string& data) {
  return name + little_endian(data.size(), 4) + data + std::string(data.size() % 2, '\0');
}

/// Width and height, less one, of three bytes each.
std::string size_of(const at::Tensor& image) {
  return little_endian(static_cast<std::uint64_t>(image.size(3) - 1), 3) +
         little_endian(static_cast<std::uint64_t>(image.size(2) - 1), 3);
}

/// The chunks of pixels in a WebP file of one picture.
std::string pixels_in(const std::string& file) {
  std::string result;
  for (std::size_t at = kRiff, size = 0; at + kHead <= file.size(); at += size) {
    size = kHead + padded(number_at(file, at + 4));
    const std::string name = file.substr(at, 4);
    if (name == "VP8 " || name == "VP8L" || name == "ALPH") result += file.substr(at, size);
  }
  return result;
}

class AnimatedWebp final : public OutputSink {
 public:
  AnimatedWebp(Host& host, const Params& params, const Setup& setup)
      : host_(host),
        folder_(setup.folder),
        base_(setup.base_name),
        rate_(setup.frames_per_second),
        quality_(static_cast<int>(params.get<std::int64_t>("webp_quality"))) {
    if (params.get<bool>("webp_exact")) quality_ = video_file::kLossless;
    const std::string xmp = xmp_of(setup.settings);
    if (!xmp.empty()) end_chunk_ = chunk("XMP ", xmp);
  }

  std::filesystem::path write(const at::Tensor& image, std::int64_t number) override {
    const std::string pixels = pixels_in(video_file::encode_webp(image, quality_));
    constexpr int kAnimation = 2, kXmp = 4;
    const int holds = kAnimation | (end_chunk_.empty() ? 0 : kXmp);
    const std::string beginning = "WEBP" + chunk("VP8X", little_endian(holds, 4) + size_of(image)) +
                                  chunk("ANIM", std::string(4, '\0') + std::string(2, '\0'));  // for ever
    if (path_.empty())
      begin(beginning, number);
    else if (beginning != beginning_)
      throw Error(ErrorKind::file, "frame " + std::to_string(number) + " of '" + path_.string() +
                                       "' is of another size than those before");
    constexpr int kOverwrites = 2;  // the frame before does not shine through
    const std::string frame = chunk(
        "ANMF", std::string(6, '\0') + size_of(image) + duration() + std::string(1, kOverwrites) + pixels);
    check_room(frame.size());
    if (frames_ == 0)
      start(frame);
    else
      append(frame);
    ++frames_;
    return path_;
  }

 private:
  /// Milliseconds that the next frame is shown, so that the sum is right to half of one.
  std::string duration() const {
    const auto until = [&](std::int64_t frame) {
      return std::llround(1000 * static_cast<double>(frame) / rate_);
    };
    constexpr long long kMost = 0xffffff;
    return little_endian(static_cast<std::uint64_t>(std::min(until(frames_ + 1) - until(frames_), kMost)), 3);
  }

  void check_room(std::size_t more) const {
    constexpr std::size_t kMost = 0xfffffffe;
    if (frames_ > 0 && end_ + more + end_chunk_.size() > kMost)
      throw Error(ErrorKind::file, "'" + path_.string() + "' would be larger than the 4 GiB of a WebP file",
                  "lower webp_quality, or choose another output");
  }

  /// Behind frames that end at `at`, the settings; at the beginning, the size of all that follows it.
  FileEnd ending(std::size_t at) const {
    return {at, end_chunk_, kSizeAt, little_endian(at + end_chunk_.size() - kSizeAt - 4, 4)};
  }

  void start(const std::string& frame) {
    end_ = kSizeAt + 4 + beginning_.size() + frame.size();
    create_folder_of(path_);
    write_atomically(path_, {"RIFF" + ending(end_).count, beginning_, frame, end_chunk_});
  }

  void append(const std::string& frame) {
    append_frame(path_, frame, ending(end_), ending(end_ + frame.size()));
    end_ += frame.size();
  }

  /// Where this run's file is, and, when an earlier one is restored, what is in it.
  void begin(const std::string& beginning, std::int64_t number) {
    beginning_ = beginning;
    path_ = folder_ / (base_ + ".webp");
    const auto earlier = [&](const ReadBytes& read) { return find(read, number - 1); };
    frames_ = number - 1;
    if (number == 1 || resume_file(path_, earlier)) return;
    frames_ = 0;
    path_ = continued_apart(host_, path_, number);
  }

  /// The end of so many frames of the size at hand.
  std::optional<FileEnd> find(const ReadBytes& read, std::int64_t frames) {
    if (read(0, 4) != "RIFF" || read(kSizeAt + 4, beginning_.size()) != beginning_) return std::nullopt;
    std::size_t at = kSizeAt + 4 + beginning_.size();
    for (std::int64_t frame = 0; frame < frames; ++frame) {
      const std::string head = read(at, kHead);
      if (head.size() != kHead || head.substr(0, 4) != "ANMF") return std::nullopt;
      at += kHead + padded(number_at(head, 4));
    }
    // The last frame is whole where something ends it.
    if (!end_chunk_.empty() && read(at, kHead).size() != kHead) return std::nullopt;
    end_ = at;
    return ending(at);
  }

  Host& host_;
  std::filesystem::path folder_;
  std::string base_;
  double rate_;  // frames in a second
  int quality_;
  std::string end_chunk_;       // the settings, behind the frames; empty: none
  std::filesystem::path path_;  // empty before the first frame
  std::string beginning_;       // of the file, behind its size: the kind and size of the pictures
  std::int64_t frames_ = 0;     // in the file
  std::size_t end_ = 0;         // in the file: behind the frames
};

}  // namespace

REVERIE_EXPORT_PLUGIN(AnimatedWebp, OutputSink, "animated_webp", "1.0",
                      "all saved frames as one animated WebP file", kParams);

}  // namespace reverie::io
