/// Picture sequence: each saved frame becomes <base>_<n>.jpg or .webp, smaller than a PNG file.
///
/// Written by FFmpeg's library, like video_file's videos. The files hold no settings: the reader of pictures'
/// settings, and `reverie encode`, need PNG files.

#include "png_file.h"
#include "reverie/atomic_file.h"
#include "reverie/output_sink.h"
#include "reverie/plugin.h"
#include "video_file/still.h"

namespace reverie::io {
namespace {

constexpr ParamSpec kParams[] = {
    choice("picture_format", "jpeg", "jpeg|webp|webp_lossless")
        .help("jpeg, webp (smaller at the same quality) or webp_lossless (smaller than PNG)"),
    integer("picture_quality", 90)
        .range(1, 100)
        .help("of jpeg and webp: higher is better and larger; webp_lossless has none"),
    kFrameDigits,
};

class PictureSequence final : public OutputSink {
 public:
  PictureSequence(Host&, const Params& params, const Setup& setup)
      : folder_(setup.folder),
        base_(setup.base_name),
        format_(params.get<std::string>("picture_format")),
        quality_(static_cast<int>(params.get<std::int64_t>("picture_quality"))),
        digits_(params.get<std::int64_t>("frame_digits")) {}

  std::filesystem::path write(const at::Tensor& image, std::int64_t number) override {
    return put(image, frame_path(folder_, base_, number, digits_));
  }

  std::optional<std::filesystem::path> keep(const at::Tensor& image, std::int64_t step) override {
    return put(image, folder_ / (base_ + "_step_" + std::to_string(step) + ".png"));
  }

 private:
  std::filesystem::path put(const at::Tensor& image, std::filesystem::path path) const {
    const bool jpeg = format_ == "jpeg";
    const std::string bytes =
        jpeg ? video_file::encode_jpeg(image, quality_)
             : video_file::encode_webp(image, format_ == "webp" ? quality_ : video_file::kLossless);
    path.replace_extension(jpeg ? ".jpg" : ".webp");
    create_folder_of(path);
    write_atomically(path, {bytes});
    return path;
  }

  std::filesystem::path folder_;
  std::string base_, format_;
  int quality_;
  std::int64_t digits_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(PictureSequence, OutputSink, "picture_sequence", "1.0",
                      "one JPEG or WebP file for each saved frame", kParams);

}  // namespace reverie::io
