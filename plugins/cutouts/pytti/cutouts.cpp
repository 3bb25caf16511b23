#include "cutouts.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>

namespace reverie::pytti {
namespace {

/// Extends the picture over its edges. Both amounts are at most the picture's own size.
at::Tensor extend(const at::Tensor& image, std::int64_t x, std::int64_t y, const std::string& mode) {
  if (mode == "black") return at::constant_pad_nd(image, {x, x, y, y});
  if (mode == "smear") return at::replication_pad2d(image, {x, x, y, y});
  if (mode == "wrap") return at::pad(image, {x, x, y, y}, "circular");
  // A mirror repeats no edge pixel, so it reaches one pixel less far; what is left is smeared.
  const std::int64_t mx = std::min(x, image.size(3) - 1), my = std::min(y, image.size(2) - 1);
  return at::replication_pad2d(at::reflection_pad2d(image, {mx, mx, my, my}),
                               {x - mx, x - mx, y - my, y - my});
}

/// Cuts and area-averages. Left to autograd, each cutout's slice would get a gradient as large as the whole
/// picture; here all cutouts add to one.
struct TakeCutouts : torch::autograd::Function<TakeCutouts> {
  static at::Tensor piece(const at::Tensor& image, const Cutout& c) {
    return image.narrow(2, c.y, c.height).narrow(3, c.x, c.width);
  }
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& image,
                            const std::vector<Cutout>& cutouts, std::int64_t side) {
    context->saved_data["shape"] = image.sizes();
    std::vector<std::int64_t> places;
    for (const Cutout& c : cutouts) places.insert(places.end(), {c.x, c.y, c.width, c.height});
    context->saved_data["places"] = places;
    at::Tensor result =
        at::empty({static_cast<std::int64_t>(cutouts.size()), 3, side, side}, image.options());
    for (std::size_t i = 0; i < cutouts.size(); ++i)
      result[static_cast<std::int64_t>(i)] =
          at::adaptive_avg_pool2d(piece(image, cutouts[i]), {side, side})[0];
    return result;
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list gradients) {
    const std::vector<std::int64_t> places = context->saved_data["places"].toIntVector();
    at::Tensor total = at::zeros(context->saved_data["shape"].toIntVector(), gradients[0].options());
    for (std::size_t i = 0; i * 4 < places.size(); ++i) {
      const Cutout c{places[4 * i], places[4 * i + 1], places[4 * i + 2], places[4 * i + 3]};
      const at::Tensor part = piece(total, c);
      part.add_(
          at::_adaptive_avg_pool2d_backward(gradients[0].narrow(0, static_cast<std::int64_t>(i), 1), part));
    }
    return {total, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

CutoutPlace place_of(const Cutout& cutout, std::int64_t width, std::int64_t height) {
  const auto w = static_cast<double>(width), h = static_cast<double>(height);
  const auto cw = static_cast<double>(cutout.width), ch = static_cast<double>(cutout.height);
  return {(static_cast<double>(cutout.x) + cw / 2) / w, (static_cast<double>(cutout.y) + ch / 2) / h, cw / w,
          ch / h};
}

std::vector<CutoutPlace> places_of(const std::vector<Cutout>& cutouts, std::int64_t width,
                                   std::int64_t height) {
  std::vector<CutoutPlace> result;
  for (const Cutout& cutout : cutouts) result.push_back(place_of(cutout, width, height));
  return result;
}

std::int64_t border_pixels(std::int64_t side, double border) {
  return std::min<std::int64_t>(std::llround(static_cast<double>(side) * border), side);
}

std::vector<Cutout> draw_cutouts(std::int64_t count, std::int64_t width, std::int64_t height,
                                 std::int64_t input_size, const CutoutSettings& settings,
                                 at::Generator generator) {
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
    const auto offset =
        static_cast<std::int64_t>(std::floor(chance * static_cast<double>(side - size + 1 + 2 * over))) -
        over;
    return clamp ? std::clamp<std::int64_t>(offset, 0, side - size) : offset;
  };
  const auto part = [](double side, double fraction) {
    return std::max<std::int64_t>(1, static_cast<std::int64_t>(side * fraction));
  };
  const std::int64_t overviews = std::llround(static_cast<double>(count) * settings.overviews);
  std::vector<Cutout> result;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto drawn = static_cast<double>(n[i]);
    std::int64_t w, h;
    if (i < overviews) {
      const double fraction = std::clamp(drawn, kOverviewLeast, 1.0);
      w = part(static_cast<double>(width), fraction);
      h = part(static_cast<double>(height), fraction);
    } else {
      w = h = part(shorter, std::pow(std::clamp(drawn, least, 1.0), settings.power));
    }
    result.push_back({place(u[i][0], width, w), place(u[i][1], height, h), w, h});
  }
  return result;
}

std::pair<at::Tensor, std::vector<Cutout>> extend_picture(const at::Tensor& image,
                                                          std::vector<Cutout> cutouts,
                                                          const CutoutSettings& settings) {
  if (settings.border_mode == "clamp") return {image, std::move(cutouts)};
  const std::int64_t x = border_pixels(image.size(3), settings.border);
  const std::int64_t y = border_pixels(image.size(2), settings.border);
  for (Cutout& cutout : cutouts) {
    cutout.x += x;
    cutout.y += y;
  }
  return {extend(image, x, y, settings.border_mode), std::move(cutouts)};
}

at::Tensor take_cutouts(const at::Tensor& image, const std::vector<Cutout>& cutouts, std::int64_t input_size,
                        const CutoutSettings& settings) {
  const auto [source, places] = extend_picture(image, cutouts, settings);
  return TakeCutouts::apply(source, places, input_size);
}

}  // namespace reverie::pytti
