/// Grid: the same parts of the picture in every step: the whole, its quarters, their quarters.
///
/// The parts have the picture's proportions, are resized to squares, and are not augmented, so a loss changes
/// only where the picture does: for pictures of few steps, for comparisons, and for texts about the whole.
/// Where a step has fewer cutouts than parts, the whole is always among them, and the others come in turn
/// from a part that chance chooses. A batch of a step's cutouts begins at one of them that chance chooses, so
/// every part counts as often as without batches.

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "reverie/cutout_method.h"
#include "reverie/plugin.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    integer("grid_levels", 3)
        .range(1, 6)
        .fixed("the grid is the same at each step")
        .help("1: the whole picture alone; 2: and its 4 quarters; 3: and their 16 quarters; and so on"),
    number("grid_overlap", 0.25)
        .range(0, 1)
        .fixed("the grid is the same at each step")
        .help("how far the parts reach over each other: each is larger by this share of its size"),
};

/// A part of the picture, in pixels.
struct Part {
  std::int64_t x, y, width, height;
};

/// Where part `i` of `count` along a side of `length` pixels begins and ends; at least one pixel.
std::pair<std::int64_t, std::int64_t> piece(std::int64_t i, std::int64_t count, std::int64_t length,
                                            double overlap) {
  const double size = static_cast<double>(length) / static_cast<double>(count), more = size * overlap / 2;
  const auto whole = static_cast<double>(length);
  const double begin = std::clamp(static_cast<double>(i) * size - more, 0.0, whole);
  const double end = std::clamp(static_cast<double>(i + 1) * size + more, 0.0, whole);
  const auto first = std::min(static_cast<std::int64_t>(std::floor(begin)), length - 1);
  return {first, std::max(static_cast<std::int64_t>(std::ceil(end)), first + 1)};
}

class Grid final : public CutoutMethod {
 public:
  Grid(Host& host, const Params& params, const Setup& setup)
      : host_(host),
        all_(setup.cutouts),
        levels_(params.get<std::int64_t>("grid_levels")),
        overlap_(params.get<double>("grid_overlap")) {}

  Batch take(const at::Tensor& image, std::int64_t count, std::int64_t side) override {
    const std::int64_t width = image.size(3), height = image.size(2);
    const std::vector<Part> parts = parts_of(width, height);
    const auto all = static_cast<std::int64_t>(parts.size()), others = all - 1;
    const std::int64_t of_step = std::max(count, all_);
    const auto below = [&](std::int64_t end) {
      return at::randint(end, {}, host_.cpu_generator(), at::kLong).item<std::int64_t>();
    };
    // With some of the parts left out, each has its turn.
    const std::int64_t first = of_step % all != 0 && others > 0 ? below(others) : 0;
    const std::int64_t begin = of_step > count ? below(of_step) : 0;
    Batch batch;
    std::vector<at::Tensor> images;
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t place = (begin + i) % of_step % all;
      const Part& part = parts[static_cast<std::size_t>(place == 0 ? 0 : 1 + (first + place - 1) % others)];
      images.push_back(
          at::_upsample_bilinear2d_aa(image.narrow(2, part.y, part.height).narrow(3, part.x, part.width),
                                      {side, side}, /*align_corners=*/false));
      const auto w = static_cast<double>(width), h = static_cast<double>(height);
      const auto pw = static_cast<double>(part.width), ph = static_cast<double>(part.height);
      batch.places.push_back({(static_cast<double>(part.x) + pw / 2) / w,
                              (static_cast<double>(part.y) + ph / 2) / h, pw / w, ph / h});
    }
    batch.images = at::cat(images);
    return batch;
  }

 private:
  /// From coarse to fine, each level row by row.
  std::vector<Part> parts_of(std::int64_t width, std::int64_t height) const {
    std::vector<Part> result;
    for (std::int64_t level = 0; level < levels_; ++level) {
      const std::int64_t count = std::int64_t{1} << level;
      for (std::int64_t i = 0; i < count * count; ++i) {
        const auto [left, right] = piece(i % count, count, width, overlap_);
        const auto [top, bottom] = piece(i / count, count, height, overlap_);
        result.push_back({left, top, right - left, bottom - top});
      }
    }
    return result;
  }

  Host& host_;
  std::int64_t all_;  // cutouts of a step
  std::int64_t levels_;
  double overlap_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Grid, CutoutMethod, "grid", "1.0",
                      "the whole picture, its quarters and theirs, always the same", kParams);

}  // namespace reverie
