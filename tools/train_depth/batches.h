#pragma once
// Views of random scenes, mixed and changed for training.

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <random>
#include <vector>

namespace reverie::train_depth {

// Where the seeds of scenes begin that no training sees, and of those that the guesses are made of.
constexpr std::uint64_t kHeldOutSeeds = std::uint64_t{1} << 62, kGuessSeeds = std::uint64_t{1} << 61;

struct Batch {
  at::Tensor pictures;  ///< float [N, 3, H, W], 0..1
  at::Tensor depths;    ///< float [N, 1, H, W]
};

/// Square views of the scenes with these seeds, unchanged.
Batch views(std::uint64_t first_seed, std::int64_t count, std::int64_t side);

/// Rendering takes longer than a scene's share of a step, so that each is seen a few times: the views are a
/// store in which new scenes take the place of the oldest.
class Store {
 public:
  Store(std::int64_t side, std::int64_t capacity, std::uint64_t seed);

  /// `fresh` new scenes take places, then `count` views are drawn, cut to one of several shapes, mirrored,
  /// and their colours changed.
  Batch batch(std::int64_t count, std::int64_t fresh);

 private:
  double uniform(double low, double high) { return std::uniform_real_distribution<>(low, high)(random_); }
  bool chance(double p) { return uniform(0, 1) < p; }
  std::int64_t below(std::int64_t end) {
    return std::uniform_int_distribution<std::int64_t>(0, end - 1)(random_);
  }
  at::Tensor coloured(at::Tensor pictures);

  std::int64_t side_;
  std::uint64_t next_;
  std::int64_t oldest_ = 0;
  Batch views_;
  std::mt19937_64 random_;
  at::Generator generator_;
};

}  // namespace reverie::train_depth
