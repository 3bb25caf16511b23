#pragma once
// Cutouts as a perceptor sees them: augmented.

#include "augmentations.h"
#include "cutouts.h"

namespace reverie::pytti {

/// augment(take_cutouts(image, ...), ...): [1, 3, H, W] to [N, 3, side, side], differentiable. On the CPU
/// each cutout is made in one go: averaged, warped, coloured, erased and covered with noise while it is in
/// the cache, and the same on the way back. The result does not depend on the number of threads. A card does
/// the same by kernels of its own, or by LibTorch's operators where those are not loaded. Then alone the
/// noise comes from `generator`, which belongs to the image's device, else from the keys in `changes`.
at::Tensor take_augmented_cutouts(const at::Tensor& image, const std::vector<Cutout>& cutouts,
                                  std::int64_t side, const CutoutSettings& settings,
                                  const Augmentation& changes, at::Generator generator);

}  // namespace reverie::pytti
