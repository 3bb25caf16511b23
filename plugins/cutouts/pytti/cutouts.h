#pragma once
// Which parts of a picture perceptors see.

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <string>
#include <utility>
#include <vector>

#include "augmentations.h"
#include "reverie/cutout_method.h"

namespace reverie::pytti {

struct CutoutSettings {
  double power = 2;      ///< cut_pow
  double border = 0.25;  ///< cutout_border
  std::string border_mode = "clamp";
  double overviews = 0;       ///< cutout_overviews
  double erasing = kErasing;  ///< cutout_erasing
};

/// A part of the picture, in pixels. With a border mode other than clamp, x and y may lie outside of it.
struct Cutout {
  std::int64_t x, y, width, height;
};

/// Draws `count` cutouts for a perceptor with inputs of `input_size` on a width x height picture:
/// squares of size = floor(M * clip(N(0.8, 0.3), min(input_size / M, 1), 1)^power), M = min(width, height),
/// placed uniformly. The first round(count * overviews) have the picture's proportions instead, and sides of
/// floor(side * clip(N(0.8, 0.3), kOverviewLeast, 1)). `generator` is a CPU generator.
constexpr double kOverviewLeast = 0.8;
std::vector<Cutout> draw_cutouts(std::int64_t count, std::int64_t width, std::int64_t height,
                                 std::int64_t input_size, const CutoutSettings& settings,
                                 at::Generator generator);

CutoutPlace place_of(const Cutout& cutout, std::int64_t width, std::int64_t height);
std::vector<CutoutPlace> places_of(const std::vector<Cutout>& cutouts, std::int64_t width,
                                   std::int64_t height);

/// How far cutouts may reach over an edge of length `side`.
std::int64_t border_pixels(std::int64_t side, double border);

/// The picture with what lies beyond its edges, and the cutouts' places on that.
std::pair<at::Tensor, std::vector<Cutout>> extend_picture(const at::Tensor& image,
                                                          std::vector<Cutout> cutouts,
                                                          const CutoutSettings& settings);

/// Cuts and resizes by area averaging: [1, 3, H, W] to [N, 3, input_size, input_size]. Differentiable.
at::Tensor take_cutouts(const at::Tensor& image, const std::vector<Cutout>& cutouts, std::int64_t input_size,
                        const CutoutSettings& settings);

}  // namespace reverie::pytti
