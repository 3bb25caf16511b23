#include "still.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "encoder.h"
#include "pixels.h"
#include "reverie/error.h"

extern "C" {
#include <libavutil/mem.h>
}

namespace reverie::video_file {
namespace {

constexpr Codec kJpeg{"mjpeg", "JPEG", "huffman=optimal"}, kWebp{"libwebp", "WebP", ""};
constexpr std::int64_t kLargestJpeg = 65500, kLargestWebp = 16383;  // pixels of a side, as the encoders say

// ITU-T T.81, Annex K.1, row by row: for luminance and chrominance.
constexpr int kLumaSteps[] = {16, 11, 10, 16, 24,  40,  51,  61,   //
                              12, 12, 14, 19, 26,  58,  60,  55,   //
                              14, 13, 16, 24, 40,  57,  69,  56,   //
                              14, 17, 22, 29, 51,  87,  80,  62,   //
                              18, 22, 37, 56, 68,  109, 103, 77,   //
                              24, 35, 55, 64, 81,  104, 113, 92,   //
                              49, 64, 78, 87, 103, 121, 120, 101,  //
                              72, 92, 95, 98, 112, 100, 103, 99};
constexpr int kChromaSteps[] = {17, 18, 24, 47, 99, 99, 99, 99,  //
                                18, 21, 26, 66, 99, 99, 99, 99,  //
                                24, 26, 56, 99, 99, 99, 99, 99,  //
                                47, 66, 99, 99, 99, 99, 99, 99,  //
                                99, 99, 99, 99, 99, 99, 99, 99,  //
                                99, 99, 99, 99, 99, 99, 99, 99,  //
                                99, 99, 99, 99, 99, 99, 99, 99,  //
                                99, 99, 99, 99, 99, 99, 99, 99};

/// A table for the encoder, which frees it.
std::uint16_t* quantisation(const int (&steps)[64], int quality) {
  auto* table = static_cast<std::uint16_t*>(av_malloc(64 * sizeof(std::uint16_t)));
  if (!table) throw std::bad_alloc();
  const int percent = quality < 50 ? 5000 / quality : 200 - 2 * quality;
  for (int i = 0; i < 64; ++i)
    table[i] = static_cast<std::uint16_t>(std::clamp((steps[i] * percent + 50) / 100, 1, 255));
  return table;
}

void check_size(const at::Tensor& image, std::int64_t largest, const char* format) {
  check_picture(image);
  if (std::max(image.size(2), image.size(3)) <= largest) return;
  throw Error(ErrorKind::file,
              "a picture of " + std::to_string(image.size(3)) + "x" + std::to_string(image.size(2)) +
                  " pixels is too large for " + format + ", which takes " + std::to_string(largest) +
                  " a side",
              "choose another picture_format or output");
}

std::string encode(Encoder& encoder, const ffmpeg::FramePtr& frame) {
  std::string file;
  const TakePacket take = [&](AVPacket& packet) {
    file.append(reinterpret_cast<const char*>(packet.data), static_cast<std::size_t>(packet.size));
  };
  encoder.encode(frame.get(), take);
  encoder.encode(nullptr, take);
  return file;
}

void describe(AVCodecContext& context, const AVFrame& frame) {
  context.width = frame.width;
  context.height = frame.height;
  context.pix_fmt = static_cast<AVPixelFormat>(frame.format);
  context.time_base = {1, 1};
  context.sample_aspect_ratio = {1, 1};
}

/// JFIF's Y'CbCr: ITU-R BT.601 with the full range.
ffmpeg::FramePtr to_jfif(const at::Tensor& image) {
  const at::Tensor rgb = (image[0].to(at::kFloat).clamp(0, 1) * 255).round();
  ffmpeg::FramePtr frame =
      empty_frame(static_cast<int>(rgb.size(2)), static_cast<int>(rgb.size(1)), AV_PIX_FMT_YUVJ444P);
  constexpr double kRed = 0.299, kBlue = 0.114;
  const at::Tensor luma = rgb[0] * kRed + rgb[1] * (1 - kRed - kBlue) + rgb[2] * kBlue;
  const at::Tensor planes[] = {luma, (rgb[2] - luma) / (2 * (1 - kBlue)) + 128,
                               (rgb[0] - luma) / (2 * (1 - kRed)) + 128};
  for (int i = 0; i < 3; ++i) fill(*frame, i, planes[i].round().clamp(0, 255).to(at::kByte));
  frame->color_range = AVCOL_RANGE_JPEG;
  return frame;
}

}  // namespace

std::string encode_jpeg(const at::Tensor& image, int quality) {
  ffmpeg::listen_to_ffmpeg();
  check_size(image, kLargestJpeg, "JPEG");
  const ffmpeg::FramePtr frame = to_jfif(image);
  constexpr int kTablesAsTheyAre = 8;  // the encoder multiplies them by this, and divides by 8
  Encoder encoder(kJpeg, false, [&](AVCodecContext& context) {
    describe(context, *frame);
    context.color_range = AVCOL_RANGE_JPEG;
    context.intra_matrix = quantisation(kLumaSteps, quality);
    context.chroma_intra_matrix = quantisation(kChromaSteps, quality);
    context.flags |= AV_CODEC_FLAG_QSCALE;
    context.qmin = context.qmax = kTablesAsTheyAre;
    context.global_quality = kTablesAsTheyAre * FF_QP2LAMBDA;
  });
  frame->quality = kTablesAsTheyAre * FF_QP2LAMBDA;
  return encode(encoder, frame);
}

std::string encode_webp(const at::Tensor& image, int quality) {
  ffmpeg::listen_to_ffmpeg();
  check_size(image, kLargestWebp, "WebP");
  // Opaque, of four bytes: the encoder's order of RGB. libwebp converts it to what it needs.
  const at::Tensor bytes = (image[0].to(at::kFloat).clamp(0, 1) * 255).round().permute({1, 2, 0});
  const ffmpeg::FramePtr frame =
      empty_frame(static_cast<int>(bytes.size(1)), static_cast<int>(bytes.size(0)), AV_PIX_FMT_BGRA);
  fill(*frame, 0, at::constant_pad_nd(bytes.flip(2), {0, 1}, 255).to(at::kByte));
  const bool lossless = quality == kLossless;
  const std::string options = lossless ? "lossless=1:quality=75:compression_level=4"
                                       : "lossless=0:compression_level=4:quality=" + std::to_string(quality);
  const Codec codec{kWebp.encoder, kWebp.called, options.c_str()};
  Encoder encoder(codec, false, [&](AVCodecContext& context) { describe(context, *frame); });
  return encode(encoder, frame);
}

}  // namespace reverie::video_file
