#pragma once
// The losses that the host brings along. They follow reverie/loss.h: pictures are [1, 3, H, W], 0..1, targets
// and masks of any size are resized once, when they are set.
//
// Without a target the value of a comparing loss is 0.

#include <memory>

#include "reverie/depth_estimator.h"
#include "reverie/loss.h"

namespace reverie {

/// Mean squared difference over red, green, blue, saturation and value (reverie/colour.h), each times the
/// mask.
std::unique_ptr<Loss> make_direct_loss(ImageSize size);

/// MSE(latent) / 2 + MSE(RGB) / 10, for image models with a latent. The target is encoded at the first
/// evaluation after it was set. evaluate() throws Error(plugin) where the model has no latent or changes its
/// shape.
std::unique_ptr<Loss> make_latent_loss(ImageSize size);

/// Mean squared difference of the horizontal and vertical Sobel responses (kernels / 8) of the grey picture
/// 0.299 R + 0.587 G + 0.114 B, each times the mask. Beyond the edge the picture goes on with its edge
/// pixels; the reference goes on with black, which frames every picture with an edge.
std::unique_ptr<Loss> make_edge_loss(ImageSize size);

/// Mean squared difference of what `estimator` tells of picture and target. Pictures of more than 500,000
/// pixels are shrunk first. `estimator` must be differentiable, and outlive the loss.
std::unique_ptr<Loss> make_depth_loss(ImageSize size, DepthEstimator& estimator);

/// smoothing_loss() of losses/smoothing.h. It has no target.
std::unique_ptr<Loss> make_smoothing_loss(ImageSize size);

}  // namespace reverie
