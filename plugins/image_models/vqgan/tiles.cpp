#include "tiles.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include <algorithm>
#include <vector>

namespace reverie::vqgan {
namespace {

using Work = std::function<at::Tensor(const at::Tensor&)>;

/// Codes along one axis: a tile, and how much it counts at each of them, finer by the scale.
struct Part {
  std::int64_t begin, end;
  at::Tensor weight;
};

/// From 0 to 1 over the codes on both sides of a border.
at::Tensor rising(std::int64_t border, std::int64_t begin, std::int64_t end, std::int64_t scale) {
  const at::Tensor place = (at::arange((end - begin) * scale, at::kFloat) + 0.5) / scale + begin;
  return ((place - (border - kReach)) / (2 * kReach)).clamp(0, 1);
}

std::vector<Part> parts_of(std::int64_t codes, std::int64_t tile, std::int64_t scale) {
  const std::int64_t count = (codes + tile - 1) / tile;
  std::vector<Part> result;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t first = codes * i / count, last = codes * (i + 1) / count;
    Part part{std::max<std::int64_t>(0, first - kReach), std::min(codes, last + kReach), {}};
    part.weight = at::ones({(part.end - part.begin) * scale}, at::kFloat);
    if (i > 0) part.weight = part.weight * rising(first, part.begin, part.end, scale);
    if (i + 1 < count) part.weight = part.weight * (1 - rising(last, part.begin, part.end, scale));
    result.push_back(std::move(part));
  }
  return result;
}

/// One tile of a grid of them.
struct Tile {
  const Part &down, &across;

  at::Tensor of(const at::Tensor& whole, std::int64_t scale) const {
    return whole.narrow(2, down.begin * scale, (down.end - down.begin) * scale)
        .narrow(3, across.begin * scale, (across.end - across.begin) * scale);
  }
  at::Tensor weighted(const at::Tensor& values) const {
    return values * down.weight.to(values.options()).view({-1, 1}) * across.weight.to(values.options());
  }
};

/// The tiles of a picture or latent.
struct Tiles : torch::CustomClassHolder {
  Tiles(const at::Tensor& whole, std::int64_t tile, TileScale scale, Work work)
      : scale(scale),
        work(std::move(work)),
        down(parts_of(whole.size(2) / scale.before, tile, scale.after)),
        across(parts_of(whole.size(3) / scale.before, tile, scale.after)) {}

  template <typename Each>
  void each(const Each& work_on) const {
    for (const Part& row : down)
      for (const Part& column : across) work_on(Tile{row, column});
  }

  TileScale scale;
  Work work;
  std::vector<Part> down, across;
};

struct InTiles : torch::autograd::Function<InTiles> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& whole,
                            const c10::intrusive_ptr<Tiles>& tiles) {
    const at::NoGradGuard no_grad;
    const TileScale scale = tiles->scale;
    at::Tensor result;
    tiles->each([&](const Tile& tile) {
      const at::Tensor made = tile.weighted(tiles->work(tile.of(whole, scale.before)));
      if (!result.defined())
        result = at::zeros({made.size(0), made.size(1), whole.size(2) / scale.before * scale.after,
                            whole.size(3) / scale.before * scale.after},
                           made.options());
      tile.of(result, scale.after).add_(made);
    });
    context->save_for_backward({whole});
    context->saved_data["tiles"] = c10::IValue::make_capsule(tiles);
    return result;
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list gradients) {
    const at::Tensor whole = context->get_saved_variables()[0];
    const auto tiles = c10::static_intrusive_pointer_cast<Tiles>(context->saved_data["tiles"].toCapsule());
    const at::Tensor result = at::zeros_like(whole);
    tiles->each([&](const Tile& tile) {
      const at::AutoGradMode grad(true);
      const at::Tensor part = tile.of(whole, tiles->scale.before).detach().set_requires_grad(true);
      const at::Tensor made = tiles->work(part);
      const at::Tensor wanted =
          tile.weighted(tile.of(gradients[0], tiles->scale.after)).to(made.scalar_type());
      const at::Tensor gradient = torch::autograd::grad({made}, {part}, {wanted})[0];
      const at::NoGradGuard no_grad;
      tile.of(result, tiles->scale.before).add_(gradient);
    });
    return {result, at::Tensor()};
  }
};

}  // namespace

at::Tensor in_tiles(const at::Tensor& whole, std::int64_t tile, TileScale scale, const Work& work) {
  const std::int64_t longer = std::max(whole.size(2), whole.size(3)) / scale.before;
  if (longer <= tile) return work(whole);
  return InTiles::apply(whole, c10::make_intrusive<Tiles>(whole, tile, scale, work));
}

}  // namespace reverie::vqgan
