/// A picture as an OpenEXR file.

#include <ATen/ATen.h>

#include "encoder.h"
#include "pixels.h"
#include "reverie/error.h"
#include "writer.h"

namespace reverie::video_file {
namespace {

constexpr Codec kExr{"exr", "OpenEXR", "format=half:compression=zip16"};

/// IEC 61966-2-1.
at::Tensor linear_from_srgb(const at::Tensor& x) {
  return at::where(x <= 0.04045, x / 12.92, at::pow((x + 0.055) / 1.055, 2.4));
}

}  // namespace

std::string encode_exr(const at::Tensor& image) {
  ffmpeg::listen_to_ffmpeg();
  check_picture(image);
  const at::Tensor light = linear_from_srgb(image[0].to(at::kFloat).clamp(0, 1));
  const ffmpeg::FramePtr frame =
      empty_frame(static_cast<int>(light.size(2)), static_cast<int>(light.size(1)), AV_PIX_FMT_GBRPF32);
  for (int plane = 0; plane < 3; ++plane) fill(*frame, plane, light[(plane + 1) % 3]);
  Encoder encoder(kExr, false, [&](AVCodecContext& context) {
    context.width = frame->width;
    context.height = frame->height;
    context.pix_fmt = AV_PIX_FMT_GBRPF32;
    context.time_base = {1, 1};
    context.sample_aspect_ratio = {1, 1};
  });
  std::string file;
  const TakePacket take = [&](AVPacket& packet) {
    file.append(reinterpret_cast<const char*>(packet.data), static_cast<std::size_t>(packet.size));
  };
  encoder.encode(frame.get(), take);
  encoder.encode(nullptr, take);
  return file;
}

}  // namespace reverie::video_file
