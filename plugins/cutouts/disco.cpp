/// Disco: overviews of the whole picture, and inner cutouts of random size and place, as Disco Diffusion
/// takes them.
///
/// An overview is the whole picture, with black where it is no square; of a step's, the second is grey, the
/// third mirrored, the fourth both. An inner cutout is a square with a side between the perceptor's input and
/// the picture's shorter side, the smaller the larger `cut_ic_pow` is; a share of them, `cut_icgray_p`, is
/// grey, so that shapes count as well as colours. All are mirrored, turned, shifted and changed in colour by
/// chance, and covered with noise.

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "reverie/cutout_method.h"
#include "reverie/cutout_share.h"
#include "reverie/plugin.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    number("overview_share", 0.4)
        .range(0, 1)
        .fixed("cut_pow and cutout_overviews, of the method pytti, are what varies")
        .help("share of the cutouts that show the whole picture"),
    number("cut_ic_pow", 1)
        .above(0)
        .fixed("cut_pow and cutout_overviews, of the method pytti, are what varies")
        .help("of inner cutouts: large = small ones, small = large ones"),
    number("cut_icgray_p", 0.2)
        .range(0, 1)
        .fixed("cut_pow and cutout_overviews, of the method pytti, are what varies")
        .help("share of the inner cutouts that are grey"),
    boolean("cut_augment", true)
        .help("cutouts are also mirrored, turned, shifted, coloured and covered with noise"),
};

constexpr double kTurn = 10 * 3.14159265358979323846 / 180, kShift = 0.05;  // at most, of angle and side
constexpr double kMirrored = 0.5, kGrey = 0.1;                              // chances
constexpr double kColour = 0.1;   // at most, of brightness, contrast and saturation, as a share
constexpr double kNoise = 0.017;  // its standard deviation

at::Tensor grey(const at::Tensor& images) {
  // ITU-R BT.601's luma.
  const at::Tensor luma =
      images.narrow(1, 0, 1) * 0.299 + images.narrow(1, 1, 1) * 0.587 + images.narrow(1, 2, 1) * 0.114;
  return luma.expand_as(images);
}

at::Tensor resized(const at::Tensor& image, std::int64_t side) {
  return at::_upsample_bilinear2d_aa(image, {side, side}, /*align_corners=*/false);
}

class Disco final : public CutoutMethod {
 public:
  Disco(Host& host, const Params& params, const Setup& setup)
      : host_(host),
        all_(setup.cutouts),
        overviews_(params.get<double>("overview_share")),
        power_(params.get<double>("cut_ic_pow")),
        grey_(params.get<double>("cut_icgray_p")),
        augment_(params.get<bool>("cut_augment")) {}

  Batch take(const at::Tensor& image, std::int64_t count, std::int64_t side) override {
    const std::int64_t overviews = share_of_batch(overviews_, count, all_, host_.cpu_generator());
    Batch batch;
    std::vector<at::Tensor> images;
    if (overviews > 0) add_overviews(image, overviews, count >= all_, side, images, batch.places);
    if (count > overviews) add_inner(image, count - overviews, side, images, batch.places);
    batch.images = at::cat(images);
    if (augment_) batch.images = augmented(batch.images);
    return batch;
  }

 private:
  void add_overviews(const at::Tensor& image, std::int64_t count, bool all_of_step, std::int64_t side,
                     std::vector<at::Tensor>& images, std::vector<CutoutPlace>& places) {
    const std::int64_t width = image.size(3), height = image.size(2), longer = std::max(width, height);
    const std::int64_t left = (longer - width) / 2, top = (longer - height) / 2;
    const at::Tensor whole =
        resized(at::constant_pad_nd(image, {left, longer - width - left, top, longer - height - top}), side);
    const auto w = static_cast<double>(width), h = static_cast<double>(height),
               l = static_cast<double>(longer);
    const CutoutPlace place{(l / 2 - static_cast<double>(left)) / w, (l / 2 - static_cast<double>(top)) / h,
                            l / w, l / h};
    // In a part of a step, the first is any of the step's, by chance: so each comes once in a step, on
    // average.
    const std::int64_t all =
        std::max<std::int64_t>(count, std::llround(static_cast<double>(all_) * overviews_));
    const std::int64_t first =
        all_of_step ? 0 : at::randint(all, {}, host_.cpu_generator(), at::kLong).item<std::int64_t>();
    for (std::int64_t taken = 0; taken < count; ++taken) {
      const std::int64_t i = (first + taken) % all;
      at::Tensor overview = i == 1 || i == 3 ? grey(whole) : whole;
      images.push_back(i == 2 || i == 3 ? overview.flip(3) : overview);
      places.push_back(place);
    }
  }

