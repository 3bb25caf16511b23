#pragma once
// Augmentations: what happens to each cutout before a perceptor sees it, so that no trick that only works on
// exact pixels pays off. Distributions as the specification's section 5 gives them.

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

namespace reverie::pytti {

/// The random numbers of one batch, drawn ahead so that their order does not depend on how they are used.
struct Augmentation {
  at::Tensor
      affine;  ///< [N, 2, 3] output to input coordinates, -1..1: horizontal flip, rotation, translation
  at::Tensor perspective;  ///< [N, 3, 3] output to input coordinates, -1..1
  at::Tensor hue;          ///< [N] shift, as a fraction of the colour circle
  at::Tensor saturation;   ///< [N] factor
  at::Tensor erased;       ///< [N, 4] x0, y0, x1, y1 of the erased rectangle in pixels; empty where x0 = x1
  at::Tensor noise;        ///< [N] factor of the Gaussian noise
  at::Tensor noise_key;    ///< [N, 2] 32-bit words that say which noise (take_augmented_cutouts() on the CPU)
};

constexpr double kErasing = 0.7;

/// Draws from a CPU generator: flip p 0.3; affine p 0.8 (rotation up to 30 degrees, translation up to 10 %);
/// perspective p 0.4 (distortion 0.2); colour jitter p 0.7 (hue 0.01, saturation 1 %); erasing p `erasing`
/// (area 0.1 to 0.4, ratio 0.3 to 3.3); noise factor 0 to 0.1.
Augmentation draw_augmentation(std::int64_t count, std::int64_t side, at::Generator generator,
                               double erasing = kErasing);

/// Applies flip, affine (edges repeated) and perspective (black outside) in one bilinear sampling, then
/// colour jitter, erasing and noise from `generator`, which belongs to the images' device. images [N, 3, S,
/// S].
at::Tensor augment(const at::Tensor& images, const Augmentation& augmentation, at::Generator generator);

/// The same without the noise.
at::Tensor augment_without_noise(const at::Tensor& images, const Augmentation& augmentation);

/// RGB 0..1 with the hue turned by `hue` circles and the HSV saturation multiplied, both [N].
at::Tensor shift_colours(const at::Tensor& rgb, const at::Tensor& hue, const at::Tensor& saturation);

/// The [3, 3] matrix, scaled so that its last element is 1, that maps four points [4, 2] onto four others.
at::Tensor homography(const at::Tensor& from, const at::Tensor& to);

}  // namespace reverie::pytti
