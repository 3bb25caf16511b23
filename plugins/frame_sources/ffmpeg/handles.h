#pragma once
// FFmpeg's objects with their destructors, and its errors as ours.

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/frame.h>
#include <libavutil/pixdesc.h>
}

#include <memory>
#include <string>

namespace reverie::ffmpeg {

struct CloseIo {
  void operator()(AVIOContext* io) const { avio_closep(&io); }
};
struct CloseFormat {
  void operator()(AVFormatContext* format) const { avformat_close_input(&format); }
};
struct FreeDecoder {
  void operator()(AVCodecContext* decoder) const { avcodec_free_context(&decoder); }
};
struct FreePacket {
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};
struct FreeFrame {
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
};
using IoPtr = std::unique_ptr<AVIOContext, CloseIo>;
using FormatPtr = std::unique_ptr<AVFormatContext, CloseFormat>;
using DecoderPtr = std::unique_ptr<AVCodecContext, FreeDecoder>;
using PacketPtr = std::unique_ptr<AVPacket, FreePacket>;
using FramePtr = std::unique_ptr<AVFrame, FreeFrame>;

/// Throws std::bad_alloc.
PacketPtr new_packet();
FramePtr new_frame();
FramePtr another(const AVFrame& frame);  ///< a second reference to the same pixels

/// Takes what FFmpeg says of errors, which would go to the terminal otherwise. To be called before all else.
void listen_to_ffmpeg();
/// Forgets what it has said on this thread, and listens again: FFmpeg has one listener, and there are several
/// libraries that this is part of.
void forget_complaints();
/// The first error that it has complained of on this thread since; empty if none.
const std::string& complaint();

/// An error number in FFmpeg's words, with what it complained of.
std::string reason(int error);

}  // namespace reverie::ffmpeg
