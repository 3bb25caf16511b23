#pragma once
// Augmented cutouts by the operators of card_operators.h, where they are loaded.

#include "augmented_cutouts.h"
#include "kernels.h"
#include "reverie/card_kernels.h"

namespace reverie::pytti {

/// The cutouts as the kernels take them.
std::vector<AugmentedCutout> describe(const std::vector<Cutout>& cutouts, const Augmentation& changes);

/// take_augmented_cutouts() by the operators, which must be loaded for the picture's device. `places` lie
/// within the picture. As on the CPU, noise comes from the keys in `changes`.
at::Tensor take_cutouts_by_operators(const at::Tensor& picture, const std::vector<Cutout>& places,
                                     std::int64_t side, const Augmentation& changes);

/// Whether the operators can take cutouts of this size.
bool fits_operators(const at::Tensor& picture, std::int64_t side);

/// Compares take_cutouts_by_operators() with augment(take_cutouts()), the gradient too.
bool cutout_operators_agree(c10::Device device);

/// The operators with that comparison.
CardKernels& cutout_kernels_for_cards();

}  // namespace reverie::pytti
