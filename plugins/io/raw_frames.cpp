/// Raw frames: nothing but pixels, one frame behind the other, for a player, an encoder or a program of one's
/// own.
///
/// `raw_frames_to: stdout` gives them to the program that reads standard output, each as soon as it is made;
/// what else would be printed there goes to standard error then. `file` appends them to
/// <base>_<width>x<height>.rgb, or .rgb48 of 16 bits. A frame there is at its number times its size, so a
/// restored run goes on at its place.

#include <ATen/ATen.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>
#include <system_error>

#include "pixels8.h"
#include "reverie/atomic_file.h"
#include "reverie/output_sink.h"
#include "reverie/plugin.h"

namespace reverie::io {
namespace {

constexpr ParamSpec kParams[] = {
    choice("raw_frames_to", "file", "file|stdout")
        .help(
            "where raw frames go: file: one of their own; stdout: standard output, to the program behind it"),
    choice("raw_pixels", "rgb24", "rgb24|rgb48le")
        .help("FFmpeg's names: 8 or 16 bits for each of red, green and blue, pixel by pixel"),
};

std::string bytes_of(const at::Tensor& image, bool deep) {
  if (image.dim() != 4 || image.size(0) != 1 || image.size(1) != 3 || image.numel() == 0)
    throw Error(ErrorKind::plugin, "raw frames are of pictures of shape [1, 3, H, W]");
  if (!deep) {
    const std::vector<std::uint8_t> rgb = pixels_of(image).rgb;
    return {rgb.begin(), rgb.end()};
  }
  const at::Tensor values = (image[0].to(at::kDouble).clamp(0, 1) * 65535).round().to(at::kInt);
  const at::Tensor pairs = at::stack({at::remainder(values, 256), at::floor_divide(values, 256)}, 3);
  const at::Tensor bytes = pairs.permute({1, 2, 0, 3}).to(at::kByte).contiguous();
  return {static_cast<const char*>(bytes.const_data_ptr()), static_cast<std::size_t>(bytes.numel())};
}

/// What was standard output, for frames alone; the program's texts go to standard error from here on. Of the
/// process, because several runs may follow each other in one.
int frames_output() {
  static const int descriptor = [] {
    const int own = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (own < 0 || ::dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
      throw Error(ErrorKind::file,
                  "raw frames cannot go to standard output: " + std::generic_category().message(errno));
    return own;
  }();
  return descriptor;
}

class RawFrames final : public OutputSink {
 public:
  RawFrames(Host& host, const Params& params, const Setup& setup)
      : host_(host),
        folder_(setup.folder),
        base_(setup.base_name),
        rate_(setup.frames_per_second),
        pixels_(params.get<std::string>("raw_pixels")),
        to_file_(params.get<std::string>("raw_frames_to") == "file") {
    if (to_file_) return;
    const int output = frames_output();  // from here on, so that nothing else gets between the frames
    if (::isatty(output))
      throw Error(ErrorKind::settings, "'raw_frames_to' is stdout, which is a terminal here",
                  "send the frames to a program: reverie render FILE | ffplay -f rawvideo ...");
    struct stat there = {}, nowhere = {};
    if (::fstat(output, &there) == 0 && ::stat("/dev/null", &nowhere) == 0 && S_ISCHR(there.st_mode) &&
        there.st_rdev == nowhere.st_rdev)
      host.log(LogLevel::warning,
               "raw_frames_to: standard output leads nowhere here (/dev/null), so the frames are lost");
  }

  std::filesystem::path write(const at::Tensor& image, std::int64_t number) override {
    const std::string bytes = bytes_of(image, pixels_ == "rgb48le");
    if (frames_++ == 0)
      begin(image, number);
    else if (image.size(3) != width_ || image.size(2) != height_)
      throw Error(ErrorKind::file, "frame " + std::to_string(number) + " is " + size(image) +
                                       ", those before are " + std::to_string(width_) + "x" +
                                       std::to_string(height_));
    if (!to_file_) {
      send(bytes, number);
      return {};
    }
    append(bytes);
    return path_;
  }

 private:
  static std::string size(const at::Tensor& image) {
    return std::to_string(image.size(3)) + "x" + std::to_string(image.size(2));
  }

  void begin(const at::Tensor& image, std::int64_t number) {
    width_ = image.size(3);
    height_ = image.size(2);
    const bool deep = pixels_ == "rgb48le";
    const std::string name = base_ + "_" + size(image), end = deep ? ".rgb48" : ".rgb";
    path_ = folder_ / (name + end);
    const std::int64_t frame = width_ * height_ * (deep ? 6 : 3);
    end_ = (number - 1) * frame;
    if (to_file_ && end_ > 0) {
      std::error_code error;
      const auto there = std::filesystem::file_size(path_, error);
      if (error || static_cast<std::int64_t>(there) < end_) {
        path_ = folder_ / (name + "_from_" + std::to_string(number) + end);
        end_ = 0;
        host_.log(LogLevel::warning,
                  "the earlier frames are not in '" + folder_.string() +
                      "', so the raw frames go on in a file of their own: " + path_.string());
      }
    }
    std::ostringstream how;
    how << "raw frames are read by: ffmpeg -f rawvideo -pixel_format " << pixels_ << " -video_size "
        << size(image) << " -framerate " << rate_ << " -i " << (to_file_ ? path_.string() : "-");
    host_.log(LogLevel::info, how.str());
  }

  /// The frame after the existing ones. Anything that an interrupted run left after these is removed.
  void append(const std::string& bytes) {
    if (end_ == 0) {
      create_folder_of(path_);
      write_atomically(path_, {bytes});
    } else {
      const detail::Descriptor file(path_, O_WRONLY | O_APPEND);
      if (!file.is_open()) detail::cannot_write(path_, errno);
      if (::truncate(path_.c_str(), end_) != 0) detail::cannot_write(path_, errno);
      if (!file.write(bytes) || !file.sync()) {
        const int error = errno;
        if (::truncate(path_.c_str(), end_) != 0) detail::cannot_write(path_, errno);
        detail::cannot_write(path_, error);
      }
    }
    end_ += static_cast<std::int64_t>(bytes.size());
  }

  void send(std::string_view bytes, std::int64_t number) const {
    const int output = frames_output();
    while (!bytes.empty()) {
      const ssize_t count = ::write(output, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0)
        throw Error(ErrorKind::file,
                    "frame " + std::to_string(number) +
                        " cannot be written to standard output: " + std::generic_category().message(errno),
                    errno == EPIPE ? "the program that reads the frames has ended" : "");
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  Host& host_;
  std::filesystem::path folder_;
  std::string base_;
  double rate_;
  std::string pixels_;
  bool to_file_;
  std::filesystem::path path_;
  std::int64_t frames_ = 0, width_ = 0, height_ = 0;
  std::int64_t end_ = 0;  ///< of the frames in the file, in bytes
};

}  // namespace

REVERIE_EXPORT_PLUGIN(RawFrames, OutputSink, "raw_frames", "1.0",
                      "nothing but pixels, for other programs: a file, or standard output", kParams);

}  // namespace reverie::io
