#pragma once
// Variational optical flow, differentiable.

#include <ATen/core/Tensor.h>

namespace reverie::horn_schunck {

/// The flow [1, 2, H, W] from one picture [1, C, H, W] to another, in their type, with gradients to both.
///
/// Horn & Schunck (1981), "Determining Optical Flow": the flow w that minimises the sum over all pixels p of
///
///     |to(p + w(p)) - from(p)|^2 + alpha^2 |grad w(p)|^2        squared differences summed over the channels
///
/// found from coarse pictures to fine ones, as in Meinhardt-Llopis, Sanchez & Kondermann (2013),
/// "Horn-Schunck Optical Flow with a Multi-Scale Strategy". On each scale, `to` is warped by the flow w0
/// found so far and made linear about it: with J its derivative [C, 2] there and d = to(p + w0) - from(p), a
/// fixed number of Jacobi iterations takes w to
///
///     (alpha^2 + J'J)^-1 (alpha^2 mean(w) - J'(d - J w0))       mean: of the eight neighbours
///
/// Where p + w0 lies outside the picture there is nothing to compare, and the neighbours alone decide.
at::Tensor solve(const at::Tensor& from, const at::Tensor& to);

}  // namespace reverie::horn_schunck
