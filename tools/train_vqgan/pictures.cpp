#include "pictures.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

#include "weights/safetensors.h"

namespace reverie::train_vqgan {
namespace {

constexpr double kPhotographs = 0.5, kScenes = 0.15;  // shares of a batch; the rest are drawings

/// uint8 [..., H, W, C] to float [..., C, H, W], 0..1.
at::Tensor floats(const at::Tensor& bytes) { return bytes.movedim(-1, -3).to(at::kFloat) / 255; }

/// [..., 4, H, W], straight alpha, over what lies below.
at::Tensor over(const at::Tensor& premultiplied, const at::Tensor& below) {
  return below * (1 - premultiplied.narrow(-3, 3, 1)) + premultiplied.narrow(-3, 0, 3);
}

at::Tensor premultiplied(const at::Tensor& rgba) {
  const at::Tensor alpha = rgba.narrow(-3, 3, 1);
  return at::cat({rgba.narrow(-3, 0, 3) * alpha, alpha}, -3);
}

}  // namespace

Pictures load_pictures(const std::filesystem::path& folder) {
  const auto file = weights::read_safetensors(folder / "vqgan.safetensors");
  const auto set = [&](const std::string& ending) {
    return PictureSet{file->tensor("photographs" + ending), file->tensor("scenes" + ending),
                      file->tensor("drawings" + ending)};
  };
  return {set(""), set(".heldout")};
}

Composer::Composer(const PictureSet& pictures, std::uint64_t seed)
    : pictures_(pictures), random_(seed), generator_(at::make_generator<at::CPUGeneratorImpl>(seed)) {}

at::Tensor Composer::crop(const at::Tensor& pictures, std::int64_t side) {
  const auto below = [&](std::int64_t end) {
    return std::uniform_int_distribution<std::int64_t>(0, end - 1)(random_);
  };
  const at::Tensor picture = pictures[below(pictures.size(0))];
  return floats(picture.narrow(0, below(picture.size(0) - side + 1), side)
                    .narrow(1, below(picture.size(1) - side + 1), side));
}

at::Tensor Composer::ground(std::int64_t side) {
  const double kind = uniform(0, 1);
  const at::Tensor colour = at::rand({3, 1, 1}, generator_);
  if (kind < 0.2) return at::ones({3, side, side});
  if (kind < 0.4) return colour.expand({3, side, side});
  if (kind < 0.6) {
    const double angle = uniform(0, 2 * M_PI);
    const at::Tensor line = at::linspace(-0.7, 0.7, side);
    const at::Tensor ramp =
        (line.view({1, -1}) * std::cos(angle) + line.view({-1, 1}) * std::sin(angle) + 1) / 2;
    return colour * ramp + at::rand({3, 1, 1}, generator_) * (1 - ramp);
  }
  return crop(pictures_.photographs, side);
}

at::Tensor Composer::drawing(std::int64_t side) {
  const auto index = std::uniform_int_distribution<std::int64_t>(0, pictures_.drawings.size(0) - 1)(random_);
  const at::Tensor layer = premultiplied(floats(pictures_.drawings[index])).unsqueeze(0);
  // The drawing's size by the picture's; theta maps the picture's coordinates, -1..1, to the drawing's.
  const double size = uniform(72, 160) / double(side), room = std::max(0.3, size - 0.7);
  const double cosine = std::cos(uniform(-0.3, 0.3)) / size, sine = std::sin(uniform(-0.3, 0.3)) / size;
  const double x = uniform(-room, room), y = uniform(-room, room);
  const at::Tensor theta = at::tensor({cosine, sine, -cosine * x - sine * y,  //
                                       -sine, cosine, sine * x - cosine * y},
                                      at::kFloat)
                               .view({1, 2, 3});
  const at::Tensor grid = at::affine_grid_generator(theta, {1, 4, side, side}, /*align_corners=*/false);
  return over(at::grid_sampler(layer, grid, /*bilinear*/ 0, /*zeros*/ 0, false)[0], ground(side));
}

at::Tensor Composer::coloured(const at::Tensor& picture) {
  at::Tensor result = uniform(0, 1) < 0.5 ? picture.flip(2) : picture;
  if (uniform(0, 1) < 0.25) result = result.index_select(0, at::randperm(3, generator_, at::kLong));
  if (uniform(0, 1) < 0.5) {
    const at::Tensor grey = result.mean(0, /*keepdim=*/true);
    result = grey + (result - grey) * uniform(0.5, 1.8);
    result = (result - 0.5) * uniform(0.8, 1.25) + 0.5 + uniform(-0.1, 0.1);
  }
  return result;
}

at::Tensor Composer::batch(std::int64_t count, std::int64_t side) {
  std::vector<at::Tensor> list;
  for (std::int64_t i = 0; i < count; ++i) {
    const double kind = uniform(0, 1);
    list.push_back(coloured(kind < kPhotographs             ? crop(pictures_.photographs, side)
                            : kind < kPhotographs + kScenes ? crop(pictures_.scenes, side)
                                                            : drawing(side)));
  }
  return at::stack(list).clamp_(0, 1).mul_(2).sub_(1);
}

at::Tensor samples(const PictureSet& pictures, std::int64_t count) {
  const auto some = [&](const at::Tensor& kind) {
    return floats(kind.index_select(0, at::linspace(0, kind.size(0) - 1, count).to(at::kLong)));
  };
  const at::Tensor drawings = premultiplied(some(pictures.drawings));
  return at::cat({some(pictures.photographs), some(pictures.scenes),
                  over(drawings, at::ones_like(drawings.narrow(1, 0, 3)))})
      .mul_(2)
      .sub_(1);
}

}  // namespace reverie::train_vqgan
