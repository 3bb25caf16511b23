#include "media_file.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "reverie/ordinary_file.h"

namespace reverie::ffmpeg {
namespace {

constexpr std::int64_t kMostStillBytes = std::int64_t{1} << 30;
constexpr const char* kConvert = "convert it to PNG, or to H.264 if it is a video";

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& what,
                       const std::string& advice = {}) {
  throw Error(ErrorKind::file, "'" + path.string() + "' " + what, advice);
}

IoPtr open_io(const std::filesystem::path& path) {
  require_ordinary_file(path, "a picture or video");
  std::error_code error;
  if (std::filesystem::file_size(path, error) == 0) fail(path, "is empty");
  AVIOContext* io = nullptr;
  if (const int result = avio_open2(&io, ("file:" + path.string()).c_str(), AVIO_FLAG_READ, nullptr, nullptr);
      result < 0)
    fail(path, "cannot be read: " + reason(result));
  return IoPtr(io);
}

/// Targa has no signature, so its name must do.
const AVInputFormat* format_by_name(const std::filesystem::path& path) {
  const AVOutputFormat* stills = av_guess_format("image2", nullptr, nullptr);
  if (!stills || path.extension().empty()) return nullptr;
  const AVCodecID codec = av_guess_codec(stills, nullptr, path.c_str(), nullptr, AVMEDIA_TYPE_VIDEO);
  return codec == AV_CODEC_ID_TARGA ? av_find_input_format("image2pipe") : nullptr;
}

/// FFmpeg looks through a JPEG's parts to tell it from others, and is confused by what may stand behind the
/// picture: another one, a video, a preview.
const AVInputFormat* format_by_signature(AVIOContext* io) {
  std::uint8_t start[3] = {};
  const bool read = avio_read(io, start, sizeof start) == sizeof start;
  if (avio_seek(io, 0, SEEK_SET) < 0 || !read) return nullptr;
  const bool jpeg = start[0] == 0xff && start[1] == 0xd8 && start[2] == 0xff;
  return jpeg ? av_find_input_format("jpeg_pipe") : nullptr;
}

/// FFmpeg knows an SVG only by the XML declaration, which may be missing.
const AVInputFormat* format_by_text(AVIOContext* io) {
  char start[1024] = {};
  const int length = avio_read(io, reinterpret_cast<unsigned char*>(start), sizeof start);
  if (avio_seek(io, 0, SEEK_SET) < 0 || length <= 0) return nullptr;
  const std::string_view text(start, static_cast<std::size_t>(length));
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool xml = first != std::string_view::npos && text[first] == '<';
  return xml && text.find("<svg") != std::string_view::npos ? av_find_input_format("svg_pipe") : nullptr;
}

const AVInputFormat* recognise(AVIOContext* io, const std::filesystem::path& path) {
  // Without the name, which may lie.
  const AVInputFormat* format = nullptr;
  const int score = av_probe_input_buffer2(io, &format, "", nullptr, 0, 0);
  if (score > AVPROBE_SCORE_RETRY && format && std::string_view(format->name) != "tty") return format;
  if (const AVInputFormat* known = format_by_signature(io)) return known;
  if (const AVInputFormat* known = format_by_text(io)) return known;
  return format_by_name(path);
}

/// Options for each stream of a file, as avformat_find_stream_info() takes them.
class StreamOptions {
 public:
  explicit StreamOptions(unsigned streams) : options_(streams) {
    for (AVDictionary*& each : options_) av_dict_set_int(&each, "max_pixels", kMostPixels, 0);
  }
  StreamOptions(const StreamOptions&) = delete;
  ~StreamOptions() {
    for (AVDictionary*& each : options_) av_dict_free(&each);
  }
  AVDictionary** data() { return options_.data(); }

 private:
  std::vector<AVDictionary*> options_;
};

/// By the flag in its extended header.
bool is_animated_webp(Bytes file) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  constexpr std::size_t kFlags = 20;
  constexpr char kAnimated = 2;
  return text.size() > kFlags && text.substr(0, 4) == "RIFF" && text.substr(8, 8) == "WEBPVP8X" &&
         (text[kFlags] & kAnimated) != 0;
}

}  // namespace

MediaFile::MediaFile(const std::filesystem::path& path) : path_(path), io_(open_io(path)) {
  forget_complaints();
  const AVInputFormat* kind = recognise(io_.get(), path);
  if (!kind) fail(path, "is neither a picture nor a video of a known format", kConvert);
  AVFormatContext* format = avformat_alloc_context();
  if (!format) throw std::bad_alloc();
  format->pb = io_.get();
  // A playlist may name any file or address; none may be opened.
  AVDictionary* options = nullptr;
  av_dict_set(&options, "protocol_whitelist", "none", 0);
  const int result = avformat_open_input(&format, "", kind, &options);  // frees `format` when it fails
  av_dict_free(&options);
  if (result < 0)
    fail(path, "cannot be read as " + std::string(kind->long_name) + ": " + reason(result), kConvert);
  format_.reset(format);
  const std::string_view name = kind->name;
  still_ = name == "image2pipe" || (name.size() > 5 && name.substr(name.size() - 5) == "_pipe");
  find_stream();
}

