#include "batches.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "scene.h"

namespace reverie::train_depth {

Batch views(std::uint64_t first_seed, std::int64_t count, std::int64_t side) {
  std::vector<at::Tensor> pictures, depths;
  for (std::int64_t i = 0; i < count; ++i) {
    const View view = render(random_scene(first_seed + std::uint64_t(i)), side, side);
    pictures.push_back(view.picture);
    depths.push_back(view.depth);
  }
  return {at::stack(pictures), at::stack(depths)};
}

Store::Store(std::int64_t side, std::int64_t capacity, std::uint64_t seed)
    : side_(side),
      next_((seed << 32) + std::uint64_t(capacity)),
      views_(views(seed << 32, capacity, side)),
      random_(seed),
      generator_(at::make_generator<at::CPUGeneratorImpl>(seed)) {}

Batch Store::batch(std::int64_t count, std::int64_t fresh) {
  for (std::int64_t i = 0; i < fresh; ++i) {
    const View view = render(random_scene(next_++), side_, side_);
    views_.pictures[oldest_].copy_(view.picture);
    views_.depths[oldest_].copy_(view.depth);
    oldest_ = (oldest_ + 1) % views_.pictures.size(0);
  }
  const double shapes[][2] = {{1, 1}, {1, 0.75}, {1, 0.5625}, {0.75, 1}, {0.5625, 1}};
  const auto& [wide, high] = shapes[below(std::size(shapes))];
  const auto width = std::int64_t(wide * double(side_)), height = std::int64_t(high * double(side_));
  std::vector<at::Tensor> pictures, depths;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t index = below(views_.pictures.size(0)), top = below(side_ - height + 1),
                       left = below(side_ - width + 1);
    const bool mirrored = chance(0.5);
    const auto cut = [&](const at::Tensor& of) {
      const at::Tensor part = of[index].narrow(1, top, height).narrow(2, left, width);
      return mirrored ? part.flip(2) : part;
    };
    pictures.push_back(cut(views_.pictures));
    depths.push_back(cut(views_.depths));
  }
  return {coloured(at::stack(pictures)), at::stack(depths)};
}

/// Other contrasts, brightnesses, saturations and hues, blurred, flattened to few tones and noisy: pictures
/// that are optimised or painted look like no photograph.
at::Tensor Store::coloured(at::Tensor pictures) {
  std::vector<at::Tensor> all;
  for (at::Tensor it : pictures.unbind()) {
    if (chance(0.3)) it = it.index_select(0, at::randperm(3, generator_, at::kLong));
    if (chance(0.6)) {
      const at::Tensor grey = it.mean(0, /*keepdim=*/true);
      it = grey + (it - grey) * uniform(chance(0.2) ? 0 : 0.4, 1.8);
      it = (it - it.mean()) * uniform(0.6, 1.6) + it.mean() + uniform(-0.15, 0.15);
    }
    if (chance(0.3)) it = it.clamp(0, 1).pow(uniform(0.6, 1.6));
    if (chance(0.1)) {
      const auto tones = double(2 + below(6));
      it = (it.clamp(0, 1) * tones).round() / tones;
    }
    if (chance(0.3)) it = at::avg_pool2d(at::replication_pad2d(it, {1, 1, 1, 1}), {3, 3}, {1, 1});
    if (chance(0.3)) it = it + at::randn(it.sizes(), generator_) * uniform(0, 0.1);
    all.push_back(it.clamp(0, 1));
  }
  return at::stack(all);
}

}  // namespace reverie::train_depth
