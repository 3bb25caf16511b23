/// A video file, written by FFmpeg's libraries.

#include "writer.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "filter_graph.h"
#include "muxer.h"
#include "pixels.h"
#include "reverie/atomic_file.h"

extern "C" {
#include <libavutil/opt.h>
}

namespace reverie::video_file {
namespace {

/// Every picture gets the 256 colours that suit it best.
ffmpeg::FramePtr with_palette(const ffmpeg::FramePtr& frame) {
  const std::string size = std::to_string(frame->width) + "x" + std::to_string(frame->height);
  FilterGraph graph("buffer@in=video_size=" + size +
                        ":pix_fmt=rgb24:time_base=1/100:pixel_aspect=1/1,split[a][b];"
                        "[a]palettegen=stats_mode=single[p];[b][p]paletteuse=new=1,buffersink@out",
                    "buffer@in", "buffersink@out");
  frame->pts = 0;
  graph.push(frame.get());
  graph.push(nullptr);
  ffmpeg::FramePtr result = graph.pull();
  if (!result) throw Error(ErrorKind::plugin, "no palette could be found for a picture");
  return result;
}

/// Packets that were in a container are as it holds them, described by its header.
void take_header(AVCodecParameters& to, const AVCodecParameters& from) {
  const auto size = static_cast<std::size_t>(from.extradata_size);
  av_freep(&to.extradata);
  to.extradata_size = 0;
  if (size == 0) return;
  to.extradata = static_cast<std::uint8_t*>(av_mallocz(size + AV_INPUT_BUFFER_PADDING_SIZE));
  if (!to.extradata) throw std::bad_alloc();
  std::memcpy(to.extradata, from.extradata, size);
  to.extradata_size = from.extradata_size;
}

/// FFV1's third version has checksums, for each slice of a picture. FFmpeg cannot cut small ones into four,
/// and makes mistakes where a side is a single pixel.
void cut_into_slices(AVCodecContext& context) {
  context.level = std::min(context.width, context.height) < 4 ? 1 : 3;
  context.slices = context.level == 3 && (context.width > 352 || context.height > 288) ? 4 : 1;
}

class Writer final : public VideoWriter {
 public:
  Writer(Host& host, const VideoSetup& setup)
      : host_(host),
        setup_(setup),
        format_(format_called(setup.format)),
        rate_(av_d2q(setup.frames_per_second, 1'000'000)) {
    // Missing parts are reported before the first picture is made.
    find_encoder(format_.video);
    if (setup.quality && *setup.quality > format_.worst_quality)
      format_.worst_quality < 0
          ? host.log(LogLevel::warning, "video_quality has no effect on the video format " + setup.format)
          : throw Error(ErrorKind::settings, "'video_quality' is " + std::to_string(*setup.quality) + "; " +
                                                 setup.format + " allows 0 to " +
                                                 std::to_string(format_.worst_quality));
    if (setup.around && !format_.keeps_projection)
      throw Error(ErrorKind::settings,
                  "'video_projection' is equirectangular, but videos of the format " + setup.format +
                      " cannot say so",
                  "choose mp4, webm or lossless as video_format, or leave video_projection out");
    constexpr double kQuickestGif = 50;  // players show what is quicker at 10 pictures a second
    if (format_.pixels == AV_PIX_FMT_PAL8 && setup.frames_per_second > kQuickestGif)
      throw Error(ErrorKind::settings, "GIF shows at most 50 pictures a second",
                  "lower frames_per_second or choose another video_format");
    if (!setup.audio.empty() && !format_.sound.encoder)
      host.log(LogLevel::warning,
               "the video will be silent: there is no sound in the format " + setup.format);
    if (const auto sound = open_sound(0); sound && sound->is_empty())
      throw Error(ErrorKind::settings,
                  "'input_audio_offset' is " + std::to_string(setup.audio_offset) + " seconds, but '" +
                      setup.audio.string() + "' ends before",
                  "choose a smaller offset");
  }
  Writer(const Writer&) = delete;
  ~Writer() override {
    growing_.reset();
    if (!path_.empty() && !published_) ::unlink(part().c_str());
  }

  std::string extension() const override { return format_.extension; }
  bool takes_opacity() const override { return format_.pixels_with_opacity != AV_PIX_FMT_NONE; }

  void open(const std::filesystem::path& path, std::int64_t first) override {
    create_folder_of(path);
    path_ = path;
    first_ = first;
    growing_.reset();  // of an attempt that failed
    encoder_.reset();
    frames_ = 0;
  }

  void add(const at::Tensor& image) override {
    const bool deep = setup_.bits != 8;
    if (!encoder_)
      pixels_ = image.dim() == 4 && image.size(1) == 4
                    ? (deep ? format_.deep_pixels_with_opacity : format_.pixels_with_opacity)
                    : (deep ? format_.deep_pixels : format_.pixels);
    ffmpeg::FramePtr frame =
        to_frame(image, setup_.bits, pixels_ == AV_PIX_FMT_PAL8 ? AV_PIX_FMT_RGB24 : pixels_);
    if (pixels_ == AV_PIX_FMT_PAL8) frame = with_palette(frame);
    if (!encoder_) start(*frame);
    const AVCodecContext& context = encoder_->context();
    if (frame->width != context.width || frame->height != context.height)
      throw Error(ErrorKind::file, "picture " + std::to_string(frames_ + 1) + " of the video '" +
                                       path_.string() + "' is " + size(frame->width, frame->height) +
                                       ", those before are " + size(context.width, context.height));
    frame->pts = frames_++;
    frame->pict_type = AV_PICTURE_TYPE_NONE;
    encoder_->encode(frame.get(), [this](AVPacket& packet) { growing_->write(packet); });
    growing_->flush();
  }

