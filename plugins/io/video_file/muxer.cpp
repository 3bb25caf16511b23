#include "muxer.h"

#include <algorithm>
#include <limits>
#include <string_view>

#include "reverie/atomic_file.h"

extern "C" {
#include <libavutil/spherical.h>
}

namespace reverie::video_file {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

AVStream& add_stream(AVFormatContext& output, const AVCodecParameters& codec, AVRational time_base) {
  AVStream* stream = avformat_new_stream(&output, nullptr);
  if (!stream || avcodec_parameters_copy(stream->codecpar, &codec) < 0) throw std::bad_alloc();
  stream->time_base = time_base;
  return *stream;
}

/// Marks the pictures as equirectangular, as Google's Spherical Video V2 and Matroska's Projection have it.
void mark_as_sphere(AVFormatContext& output, AVStream& pictures) {
  std::size_t size = 0;
  AVSphericalMapping* mapping = av_spherical_alloc(&size);
  if (!mapping) throw std::bad_alloc();
  mapping->projection = AV_SPHERICAL_EQUIRECTANGULAR;
  auto* data = reinterpret_cast<std::uint8_t*>(mapping);
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 30, 100)  // FFmpeg 6.1
  AVCodecParameters& codec = *pictures.codecpar;
  const bool added = av_packet_side_data_add(&codec.coded_side_data, &codec.nb_coded_side_data,
                                             AV_PKT_DATA_SPHERICAL, data, size, 0) != nullptr;
#else
  const bool added = av_stream_add_side_data(&pictures, AV_PKT_DATA_SPHERICAL, data, size) >= 0;
#endif
  if (!added) {
    av_free(mapping);
    throw std::bad_alloc();
  }
  output.strict_std_compliance = FF_COMPLIANCE_UNOFFICIAL;  // the box is not of ISO's standard
}

}  // namespace

bool wants_global_headers(const Format& format) {
  const AVOutputFormat* container = av_guess_format(format.container, nullptr, nullptr);
  return container && container->flags & AVFMT_GLOBALHEADER;
}

void Muxer::Free::operator()(AVFormatContext* output) const {
  if (output->pb) avio_closep(&output->pb);
  avformat_free_context(output);
}

Muxer::Muxer(const std::filesystem::path& file, const Format& format, const char* options,
             const AVCodecParameters& video, AVRational rate, bool around, std::unique_ptr<AudioTrack> sound,
             std::int64_t frames)
    : file_(file), rate_(rate), sound_(std::move(sound)) {
  limit_ = frames == kNever ? kNever : samples_before(frames);
  ffmpeg::forget_complaints();
  AVFormatContext* output = nullptr;
  const std::string address = "file:" + file.string();
  if (avformat_alloc_output_context2(&output, nullptr, format.container, address.c_str()) < 0)
    throw Error(ErrorKind::unsupported,
                "this FFmpeg cannot write " + std::string(format.container) + " files");
  output_.reset(output);
  output->flags |= AVFMT_FLAG_BITEXACT;
  // A start before the first picture is an encoder's delay, which containers store in their own ways.
  output->avoid_negative_ts = AVFMT_AVOID_NEG_TS_DISABLED;
  AVStream& pictures = add_stream(*output, video, av_inv_q(rate));
  pictures.avg_frame_rate = pictures.r_frame_rate = rate;
  pictures.sample_aspect_ratio = video.sample_aspect_ratio;
  if (around) mark_as_sphere(*output, pictures);
  if (sound_) add_stream(*output, *parameters_of(sound_->encoder()), {1, AudioTrack::kRate});
  check(avio_open2(&output->pb, address.c_str(), AVIO_FLAG_WRITE, nullptr, nullptr));
  AVDictionary* settings = nullptr;
  int result = av_dict_parse_string(&settings, options, "=", ":", 0);
  if (result >= 0) result = avformat_write_header(output, &settings);
  av_dict_free(&settings);
  check(result);
}

void Muxer::check(int result) {
  if (result >= 0 && output_->pb && output_->pb->error < 0) result = output_->pb->error;
  if (result >= 0) return;
  // What the system says is a small number; FFmpeg's own errors are large.
  if (const int error = AVUNERROR(result); error > 0 && error < 4096) detail::cannot_write(file_, error);
  throw Error(ErrorKind::file, "cannot write '" + file_.string() + "': " + ffmpeg::reason(result));
}

std::int64_t Muxer::samples_before(std::int64_t frame) const {
  return av_rescale_q(frame, av_inv_q(rate_), {1, AudioTrack::kRate});
}

void Muxer::write_packet(AVPacket& packet, int stream, AVRational time_base) {
  packet.stream_index = stream;
  packet.pos = -1;
  av_packet_rescale_ts(&packet, time_base, output_->streams[stream]->time_base);
  check(av_write_frame(output_.get(), &packet));
}

void Muxer::write_sound(std::int64_t frames) {
  if (!sound_) return;
  // A little ahead, so that a file which grows knows from its first picture on where the sound begins.
  const std::int64_t until = samples_before(frames) + 2 * sound_->samples_at_once();
  // Matroska's times begin with the encoder's delay, and it says how long that is; the muxer only says it.
  const std::string_view container = output_->oformat->name;
  const bool counted = container == "webm" || container == "matroska";
  const int delay = counted ? sound_->encoder().initial_padding : 0;
  sound_->encode(until, limit_, [&](AVPacket& packet) {
    packet.pts += delay;
    packet.dts += delay;
    write_packet(packet, 1, sound_->encoder().time_base);
  });
}

void Muxer::write(AVPacket& picture) {
  ffmpeg::forget_complaints();
  picture.pts = picture.dts = frames_++;
  picture.duration = 1;
  write_sound(frames_);
  write_packet(picture, 0, av_inv_q(rate_));
}

void Muxer::flush() {
  check(av_write_frame(output_.get(), nullptr));
  avio_flush(output_->pb);
  check(0);
}

void Muxer::complete() {
  ffmpeg::forget_complaints();
  check(av_write_trailer(output_.get()));
  avio_flush(output_->pb);
  check(0);
  check(avio_closep(&output_->pb));
}

}  // namespace reverie::video_file
