#include "engine/cutouts.h"

#include <algorithm>
#include <cmath>

namespace reverie {
namespace {

/// Extends the picture over its edges. Both amounts are at most the picture's own size.
at::Tensor extend(const at::Tensor& image, std::int64_t x, std::int64_t y, const std::string& mode) {
  if (mode == "black") return at::constant_pad_nd(image, {x, x, y, y});
  if (mode == "smear") return at::replication_pad2d(image, {x, x, y, y});
  if (mode == "wrap") return at::pad(image, {x, x, y, y}, "circular");
  // A mirror repeats no edge pixel, so it reaches one pixel less far; what is left is smeared.
  const std::int64_t mx = std::min(x, image.size(3) - 1), my = std::min(y, image.size(2) - 1);
  return at::replication_pad2d(at::reflection_pad2d(image, {mx, mx, my, my}), {x - mx, x - mx, y - my, y - my});
}

}  // namespace

std::int64_t border_pixels(std::int64_t side, double border) {
  return std::min<std::int64_t>(std::llround(static_cast<double>(side) * border), side);
}

std::vector<Cutout> draw_cutouts(std::int64_t count, std::int64_t width, std::int64_t height, std::int64_t input_size,
                                 const CutoutSettings& settings, at::Generator generator) {
  const double shorter = static_cast<double>(std::min(width, height));
  const double least = std::min(static_cast<double>(input_size) / shorter, 1.0);
  const at::Tensor normal = at::randn({count}, generator) * 0.3 + 0.8;
  const at::Tensor uniform = at::rand({count, 2}, generator, at::kDouble);
  const auto n = normal.accessor<float, 1>();
  const auto u = uniform.accessor<double, 2>();

  const bool clamp = settings.border_mode == "clamp";
  const auto place = [&](double chance, std::int64_t side, std::int64_t size) {
    const std::int64_t reach = border_pixels(side, settings.border);
    const std::int64_t over = clamp ? reach : std::min(size, reach);
    const auto offset = static_cast<std::int64_t>(std::floor(chance * static_cast<double>(side - size + 1 + 2 * over))) - over;
    return clamp ? std::clamp<std::int64_t>(offset, 0, side - size) : offset;
  };
  std::vector<Cutout> result;
  for (std::int64_t i = 0; i < count; ++i) {
    const double fraction = std::pow(std::clamp(static_cast<double>(n[i]), least, 1.0), settings.power);
    const auto size = std::max<std::int64_t>(1, static_cast<std::int64_t>(shorter * fraction));
    result.push_back({place(u[i][0], width, size), place(u[i][1], height, size), size});
  }
  return result;
}

at::Tensor take_cutouts(const at::Tensor& image, const std::vector<Cutout>& cutouts, std::int64_t input_size,
                        const CutoutSettings& settings) {
  at::Tensor source = image;
  std::int64_t shift_x = 0, shift_y = 0;
  if (settings.border_mode != "clamp") {
    shift_x = border_pixels(image.size(3), settings.border);
    shift_y = border_pixels(image.size(2), settings.border);
    source = extend(image, shift_x, shift_y, settings.border_mode);
  }
  std::vector<at::Tensor> pieces;
  for (const Cutout& cutout : cutouts) {
    const at::Tensor piece =
        source.narrow(2, cutout.y + shift_y, cutout.size).narrow(3, cutout.x + shift_x, cutout.size);
    pieces.push_back(at::adaptive_avg_pool2d(piece, {input_size, input_size}));
  }
  return at::cat(pieces);
}

}  // namespace reverie
