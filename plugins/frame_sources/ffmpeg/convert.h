#pragma once
// From FFmpeg's frames, in any of its pixel formats, to pictures.

#include <ATen/core/Tensor.h>

#include "handles.h"

namespace reverie::ffmpeg {

/// [1, 3, H, W] float, 0..1, RGB as files hold it, of the stored size: neither turned nor stretched.
///
/// The full depth is kept. Y'CbCr is converted with the matrix and range that the frame names; without a name
/// it is BT.601 for stills and for videos smaller than 1280x720, BT.709 for larger ones, as players do.
/// Subsampled chroma is interpolated linearly from where it was sampled. Alpha is composited on black. Grey
/// becomes RGB; `premultiplied` colours are so already. Linear light (OpenEXR and its like) gets sRGB's
/// transfer function, and what is brighter than white is white. Throws Error(unsupported) for raw sensor data
/// and the like, whose text begins with the pixel format.
at::Tensor to_rgb(const AVFrame& frame, bool still, bool premultiplied);

/// The same with the alpha as a fourth channel, not composited. It is 1 where there is none, and where
/// colours are multiplied by it already, as OpenEXR's are.
at::Tensor to_rgb_and_opacity(const AVFrame& frame, bool still, bool premultiplied);

/// Throws what to_rgb() would.
void require_rgb(const AVFrame& frame);

}  // namespace reverie::ffmpeg
