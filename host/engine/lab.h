#pragma once
// CIE L*a*b*, in which equal distances look about equally large.

#include <ATen/core/Tensor.h>

namespace reverie::engine {

/// sRGB [N, 3, H, W] 0..1 to L* 0..100, a* and b*, for the white of D65 (IEC 61966-2-1; CIE 15).
at::Tensor rgb_to_lab(const at::Tensor& rgb);

/// Back again. Colours that sRGB does not have leave 0..1.
at::Tensor lab_to_rgb(const at::Tensor& lab);

}  // namespace reverie::engine
