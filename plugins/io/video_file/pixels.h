#pragma once
// From pictures to the frames that encoders take.

#include <ATen/core/Tensor.h>

#include "handles.h"

namespace reverie::video_file {

/// Throws Error(plugin) for what is not [1, 3, H, W] or, with opacity, [1, 4, H, W].
void check_picture(const at::Tensor& image, bool with_opacity = false);

ffmpeg::FramePtr empty_frame(int width, int height, AVPixelFormat format);

/// Writes rows of values, stored as the frame stores them, into one of its planes.
void fill(AVFrame& frame, int plane, const at::Tensor& rows);

/// The pixels an encoder gets for a picture of `pixels`: subsampled chroma makes sides even.
int coded_side(int pixels, int log2_chroma);

/// `image` [1, 3, H, W] 0..1, RGB as files hold it, first rounded to `bits` (8 or 16) a channel, in the pixel
/// format: packed RGB (bgr0, rgb24, rgb48, with opacity bgra, rgba64), or planar Y'CbCr of 8 or 10 bits by
/// ITU-R BT.709 with the limited range. Opacity, where the format has it, uses the whole range. Where chroma
/// is subsampled an odd side gets one more pixel, the edge's again, and chroma lies where H.264's default and
/// ProRes have it: on the left one of two pixels, between two rows.
ffmpeg::FramePtr to_frame(const at::Tensor& image, int bits, AVPixelFormat format);

}  // namespace reverie::video_file
