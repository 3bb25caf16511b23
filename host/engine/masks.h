#pragma once
// Masks of prompts: how much of a prompt each cutout gets.

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "engine/losses.h"
#include "reverie/cutout_method.h"

namespace reverie::engine {

/// What a mask says of N cutouts. Both are tensors [N] without gradient.
struct MaskValues {
  at::Tensor stops;    ///< 1 where the prompt is held back, 0 elsewhere, -infinity where nothing is held back
  at::Tensor weights;  ///< factors of the prompt's weight
};

/// A letter's mask. `r` holds a prompt back where a cutout's centre x < cutoff, `l` where x > cutoff, `d`
/// where y < cutoff, `u` where y > cutoff, `n` where the smaller of its width and height is < cutoff, `f`
/// where that is > cutoff; `a` nowhere. On the CPU. Throws Error(settings) for another letter.
MaskValues direction_mask(char letter, const std::vector<CutoutPlace>& places, double cutoff = 0.5);

/// A mask by phrase, from the distances [N] of the cutouts' embeddings to the phrase's: held back where
/// they are above 0.7 + 0.3 * cutoff; without a cutoff the distance itself is the stop. On their device.
MaskValues semantic_mask(const at::Tensor& distances, std::optional<double> cutoff);

/// A picture as a mask: the prompt counts where it is white.
///
/// Cutouts are weighed from the largest to the smallest, of equals in their order. A cutout's weight is the
/// mean under it of mask + r, over the square root of the mask's mean, where r = sign(e) sqrt(|e|) of the
/// error e that has gathered at each pixel. Then e grows by sign(d) d^2 / N, where d = mask - weight before
/// that division. So later cutouts make up for what earlier ones could not resolve, and a small mask is still
/// honoured; weights may fall slightly below 0.
///
/// In the reference e also lasts from one step to the next, for ever. Here it starts at 0 for every call, so
/// that a restored run needs no more than the mask, and the weights of a step do not depend on how many steps
/// came before. Another difference: the reference leaves out the mask's last row and column.
///
/// A larger mask is averaged down to 256 pixels or less on its longer side, which bounds the time. Cutouts
/// cut its pixels by the area that they cover. Before diffusion, the mean under a cutout of w x h such pixels
/// is then off by less than (w + h + 2) / (2 w h), and only where the mask has edges finer than its pixels.
class ImageMask {
 public:
  /// `mask` [1, 1, H, W], 0..1; it is stretched over the picture, whatever its size.
  explicit ImageMask(const at::Tensor& mask);

  /// Nothing is held back. Cutouts are clipped to the picture; one that lies outside weighs 0. A mask
  /// whose mean is below 0.001 weighs 0 everywhere, which switches the prompt off, as in the reference.
  /// On the CPU.
  MaskValues operator()(const std::vector<CutoutPlace>& places) const;

 private:
  at::Tensor mask_;        // [H, W], float, at most 256 on a side
  double width_, height_;  // in its pixels; its last row and column may stand for less than one
  double mean_;            // of the mask as given
};

/// What prompt_loss() gives: scalars on the distances' device. The flags are tensors so that nobody has to
/// wait for a GPU to compute them.
struct PromptLoss {
  at::Tensor value;  ///< float
  at::Tensor asked;  ///< bool: the mask lets some cutout through
  at::Tensor free;   ///< bool: one of those is not held by the prompt's stop, so there is more to gain
};

/// The loss of a prompt from its distances [N] to the cutouts: the mean of |w| * max(distance * sign(w), s),
/// where w = weight * mask.weights, s = max(mask.stops + min(sign(w), 0), stop), without gradient where s
/// holds.
PromptLoss prompt_loss(const at::Tensor& distances, double weight, double stop, const MaskValues& mask);

}  // namespace reverie::engine
