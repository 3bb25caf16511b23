#pragma once
// Which of two pictures' pixels are the same things, by flows in both directions.

#include <ATen/core/Tensor.h>

namespace reverie::animation {

/// Where a picture's flow to an earlier one can be trusted [1, 1, H, W], 0..1. `back` and `forth` [1, 2, H,
/// W] are as FlowEstimator gives them: what the later picture has at p was at p + back(p) in the earlier one,
/// and what that has at q went to q + forth(q).
///
/// Ruder, Dosovitskiy & Brox (2016), "Artistic Style Transfer for Videos", section 5.1. With q = p + back(p),
/// the first of these that holds decides:
///
///     q is outside the picture, which ends half a pixel beyond the outermost centres  0
///     |back(p) + forth(q)|^2 >= 0.01 (|back(p)|^2 + |forth(q)|^2) + 0.5           -1   forth leads elsewhere
///     |grad back(p)|^2 >= 0.01 |back(p)|^2 + 0.002                                 0   an edge of motions
///     otherwise                                                                    1
///
/// forth(q) is interpolated linearly, and grad are central differences. Then a Gaussian blur of 3x3 pixels
/// (deviation 0.8), after which what is below 0 counts as 0. At the picture's edge, the outermost pixels are
/// repeated for both.
at::Tensor reliability(const at::Tensor& back, const at::Tensor& forth);

}  // namespace reverie::animation
