/// EXR sequence: each saved frame becomes <base>_<n>.exr for compositing, in linear light.
///
/// OpenEXR with 16-bit floats and lossless compression, written by FFmpeg's library like video_file's videos.

#include "png_file.h"
#include "reverie/atomic_file.h"
#include "reverie/output_sink.h"
#include "reverie/plugin.h"
#include "video_file/writer.h"

namespace reverie::io {
namespace {

constexpr ParamSpec kParams[] = {kFrameDigits};

class ExrSequence final : public OutputSink {
 public:
  ExrSequence(Host&, const Params& params, const Setup& setup)
      : folder_(setup.folder), base_(setup.base_name), digits_(params.get<std::int64_t>("frame_digits")) {}

  std::filesystem::path write(const at::Tensor& image, std::int64_t number) override {
    return put(image, frame_path(folder_, base_, number, digits_).replace_extension(".exr"));
  }

  std::optional<std::filesystem::path> keep(const at::Tensor& image, std::int64_t step) override {
    return put(image, folder_ / (base_ + "_step_" + std::to_string(step) + ".exr"));
  }

 private:
  std::filesystem::path put(const at::Tensor& image, const std::filesystem::path& path) const {
    const std::string bytes = video_file::encode_exr(image);
    create_folder_of(path);
    write_atomically(path, {bytes});
    return path;
  }

  std::filesystem::path folder_;
  std::string base_;
  std::int64_t digits_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(ExrSequence, OutputSink, "exr_sequence", "1.0",
                      "one OpenEXR file in linear light for each saved frame", kParams);

}  // namespace reverie::io
