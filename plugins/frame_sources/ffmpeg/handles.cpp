#include "handles.h"

#include <cstdio>
#include <new>

namespace reverie::ffmpeg {
namespace {

thread_local std::string first_complaint;

void take_message(void* context, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_ERROR || !first_complaint.empty()) return;
  char line[256];
  std::vsnprintf(line, sizeof line, format, arguments);
  std::string text = line;
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ' || text.back() == '.')) text.pop_back();
  const AVClass* speaker = context ? *static_cast<AVClass**>(context) : nullptr;
  first_complaint = speaker ? std::string(speaker->item_name(context)) + ": " + text : text;
}

}  // namespace

PacketPtr new_packet() {
  PacketPtr packet(av_packet_alloc());
  if (!packet) throw std::bad_alloc();
  return packet;
}

FramePtr new_frame() {
  FramePtr frame(av_frame_alloc());
  if (!frame) throw std::bad_alloc();
  return frame;
}

FramePtr another(const AVFrame& frame) {
  FramePtr copy(av_frame_clone(&frame));
  if (!copy) throw std::bad_alloc();
  return copy;
}

void listen_to_ffmpeg() { av_log_set_callback(take_message); }
void forget_complaints() {
  listen_to_ffmpeg();
  first_complaint.clear();
}
const std::string& complaint() { return first_complaint; }

std::string reason(int error) {
  char text[AV_ERROR_MAX_STRING_SIZE] = "";
  av_strerror(error, text, sizeof text);
  return complaint().empty() ? text : std::string(text) + " (" + complaint() + ")";
}

}  // namespace reverie::ffmpeg
