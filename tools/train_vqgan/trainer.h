#pragma once
// Trains a VQGAN on the network that plugins/image_models/vqgan renders with.

#include <filesystem>
#include <memory>

#include "pictures.h"
#include "tensors.h"

namespace reverie::train_vqgan {

struct Options {
  std::filesystem::path data, out, checkpoint, resnet, evaluate, sheet;
  std::int64_t steps = 0, batch = 0;
  std::uint64_t seed = 0;
  double rate = 0, adversary = 0;
};

/// Reconstruction of pictures by way of codes.
struct Figures {
  double l1 = 0, psnr = 0;  ///< of pictures 0..1; PSNR is the mean over the pictures, dB
  double perplexity = 0;    ///< of the codes used
  std::int64_t used = 0;    ///< how many codes are used at all
};

/// Of pictures [N, 3, H, W], -1..1. Keeps the reconstructions in `result` if given.
Figures evaluate(const Weights& weights, const at::Tensor& pictures, at::Tensor* result = nullptr);

/// Trains from the beginning, or from the checkpoint if there is one, and writes `out` again and again. The
/// checkpoint is removed at the end.
void train(const Options& options);

}  // namespace reverie::train_vqgan
