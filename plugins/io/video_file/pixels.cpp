#include "pixels.h"

#include <ATen/ATen.h>

#include <cmath>
#include <cstring>

#include "reverie/error.h"

namespace reverie::video_file {
namespace {

/// Whole numbers as the bytes they are stored in.
at::Tensor stored(const at::Tensor& values, int bits) {
  // The lower 16 bits are the same for signed and unsigned numbers.
  return values.to(at::kInt).to(bits > 8 ? at::kShort : at::kByte);
}

/// [3, H, W] with the last column or row twice, where that makes sides even.
at::Tensor with_even_sides(at::Tensor image, int log2_w, int log2_h) {
  for (const auto& [dimension, log2] : {std::pair{2, log2_w}, {1, log2_h}}) {
    const std::int64_t size = image.size(dimension);
    if (coded_side(static_cast<int>(size), log2) != size)
      image = at::cat({image, image.slice(dimension, size - 1)}, dimension);
  }
  return image;
}

at::Tensor subsampled(at::Tensor chroma, int log2_w, int log2_h) {
  if (log2_w) {
    // On the left pixel: a quarter of its neighbours each.
    const at::Tensor even = chroma.slice(1, 0, std::nullopt, 2), odd = chroma.slice(1, 1, std::nullopt, 2);
    const at::Tensor before = at::cat({even.slice(1, 0, 1), odd.slice(1, 0, odd.size(1) - 1)}, 1);
    chroma = even * 0.5 + (before + odd) * 0.25;
  }
  if (log2_h) chroma = (chroma.slice(0, 0, std::nullopt, 2) + chroma.slice(0, 1, std::nullopt, 2)) * 0.5;
  return chroma;
}

ffmpeg::FramePtr to_luma_and_chroma(const at::Tensor& rgb, AVPixelFormat format,
                                    const AVPixFmtDescriptor& layout) {
  const at::Tensor image = with_even_sides(rgb, layout.log2_chroma_w, layout.log2_chroma_h);
  ffmpeg::FramePtr frame =
      empty_frame(static_cast<int>(image.size(2)), static_cast<int>(image.size(1)), format);
  const int bits = layout.comp[0].depth;
  const double step = std::ldexp(1, bits - 8);
  // ITU-R BT.709-6, items 3.2 to 3.5.
  constexpr double kRed = 0.2126, kBlue = 0.0722;
  const at::Tensor red = image[0], blue = image[2];
  const at::Tensor luma = red * kRed + image[1] * (1 - kRed - kBlue) + blue * kBlue;
  fill(*frame, 0, stored((luma * (219 * step) + 16 * step).round(), bits));
  const at::Tensor differences[] = {(blue - luma) / (2 * (1 - kBlue)), (red - luma) / (2 * (1 - kRed))};
  for (int i = 0; i < 2; ++i) {
    const at::Tensor chroma = subsampled(differences[i], layout.log2_chroma_w, layout.log2_chroma_h);
    fill(*frame, i + 1, stored((chroma * (224 * step) + 128 * step).round(), bits));
  }
  if (layout.flags & AV_PIX_FMT_FLAG_ALPHA)
    fill(*frame, 3, stored((image[3] * ((1 << bits) - 1)).round(), bits));
  frame->color_primaries = AVCOL_PRI_BT709;
  frame->color_trc = AVCOL_TRC_BT709;
  frame->colorspace = AVCOL_SPC_BT709;
  frame->color_range = AVCOL_RANGE_MPEG;
  return frame;
}

}  // namespace

void check_picture(const at::Tensor& image, bool with_opacity) {
  const std::int64_t channels = with_opacity ? 4 : 3;
  if (image.dim() != 4 || image.size(0) != 1 || image.size(1) != channels || image.numel() == 0)
    throw Error(ErrorKind::plugin,
                "this video takes pictures of shape [1, " + std::to_string(channels) + ", H, W]");
}

ffmpeg::FramePtr empty_frame(int width, int height, AVPixelFormat format) {
  ffmpeg::FramePtr frame = ffmpeg::new_frame();
  frame->width = width;
  frame->height = height;
  frame->format = format;
  if (av_frame_get_buffer(frame.get(), 0) < 0) throw std::bad_alloc();
  return frame;
}

void fill(AVFrame& frame, int plane, const at::Tensor& rows) {
  const at::Tensor bytes = rows.contiguous();
  const auto size = static_cast<std::size_t>(bytes[0].numel()) * bytes.element_size();
  const auto* from = static_cast<const std::uint8_t*>(bytes.const_data_ptr());
  std::uint8_t* to = frame.data[plane];
  for (std::int64_t y = 0; y < bytes.size(0); ++y, from += size, to += frame.linesize[plane])
    std::memcpy(to, from, size);
}

int coded_side(int pixels, int log2_chroma) { return log2_chroma ? (pixels + 1) / 2 * 2 : pixels; }

ffmpeg::FramePtr to_frame(const at::Tensor& image, int bits, AVPixelFormat format) {
  const AVPixFmtDescriptor& layout = *av_pix_fmt_desc_get(format);
  const bool with_opacity = (layout.flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
  check_picture(image, with_opacity);
  const int most = (1 << bits) - 1;
  const at::Tensor whole = (image[0].to(at::kFloat).clamp(0, 1) * most).round();
  if (!(layout.flags & AV_PIX_FMT_FLAG_RGB)) return to_luma_and_chroma(whole / most, format, layout);

  ffmpeg::FramePtr frame =
      empty_frame(static_cast<int>(whole.size(2)), static_cast<int>(whole.size(1)), format);
  const int depth = layout.comp[0].depth;
  const at::Tensor values = depth == bits ? whole : (whole / most * ((1 << depth) - 1)).round();
  at::Tensor packed = values.permute({1, 2, 0});
  if (format == AV_PIX_FMT_BGRA) packed = packed.index_select(2, at::tensor({2, 1, 0, 3}, at::kLong));
  if (format == AV_PIX_FMT_BGR0) packed = at::constant_pad_nd(packed.flip(2), {0, 1});
  fill(*frame, 0, stored(packed, depth));
  frame->color_primaries = AVCOL_PRI_BT709;  // which sRGB has, too
  frame->color_trc = AVCOL_TRC_IEC61966_2_1;
  frame->colorspace = AVCOL_SPC_RGB;
  frame->color_range = AVCOL_RANGE_JPEG;
  return frame;
}

}  // namespace reverie::video_file
