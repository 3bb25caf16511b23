/// Picture sequence: each saved frame becomes <base>_<n>.jpg, .webp or .avif, smaller than a PNG file.
///
/// JPEG and WebP are written by FFmpeg's library, like video_file's videos, and hold no settings. AVIF is
/// written by libavif, with the settings as XMP. The reader of pictures' settings, and `reverie encode`, need
/// PNG files.

#include "avif_file.h"
#include "png_file.h"
#include "reverie/atomic_file.h"
#include "reverie/output_sink.h"
#include "reverie/plugin.h"
#include "video_file/still.h"

namespace reverie::io {
namespace {

constexpr ParamSpec kParams[] = {
    choice("picture_format", "jpeg", "jpeg|webp|webp_lossless|avif|avif_lossless")
        .help("jpeg, webp and avif (smaller at the same quality), or webp_lossless (smaller than PNG) and "
              "avif_lossless"),
    integer("picture_quality", 90)
        .range(1, 100)
        .fixed("the pictures of a run are saved alike")
        .help("of jpeg, webp and avif: higher is better and larger; the lossless ones have none"),
    kFrameDigits,
};

class PictureSequence final : public OutputSink {
 public:
  PictureSequence(Host&, const Params& params, const Setup& setup)
      : folder_(setup.folder),
        base_(setup.base_name),
        settings_(setup.settings),
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
    const bool lossless = format_.ends_with("_lossless");
    std::string bytes;
    if (format_ == "jpeg") {
      bytes = video_file::encode_jpeg(image, quality_);
      path.replace_extension(".jpg");
    } else if (format_.starts_with("webp")) {
      bytes = video_file::encode_webp(image, lossless ? video_file::kLossless : quality_);
      path.replace_extension(".webp");
    } else {
      bytes = encode_avif(image, lossless ? kLosslessAvif : quality_, settings_);
      path.replace_extension(".avif");
    }
    create_folder_of(path);
    write_atomically(path, {bytes});
    return path;
  }

  std::filesystem::path folder_;
  std::string base_, settings_, format_;
  int quality_;
  std::int64_t digits_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(PictureSequence, OutputSink, "picture_sequence", "1.1",
                      "one JPEG, WebP or AVIF file for each saved frame", kParams);

}  // namespace reverie::io