  void add_inner(const at::Tensor& image, std::int64_t count, std::int64_t side,
                 std::vector<at::Tensor>& images, std::vector<CutoutPlace>& places) {
    const std::int64_t width = image.size(3), height = image.size(2);
    const std::int64_t largest = std::min(width, height), least = std::min(largest, side);
    const at::Tensor chance = at::rand({count, 3}, host_.cpu_generator(), at::kDouble);
    const auto drawn = chance.accessor<double, 2>();
    const std::int64_t all_inner = all_ - std::llround(static_cast<double>(all_) * overviews_);
    const std::int64_t greys = share_of_batch(grey_, count, all_inner, host_.cpu_generator());
    for (std::int64_t i = 0; i < count; ++i) {
      const auto below = [&](int which, std::int64_t end) {
        return static_cast<std::int64_t>(drawn[i][which] * static_cast<double>(end));
      };
      const auto size =
          static_cast<std::int64_t>(std::pow(drawn[i][0], power_) * static_cast<double>(largest - least)) +
          least;
      const std::int64_t x = below(1, width - size + 1), y = below(2, height - size + 1);
      const at::Tensor cutout = resized(image.narrow(2, y, size).narrow(3, x, size), side);
      images.push_back(i < greys ? grey(cutout) : cutout);
      const auto w = static_cast<double>(width), h = static_cast<double>(height),
                 s = static_cast<double>(size);
      places.push_back(
          {(static_cast<double>(x) + s / 2) / w, (static_cast<double>(y) + s / 2) / h, s / w, s / h});
    }
  }

  at::Tensor augmented(const at::Tensor& images) {
    const std::int64_t count = images.size(0);
    const at::Tensor chance = at::rand({count, 8}, host_.cpu_generator(), at::kFloat);
    const auto between = [&](std::int64_t which, double low, double high) {
      return chance.select(1, which) * (high - low) + low;
    };
    // From the result's places to the cutout's, both -1..1.
    const at::Tensor angle = between(0, -kTurn, kTurn),
                     sign = 1 - 2 * (chance.select(1, 1) < kMirrored).to(at::kFloat);
    const at::Tensor rows[] = {
        at::stack({sign * angle.cos(), -sign * angle.sin(), between(2, -2 * kShift, 2 * kShift)}, 1),
        at::stack({angle.sin(), angle.cos(), between(3, -2 * kShift, 2 * kShift)}, 1)};
    const at::Tensor affine = at::stack({rows[0], rows[1]}, 1).to(images.device());
    constexpr std::int64_t kBilinear = 0, kEdgesRepeated = 1;
    const at::Tensor moved = at::grid_sampler_2d(
        images, at::affine_grid_generator(affine, images.sizes(), false), kBilinear, kEdgesRepeated, false);
    const auto each = [&](const at::Tensor& values) {
      return values.to(images.device()).view({count, 1, 1, 1});
    };
    const auto factor = [&](std::int64_t which) { return each(between(which, 1 - kColour, 1 + kColour)); };
    at::Tensor result = moved * factor(4);
    const at::Tensor mean = grey(result).mean(at::IntArrayRef{1, 2, 3}, true);
    result = mean + (result - mean) * factor(5);
    const at::Tensor saturation = factor(6) * each((chance.select(1, 7) >= kGrey).to(at::kFloat));
    const at::Tensor colourless = grey(result);
    result = colourless + (result - colourless) * saturation;
    return result + at::randn(result.sizes(), host_.generator(), result.detach().options()) * kNoise;
  }

  Host& host_;
  std::int64_t all_;  // cutouts of a step
  double overviews_, power_, grey_;
  bool augment_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Disco, CutoutMethod, "disco", "1.0",
                      "overviews and inner cutouts, as in Disco Diffusion", kParams);

}  // namespace reverie
