/// FFmpeg: pictures and videos of every kind that FFmpeg's libraries decode.

extern "C" {
#include <libavutil/display.h>
}

#include <cmath>

#include "convert.h"
#include "orientation.h"
#include "reverie/frame_source.h"
#include "reverie/has_opacity.h"
#include "reverie/plugin.h"
#include "reverie/resize.h"
#include "tags.h"
#include "timeline.h"

namespace reverie::ffmpeg {
namespace {

/// Null if there is none.
const std::uint8_t* display_matrix_of(const AVStream& stream) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 30, 100)  // FFmpeg 6.1
  const AVCodecParameters& parameters = *stream.codecpar;
  const AVPacketSideData* data = av_packet_side_data_get(
      parameters.coded_side_data, parameters.nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
  return data ? data->data : nullptr;
#else
  return av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr);
#endif
}

Orientation orientation_of(const AVFrame& frame, const MediaFile& file) {
  const auto from_bytes = [](const std::uint8_t* matrix) {
    return orientation_of_matrix(
        std::span<const std::int32_t, 9>(reinterpret_cast<const std::int32_t*>(matrix), 9));
  };
  if (const AVFrameSideData* data = av_frame_get_side_data(&frame, AV_FRAME_DATA_DISPLAYMATRIX))
    return from_bytes(data->data);
  if (const std::uint8_t* matrix = display_matrix_of(file.stream())) return from_bytes(matrix);
  if (!file.is_still()) return {};
  const PacketPtr bytes = file.whole();
  const Bytes tags = tags_of({bytes->data, static_cast<std::size_t>(bytes->size)});
  return orientation_of_exif(tag_in(tags, kTagOrientation, 1));
}

/// The size before turning, with square pixels. Stills' resolutions are for print, and not applied.
ImageSize square_size(const AVFrame& frame, const MediaFile& file) {
  ImageSize size{frame.width, frame.height};
  if (file.is_still()) return size;
  const AVRational aspect =
      av_guess_sample_aspect_ratio(&file.format(), &file.stream(), const_cast<AVFrame*>(&frame));
  const double ratio = aspect.num > 0 && aspect.den > 0 ? av_q2d(aspect) : 1;
  constexpr double kWidest = 8;  // more is a mistake
  if (ratio < kWidest && ratio > 1 / kWidest)
    size.width = std::max<std::int64_t>(1, std::llround(static_cast<double>(size.width) * ratio));
  return size;
}

class Ffmpeg final : public FrameSource, public HasOpacity {
 public:
  /// By its content.
  static bool accepts(const std::filesystem::path& path) {
    listen_to_ffmpeg();
    try {
      const MediaFile file(path);
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  Ffmpeg(Host& host, const Params&, const Setup& setup)
      : path_(setup.path), timeline_(listening(host), setup.path) {
    const AVFrame* first = timeline_.frame(0);
    if (!first)
      throw Error(ErrorKind::file, "'" + path_.string() + "' cannot be decoded; there is no picture in it");
    const MediaFile& file = timeline_.file();
    square_ = square_size(*first, file);
    if (square_.width * square_.height > kMostPixels)
      throw Error(ErrorKind::file,
                  "'" + path_.string() + "' is too large: it is shown with " + std::to_string(square_.width) +
                      "x" + std::to_string(square_.height) + " pixels",
                  kSmaller);
    orientation_ = orientation_of(*first, file);
    shown_ = orientation_.transposed ? ImageSize{square_.height, square_.width} : square_;
    if (first->color_trc == AVCOL_TRC_SMPTE2084 || first->color_trc == AVCOL_TRC_ARIB_STD_B67)
      host.log(
          LogLevel::warning,
          "'" + path_.string() + "' is high dynamic range (HDR), which is read as it is: it will look pale");
    readable([&] { require_rgb(*first); });
    // A video of one frame is a still, too.
    still_ = file.is_still() || is_single();
    rate_ = still_ ? 0 : setup.frames_per_second;
  }

  Info info() const override {
    if (still_) return {shown_, 0, 1};
    if (rate_ > 0) return {shown_, rate_, std::nullopt};
    return {shown_, timeline_.frames_per_second(), timeline_.count()};
  }

  std::optional<at::Tensor> read(std::int64_t index) override { return read_as(index, to_rgb); }

  void* extension(std::string_view id) override {
    return id == HasOpacity::kId ? static_cast<HasOpacity*>(this) : nullptr;
  }
  std::optional<at::Tensor> read_with_opacity(std::int64_t index) override {
    return read_as(index, to_rgb_and_opacity);
  }

 private:
  using Convert = at::Tensor (*)(const AVFrame&, bool still, bool premultiplied);

  std::optional<at::Tensor> read_as(std::int64_t index, Convert convert) {
    if (index < 0 || (still_ && index > 0)) return std::nullopt;
    const AVFrame* frame =
        rate_ > 0 ? timeline_.frame_at(static_cast<double>(index) / rate_) : timeline_.frame(index);
    if (!frame) return std::nullopt;
    return picture(*frame, convert);
  }

  /// Says of what file the pixels are that cannot be converted.
  template <typename Work>
  std::invoke_result_t<const Work&> readable(const Work& work) const {
    try {
      return work();
    } catch (const Error& error) {
      throw Error(ErrorKind::file,
                  "'" + path_.string() + "' holds " + error.what() + ", which cannot be read",
                  "convert it to PNG, or to H.264 if it is a video");
    }
  }

  at::Tensor picture(const AVFrame& frame, Convert convert) const {
    const MediaFile& file = timeline_.file();
    // FFmpeg draws SVG by librsvg, whose colours are already multiplied by alpha.
    const bool premultiplied = file.stream().codecpar->codec_id == AV_CODEC_ID_SVG;
    const at::Tensor image = readable([&] { return convert(frame, file.is_still(), premultiplied); });
    // Nor do all frames of a video have to be of one size.
    return upright(lanczos_resize(image, square_.height, square_.width), orientation_);
  }

  bool is_single() {
    try {
      return !timeline_.frame(1);
    } catch (const Error&) {
      return false;  // it is damaged there; reading that frame reports it
    }
  }

  static Host& listening(Host& host) {
    listen_to_ffmpeg();
    return host;
  }

  std::filesystem::path path_;
  Timeline timeline_;
  ImageSize square_, shown_;
  Orientation orientation_;
  bool still_ = false;
  double rate_ = 0;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Ffmpeg, FrameSource, "ffmpeg", "1.0",
                      "pictures and videos, as far as FFmpeg decodes them", kNoParams);

}  // namespace reverie::ffmpeg
