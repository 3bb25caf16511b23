/// Palette: how far the picture's colours are from those of a list or of another picture, wherever they are.
///
/// `share: equal` is optimal transport: how far, squared, the colours have to move until there are as many
/// pixels of each as there are to be, when they move as little as possible. In one dimension, that is the
/// difference of both when each is sorted. Here it is the mean over thirteen directions through the colour
/// cube, its edges and diagonals: sliced optimal transport (Rabin, Peyré, Delon & Bernot, "Wasserstein
/// Barycenter and its Application to Texture Mixing", 2011). Those of a list get equal parts of the picture.
/// `share: any` draws each pixel to the nearest colour of a list.
///
/// At most 16384 pixels are looked at in a step, spread over the picture, others in each step.

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

#include "reverie/loss.h"
#include "reverie/mask.h"
#include "reverie/plugin.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    list("colours", "").help("the colours, as #rrggbb or #rgb; without any, those of the target count"),
    choice("share", "equal", "equal|any")
        .help("of a list of colours: equal: each takes an equal part of the picture; any: each pixel becomes "
              "the nearest of them"),
};

constexpr std::int64_t kMostPixels = 16384;

/// A colour as files of the web write it: [3] 0..1.
at::Tensor colour_of(const std::string& text) {
  const std::string digits = text.substr(text.rfind('#', 0) == 0 ? 1 : 0);
  if ((digits.size() != 3 && digits.size() != 6) ||
      digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos)
    throw Error(ErrorKind::settings, "'colours' has '" + text + "', which is not a colour",
                "write #rrggbb with two hexadecimal digits each for red, green and blue, such as '#ff8800'");
  const std::size_t each = digits.size() / 3;
  const at::Tensor result = at::empty({3});
  for (std::size_t c = 0; c < 3; ++c)
    result[static_cast<std::int64_t>(c)] =
        std::stoi(digits.substr(c * each, each), nullptr, 16) / (each == 1 ? 15.0 : 255.0);
  return result;
}

/// [13, 3] of length 1: along the cube's edges and through its faces and its body. All directions of a kind
/// together weigh red, green and blue alike, so colours that all move by d have the distance |d|^2 / 3.
at::Tensor directions() {
  const double face = std::sqrt(0.5), body = std::sqrt(1 / 3.0);
  std::vector<double> values;
  for (int r = -1; r <= 1; ++r)
    for (int g = -1; g <= 1; ++g)
      for (int b = -1; b <= 1; ++b) {
        const int first = r ? r : g ? g : b, others = r * r + g * g + b * b;
        if (first <= 0) continue;  // its opposite says the same
        const double length = others == 1 ? 1 : others == 2 ? face : body;
        values.insert(values.end(), {r * length, g * length, b * length});
      }
  return at::tensor(values, at::kDouble).view({13, 3});
}

class Palette final : public Loss {
 public:
  Palette(Host& host, const Params& params, const Setup& setup)
      : size_(setup.size),
        nearest_(params.get<std::string>("share") == "any"),
        directions_(directions().to(host.device())) {
    std::vector<at::Tensor> colours;
    for (const std::string& text : params.get<std::vector<std::string>>("colours"))
      colours.push_back(colour_of(text));
    listed_ = !colours.empty();
    if (listed_) set_colours(at::stack(colours, 1).to(host.device()));
    if (nearest_ && !listed_)
      throw Error(ErrorKind::settings, "'share' is any, for which there is no list of 'colours'",
                  "write the list, or leave out share: any");
  }

  Traits traits() const override {
    Traits traits;
    traits.target = !listed_;
    traits.mask = true;
    return traits;
  }
  void set_target(const at::Tensor& image) override {
    if (!listed_) set_colours(image.defined() ? image.detach()[0].flatten(1) : image);
  }
  void set_mask(const at::Tensor& mask) override { mask_ = resize_mask(mask, size_.height, size_.width); }

  at::Tensor evaluate(const Context& context) override {
    if (!colours_.defined()) return context.image.sum() * 0;
    at::Tensor pixels = context.image[0].flatten(1), share = mask_;  // [3, P]
    if (share.defined()) share = share.flatten().to(pixels.scalar_type());
    if (const at::Tensor some = choose(pixels.size(1), context.step); some.defined()) {
      pixels = pixels.index_select(1, some.to(pixels.device()));
      if (share.defined()) share = share.index_select(0, some.to(share.device()));
    }
    return nearest_ ? to_nearest(pixels, share) : transport(pixels, share);
  }

 private:
  void set_colours(const at::Tensor& colours) {
    colours_ = colours.defined() ? colours.clone() : colours;
    if (!colours.defined() || nearest_) return;
    // A photograph has millions of pixels, and a part of them has its palette.
    if (const at::Tensor some = choose(colours.size(1), 0); some.defined())
      colours_ = colours_.index_select(1, some.to(colours_.device()));
    sorted_ = std::get<0>(at::matmul(directions_, colours_.to(at::kDouble)).sort(1));
  }

  /// One of each kMostPixels-th part of the pixels, others in each step; undefined: all of them.
  static at::Tensor choose(std::int64_t pixels, std::int64_t step) {
    if (pixels <= kMostPixels) return {};
    const at::Generator chance = at::make_generator<at::CPUGeneratorImpl>(static_cast<std::uint64_t>(step));
    const at::Tensor place =
        at::arange(kMostPixels, at::kDouble) + at::rand({kMostPixels}, chance, at::kDouble);
    const double part = static_cast<double>(pixels) / static_cast<double>(kMostPixels);
    return (place * part).to(at::kLong).clamp_max(pixels - 1);
  }

  static at::Tensor mean_square(at::Tensor difference, const at::Tensor& share) {
    if (share.defined()) difference = difference * share;
    return difference.square().mean();
  }

  at::Tensor to_nearest(const at::Tensor& pixels, const at::Tensor& share) const {
    const at::Tensor colours = colours_.to(pixels.scalar_type());
    const at::Tensor nearest =
        (pixels.detach().unsqueeze(2) - colours.unsqueeze(1)).square().sum(0).argmin(1);  // [P]
    return mean_square(pixels - colours.index_select(1, nearest), share);
  }

  at::Tensor transport(const at::Tensor& pixels, const at::Tensor& share) const {
    const auto [values, order] = at::matmul(directions_.to(pixels.scalar_type()), pixels).sort(1);  // [13, P]
    const at::Tensor shares = share.defined() ? share.take(order) : at::ones_like(values.detach());
    // Of all that is to be shared out, what comes before the middle of each pixel.
    const at::Tensor whole = shares.to(at::kDouble), before = whole.cumsum(1) - whole / 2;
    const std::int64_t count = sorted_.size(1);
    const at::Tensor place =
        (before / whole.sum(1, true).clamp_min(1e-30) * count).floor().to(at::kLong).clamp(0, count - 1);
    return mean_square(values - sorted_.gather(1, place).to(values.scalar_type()),
                       share.defined() ? shares : at::Tensor());
  }

  ImageSize size_;
  bool nearest_, listed_ = false;
  at::Tensor directions_;      // [13, 3], double
  at::Tensor colours_, mask_;  // [3, K]; [1, 1, H, W]; undefined: none
  at::Tensor sorted_;          // [13, K], double: the colours along each direction, in order
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Palette, Loss, "palette", "1.0",
                      "gives the picture the colours of a list or of another picture", kParams);

}  // namespace reverie
