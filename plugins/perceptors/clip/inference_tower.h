#pragma once
// The image encoder as a render uses it: weights fixed, pictures as they are.

#include <c10/core/Device.h>

#include "towers.h"

namespace reverie::clip {

/// `get` gives float tensors on `device`. `precision` is what the network computes in. The tower takes float
/// images [N, 3, S, S] of 0..1 on that device and gives float embeddings; differentiable.
std::unique_ptr<VisionTower> make_inference_tower(const Shape& shape, const TensorSource& get,
                                                  Activation activation, const Normalisation& normalisation,
                                                  c10::Device device, at::ScalarType precision);

/// A tower made of LibTorch's operators that takes normalised channels-last images in `precision`, as one
/// that takes float images of 0..1 and gives float embeddings.
std::unique_ptr<VisionTower> framed(std::unique_ptr<VisionTower> tower, const Normalisation& normalisation,
                                    at::ScalarType precision);

}  // namespace reverie::clip
