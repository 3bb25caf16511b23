// Loaded before FFmpeg's libraries, it makes an FFmpeg without encoders.

extern "C" __attribute__((visibility("default"))) const void* avcodec_find_encoder_by_name(const char*) {
  return nullptr;
}