  void publish() override {
    rename_part();
    published_ = true;
  }

  void finish() override {
    if (!encoder_) return;
    encoder_->encode(nullptr, [this](AVPacket& packet) { growing_->write(packet); });
    growing_->complete();
    growing_.reset();
    if (format_.complete) {
      try {
        rewrite();
      } catch (...) {
        ::unlink(part().c_str());
        throw;
      }
      rename_part();
    }
    sync(path_);
    if (!detail::sync_folder(path_.parent_path())) detail::cannot_write(path_, errno);
  }

 private:
  std::filesystem::path part() const { return path_.string() + ".part"; }
  static std::string size(int width, int height) {
    return std::to_string(width) + "x" + std::to_string(height);
  }

  /// `before`: seconds until it begins; of less than 0, that much of it has passed.
  std::unique_ptr<AudioTrack> open_sound(double before) const {
    if (setup_.audio.empty() || !format_.sound.encoder) return nullptr;
    // The file is read twice or more, but what is wrong with it is said once.
    const auto warn = [this](const std::string& notice) {
      if (!std::exchange(warned_, true)) host_.log(LogLevel::warning, notice);
    };
    return std::make_unique<AudioTrack>(warn, setup_.audio, setup_.audio_offset + std::max(0.0, -before),
                                        std::max(0.0, before), format_, wants_global_headers(format_));
  }

  std::unique_ptr<AudioTrack> open_sound() const {
    return open_sound(static_cast<double>(setup_.early_frames - (first_ - 1)) / setup_.frames_per_second);
  }

  void start(const AVFrame& first) {
    encoder_.emplace(format_.video, wants_global_headers(format_), [&](AVCodecContext& context) {
      context.width = first.width;
      context.height = first.height;
      context.pix_fmt = pixels_;
      context.time_base = av_inv_q(rate_);
      context.framerate = rate_;
      context.sample_aspect_ratio = {1, 1};
      const AVPixFmtDescriptor& layout = *av_pix_fmt_desc_get(pixels_);
      if (layout.flags & AV_PIX_FMT_FLAG_PAL) return;
      context.color_primaries = first.color_primaries;
      context.color_trc = first.color_trc;
      context.colorspace = first.colorspace;
      context.color_range = first.color_range;
      if (layout.log2_chroma_w) context.chroma_sample_location = AVCHROMA_LOC_LEFT;
      if (context.codec_id == AV_CODEC_ID_FFV1) cut_into_slices(context);
      if (context.codec_id == AV_CODEC_ID_PRORES)
        av_opt_set_int(context.priv_data, "alpha_bits", layout.flags & AV_PIX_FMT_FLAG_ALPHA ? 16 : 0, 0);
      if (format_.quality >= 0)
        av_opt_set_int(context.priv_data, "crf", setup_.quality.value_or(format_.quality), 0);
    });
    constexpr std::int64_t kEndless = std::numeric_limits<std::int64_t>::max();
    growing_.emplace(part(), format_, format_.growing, *parameters_of(encoder_->context()), rate_,
                     setup_.around, open_sound(), kEndless);
  }

  /// The pictures of the file that grew, with the sound as it should be, in a file that is quick to open.
  void rewrite() const {
    AVFormatContext* input = nullptr;
    int result = avformat_open_input(&input, ("file:" + path_.string()).c_str(), nullptr, nullptr);
    const ffmpeg::FormatPtr grown(input);
    if (result < 0) cannot_read_back(result);
    const ParametersPtr parameters = parameters_of(encoder_->context());
    take_header(*parameters, *input->streams[0]->codecpar);
    Muxer complete(part(), format_, format_.complete, *parameters, rate_, setup_.around, open_sound(),
                   frames_);
    const ffmpeg::PacketPtr packet = ffmpeg::new_packet();
    std::int64_t read = 0;
    for (; result >= 0; av_packet_unref(packet.get())) {
      result = av_read_frame(input, packet.get());
      if (result < 0 || packet->stream_index != 0) continue;
      complete.write(*packet);
      ++read;
    }
    if (read != frames_) cannot_read_back(result);
    complete.complete();
  }

  [[noreturn]] void cannot_read_back(int result) const {
    throw Error(ErrorKind::file, "'" + path_.string() + "' cannot be read back: " + ffmpeg::reason(result),
                "it can be played as it is; reverie encode writes it again");
  }

  void rename_part() const {
    if (::rename(part().c_str(), path_.c_str()) != 0) detail::cannot_write(path_, errno);
  }

  static void sync(const std::filesystem::path& path) {
    const detail::Descriptor file(path, O_RDWR);
    if (!file.is_open() || !file.sync()) detail::cannot_write(path, errno);
  }

  Host& host_;
  VideoSetup setup_;
  const Format& format_;
  AVRational rate_;
  AVPixelFormat pixels_ = AV_PIX_FMT_NONE;  // of the pictures so far
  std::filesystem::path path_;
  bool published_ = false;
  mutable bool warned_ = false;  // of the sound
  std::int64_t first_ = 1, frames_ = 0;
  std::optional<Encoder> encoder_;
  std::optional<Muxer> growing_;
};

}  // namespace

std::unique_ptr<VideoWriter> make_video_writer(Host& host, const VideoSetup& setup) {
  ffmpeg::listen_to_ffmpeg();
  return std::make_unique<Writer>(host, setup);
}

}  // namespace reverie::video_file
