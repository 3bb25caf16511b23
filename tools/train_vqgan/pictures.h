#pragma once
// Pictures as tools/prepare_vqgan_pictures.py writes them, and batches composed from them.

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <random>

namespace reverie::train_vqgan {

/// Photographs and scenes are uint8 [N, 128, 128, 3]; drawings [N, 128, 128, 4] with straight alpha.
struct PictureSet {
  at::Tensor photographs, scenes, drawings;
};

struct Pictures {
  PictureSet training, held_out;
};

Pictures load_pictures(const std::filesystem::path& folder);

/// Draws pictures: crops of photographs and scenes, and drawings of any size on white, plain colours,
/// gradients and photographs. Some are mirrored, more or less colourful, or have their channels exchanged.
class Composer {
 public:
  Composer(const PictureSet& pictures, std::uint64_t seed);

  /// float [count, 3, side, side], -1..1; side at most 128.
  at::Tensor batch(std::int64_t count, std::int64_t side);

 private:
  double uniform(double low, double high) { return std::uniform_real_distribution<>(low, high)(random_); }
  at::Tensor crop(const at::Tensor& pictures, std::int64_t side);
  at::Tensor ground(std::int64_t side);
  at::Tensor drawing(std::int64_t side);
  at::Tensor coloured(const at::Tensor& picture);

  const PictureSet& pictures_;
  std::mt19937_64 random_;
  at::Generator generator_;
};

/// `count` pictures of each kind from the whole set, evenly spaced, plain and uncropped, drawings on white:
/// float [3 * count, 3, 128, 128], -1..1, photographs first, then scenes, then drawings.
at::Tensor samples(const PictureSet& pictures, std::int64_t count);

}  // namespace reverie::train_vqgan