void MediaFile::find_stream() {
  if (!still_) {
    // For some formats, only the packets say what they hold.
    StreamOptions options(format_->nb_streams);
    const int result = avformat_find_stream_info(format_.get(), options.data());
    if (result < 0) fail(path_, "cannot be read: " + reason(result));
  }
  int best = still_ ? 0 : av_find_best_stream(format_.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (std::string_view(format_->iformat->name) == "ico") best = largest_stream();
  // The picture that comes with a song is not a video.
  if (best < 0 || format_->streams[best]->disposition & AV_DISPOSITION_ATTACHED_PIC)
    fail(path_, "holds no pictures: it is " + std::string(format_->iformat->long_name));
  stream_ = format_->streams[best];
  for (unsigned i = 0; i < format_->nb_streams; ++i)
    if (static_cast<int>(i) != best) format_->streams[i]->discard = AVDISCARD_ALL;
  if (still_ && stream_->codecpar->codec_id == AV_CODEC_ID_NONE)
    stream_->codecpar->codec_id = AV_CODEC_ID_TARGA;  // the only one that has no format of its own
}

/// Of the sizes that an icon comes in.
int MediaFile::largest_stream() const {
  const auto* const begin = format_->streams;
  const auto largest = std::max_element(
      begin, begin + format_->nb_streams,
      [](const AVStream* a, const AVStream* b) { return a->codecpar->width < b->codecpar->width; });
  return format_->nb_streams ? static_cast<int>(largest - begin) : -1;
}

/// What FFmpeg reads without complaint, but wrongly, or refuses without a reason.
void MediaFile::refuse_misread(Bytes file) const {
  const int compression = tag_in(tags_of(file), kTagCompression, 1);
  if (stream_->codecpar->codec_id == AV_CODEC_ID_TIFF && (compression == 6 || compression == 7))
    fail(path_, "is TIFF with JPEG inside, which FFmpeg shows black", "save it with another compression");
  if (stream_->codecpar->codec_id == AV_CODEC_ID_PFM)
    fail(path_, "is a portable float map, which some versions of FFmpeg read upside down",
         "convert it to OpenEXR");
  if (is_animated_webp(file))
    fail(path_, "is an animated WebP, which FFmpeg does not decode",
         "convert it with another program, such as ImageMagick: to a GIF or a video for all of its pictures, "
         "to PNG "
         "for one");
}

PacketPtr MediaFile::whole() const {
  const std::int64_t size = avio_size(io_.get());
  if (size <= 0 || size > kMostStillBytes) fail(path_, "is too large for a picture");
  PacketPtr packet = new_packet();
  if (av_new_packet(packet.get(), static_cast<int>(size)) < 0) throw std::bad_alloc();
  if (avio_seek(io_.get(), 0, SEEK_SET) < 0 ||
      avio_read(io_.get(), packet->data, static_cast<int>(size)) != static_cast<int>(size))
    fail(path_, "cannot be read to its end");
  refuse_misread({packet->data, static_cast<std::size_t>(size)});
  return packet;
}

DecoderPtr MediaFile::open_decoder() const {
  const AVCodecParameters& codec = *stream_->codecpar;
  const AVCodec* kind = avcodec_find_decoder(codec.codec_id);
  if (!kind)
    throw Error(ErrorKind::unsupported,
                "'" + path_.string() + "' needs a decoder for " + avcodec_get_name(codec.codec_id) +
                    ", which this FFmpeg does not have",
                kConvert);
  DecoderPtr decoder(avcodec_alloc_context3(kind));
  if (!decoder || avcodec_parameters_to_context(decoder.get(), &codec) < 0) throw std::bad_alloc();
  decoder->pkt_timebase = stream_->time_base;
  // One thread, so that errors belong to the frame that is asked for, and memory holds few frames.
  decoder->thread_count = 1;
  decoder->max_pixels = kMostPixels;
  decoder->flags |= AV_CODEC_FLAG_UNALIGNED;  // cropped to the pixel
  // Without the second, missing parts of a JPEG are grey. Other decoders would refuse intact files for
  // trifles.
  decoder->err_recognition = AV_EF_CRCCHECK | (codec.codec_id == AV_CODEC_ID_MJPEG ? AV_EF_EXPLODE : 0);
  forget_complaints();
  if (const int result = avcodec_open2(decoder.get(), kind, nullptr); result < 0)
    fail(path_, "cannot be decoded: " + reason(result));
  return decoder;
}

}  // namespace reverie::ffmpeg
