#pragma once
// Captioned pictures as tools/prepare_pictures.py writes them, and batches composed from them.

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace reverie::train_clip {

constexpr std::int64_t kSide = 64;  // input of both networks

struct Picture {
  std::vector<std::string> captions;
  std::string source, noun;
  std::int64_t group = 0;  // pictures of one group answer to the same words
  bool held_out = false;
};

struct Collection {
  at::Tensor pixels;       // uint8 [N, 80, 80, 4], straight alpha
  at::Tensor backgrounds;  // uint8 [M, 96, 96, 3]
  std::vector<Picture> pictures;
  std::vector<std::int64_t> training, held_out;  // indexes of pictures
  std::vector<std::string> nouns;
  std::vector<std::pair<std::string, std::array<float, 3>>> colours;
  std::string merges;
};

Collection load_collection(const std::filesystem::path& folder);

struct Batch {
  at::Tensor images;  // float [N, 3, 64, 64], 0..1
  std::vector<std::string> captions;
  std::vector<std::int64_t> groups;
};

/// Draws pictures and puts each, scaled, turned and shifted, on a background: white, a named colour (which
/// the caption then may mention), a gradient or a photograph. Some batches' members get a second picture
/// beside.
class Composer {
 public:
  Composer(const Collection& collection, std::uint64_t seed);
  Batch training_batch(std::int64_t size);

  /// Held-out pictures of the packages that carry a noun, drawn plainly on white, with the index of their
  /// noun.
  std::pair<at::Tensor, std::vector<std::int64_t>> labelled_held_out();

 private:
  at::Tensor place(const std::vector<std::int64_t>& chosen, const at::Tensor& theta);
  at::Tensor background(std::int64_t kind, std::string* caption);
  at::Tensor disturb(at::Tensor images);
  double uniform(double low, double high) { return std::uniform_real_distribution<>(low, high)(random_); }

  const Collection& data_;
  std::mt19937_64 random_;
  at::Generator generator_;
  std::vector<std::int64_t> synthetic_queue_, drawn_queue_;
};

}  // namespace reverie::train_clip
