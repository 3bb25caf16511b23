#pragma once
// Growth: a still that is begun small and goes on larger, since broad shapes come sooner, and steps are
// quicker, in a small picture.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "reverie/resizable.h"
#include "settings/settings.h"

namespace reverie::engine {

class Growth {
 public:
  /// Does not grow.
  Growth() = default;

  /// What upscale_from and upscale_at say of a picture that ends with the size `full`, after so many `steps`.
  /// Throws Error(settings) where they do not fit each other, the size or the steps.
  Growth(const Settings& settings, const ImageModel::Setup& full, std::int64_t steps);

  bool is_on() const { return !stages_.empty(); }

  /// Brings the model, which has its full size or any other of this, to that of `step`. Throws
  /// Error(settings) for a model that cannot change its size.
  void begin(ImageModel& model, std::int64_t step);

  /// Whether the model has another size since `step` begins.
  bool grow(ImageModel& model, std::int64_t step);

  /// `picture` at the size of the last ones, for those who want all pictures of a run alike.
  at::Tensor shown(const at::Tensor& picture) const;

  bool is_full(std::int64_t step) const { return stage_of(step) + 1 >= stages_.size(); }

 private:
  struct Stage {
    std::int64_t first_step;
    ImageModel::Setup size;
  };
  std::size_t stage_of(std::int64_t step) const;

  std::vector<Stage> stages_;
  std::size_t stage_ = 0;
  std::int64_t width_ = 0, height_ = 0;  // of decode() at the full size
};

}  // namespace reverie::engine
