#pragma once
// Trains the network of plugins/depth_estimators/tiny_depth on random scenes.

#include <filesystem>
#include <functional>

#include "reverie/weights.h"

namespace reverie::train_depth {

struct Options {
  std::filesystem::path out, checkpoint;
  std::int64_t steps = 0, batch = 0, fresh = 0;
  std::uint64_t seed = 0;
  double rate = 0;
};

/// How near estimates are to true depths, over all pixels of all pictures.
struct Figures {
  double relative = 0;     ///< AbsRel: the mean of |estimate - depth| / depth
  double logarithmic = 0;  ///< RMSE(log): root of the mean of (ln estimate - ln depth)^2
  double within = 0;       ///< the share with max(estimate / depth, depth / estimate) < 1.25
};
Figures compare(const at::Tensor& estimates, const at::Tensor& depths);

/// Estimates [N, 1, H, W] of pictures [N, 3, H, W].
using Estimate = std::function<at::Tensor(const at::Tensor& pictures)>;
Estimate trained(const Weights& weights);

/// The best guesses of those who do not look at the picture, made from other scenes than the held-out ones:
/// one depth for all, and one for each height in the picture. They minimise RMSE(log).
struct Guesses {
  Estimate constant, ramp;
};
Guesses guesses(std::int64_t scenes);

/// Trains from the beginning, or from the checkpoint if there is one, and writes `out` again and again. The
/// checkpoint is removed at the end.
void train(const Options& options);

}  // namespace reverie::train_depth
