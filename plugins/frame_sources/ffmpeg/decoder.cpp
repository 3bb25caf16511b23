#include "decoder.h"

#include <string_view>

#include "reverie/error.h"

namespace reverie::ffmpeg {
namespace {

constexpr int kMostSkipped = 1000;  // a file that marks no key frames is read from its start

}  // namespace

void FrameDecoder::damaged(std::int64_t index, const std::string& why) const {
  const std::string which = (file_.is_still() ? "" : "frame " + std::to_string(index) + " of ") + "'" +
                            file_.path().string() + "' ";
  constexpr std::string_view kSize = "Picture size ";
  if (const auto at = why.find(kSize); at != std::string::npos) {
    const std::string size = why.substr(at + kSize.size());
    throw Error(ErrorKind::file, which + "is too large: it has " + size.substr(0, size.find(' ')) + " pixels",
                kSmaller);
  }
  throw Error(ErrorKind::file,
              which + "cannot be decoded; it is damaged, cut off or of an unsupported kind: " + why);
}

FramePtr FrameDecoder::next(std::int64_t index) {
  forget_complaints();
  FramePtr frame = new_frame();
  for (;;) {
    const int result = avcodec_receive_frame(decoder_.get(), frame.get());
    if (result == AVERROR_EOF) return nullptr;
    if (result >= 0) {
      // What a decoder makes up for missing parts is not part of the picture. FFV1's says so only in words.
      const bool made_up = frame->decode_error_flags || frame->flags & AV_FRAME_FLAG_CORRUPT ||
                           (decoder_->codec_id == AV_CODEC_ID_FFV1 && !complaint().empty());
      if (made_up) damaged(index, complaint().empty() ? "parts of it are missing" : complaint());
      if (rgb_) frame->colorspace = AVCOL_SPC_RGB;
      return frame;
    }
    if (result != AVERROR(EAGAIN)) damaged(index, reason(result));
    if (!feed(index)) return nullptr;
  }
}

/// Gives the decoder the next packet, or signals the end. False when that was done before.
bool FrameDecoder::feed(std::int64_t index) {
  if (drained_) return false;
  PacketPtr packet;
  if (file_.is_still()) {
    if (!started_) packet = file_.whole();
    if (packet && decoder_->codec_id == AV_CODEC_ID_MJPEG)
      rgb_ = is_rgb_jpeg({packet->data, static_cast<std::size_t>(packet->size)});
    started_ = true;
  } else {
    packet = new_packet();
    for (;;) {
      const int result = av_read_frame(&file_.format(), packet.get());
      if (result == AVERROR_EOF && !file_.format().pb->error) {
        packet.reset();
        break;
      }
      if (result < 0) damaged(index, reason(result));
      // A recording may start amid a group of pictures; what comes before the first key frame is not damage.
      const bool ours = packet->stream_index == file_.stream().index;
      started_ = started_ || (ours && (packet->flags & AV_PKT_FLAG_KEY || ++skipped_ > kMostSkipped));
      if (started_ && ours) break;
      av_packet_unref(packet.get());
    }
  }
  drained_ = !packet;
  const bool doubtful = packet && packet->flags & AV_PKT_FLAG_CORRUPT;
  doubtful_ = doubtful_ || doubtful;
  const int result = avcodec_send_packet(decoder_.get(), packet.get());
  if (result < 0 && result != AVERROR_EOF) damaged(index, reason(result));
  // Not every decoder marks the frame for what it made up.
  if (doubtful && !complaint().empty()) damaged(index, complaint());
  return true;
}

bool FrameDecoder::seek(std::int64_t timestamp) {
  if (file_.is_still()) return false;
  forget_complaints();
  if (av_seek_frame(&file_.format(), file_.stream().index, timestamp, AVSEEK_FLAG_BACKWARD) < 0) return false;
  avcodec_flush_buffers(decoder_.get());
  started_ = drained_ = false;
  return true;
}

}  // namespace reverie::ffmpeg
