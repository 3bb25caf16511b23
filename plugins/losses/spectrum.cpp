/// Spectrum: how far the slope of the picture's power spectrum is from one that is wanted.
///
/// In photographs, the power of waves falls with about the square of their frequency (Field, "Relations
/// between the statistics of natural images and the response properties of cortical cells", 1987); noise has
/// the same at all frequencies. The power of red, green and blue is averaged over rings of nearly equal
/// frequency. Through the rings' logarithms goes a straight line, for which each octave counts the same; the
/// value is the square of the difference of its slope and -`decay`.

#include <ATen/ATen.h>

#include <algorithm>

#include "reverie/loss.h"
#include "reverie/plugin.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    number("decay", 2)
        .is_animatable()
        .help(
            "the power of waves is to fall with this power of their frequency: 0 is noise, photographs have "
            "about 2, what is softer has more"),
};

/// Added to each ring's power, which has a logarithm then; far below the rounding of 8 bits.
constexpr double kLeastPower = 1e-8;

class Spectrum final : public Loss {
 public:
  Spectrum(Host& host, const Params&, const Setup& setup) {
    const std::int64_t height = setup.size.height, width = setup.size.width, longer = std::max(height, width);
    const at::TensorOptions wide = at::TensorOptions(at::kDouble);
    const at::Tensor y = at::fft_fftfreq(height, 1.0, wide), x = at::fft_rfftfreq(width, 1.0, wide);
    const at::Tensor frequency = (y.square().unsqueeze(1) + x.square()).sqrt();  // waves a pixel
    // Half a wave a pixel is the finest that all directions have. What is beyond counts in no ring, nor does
    // the mean.
    const at::Tensor ring = (frequency * longer).round().to(at::kLong);
    const at::Tensor counts_in = ((ring >= 1).logical_and(frequency <= 0.5)).flatten();
    // Of most waves, the transform of real numbers leaves out the half that says the same.
    at::Tensor twice = at::full_like(frequency, 2);
    twice.select(1, 0).fill_(1);
    if (width % 2 == 0) twice.select(1, x.size(0) - 1).fill_(1);

    const at::Tensor members = counts_in.nonzero().flatten();
    const at::Tensor ring_of_member = ring.flatten().index_select(0, members);
    const at::Tensor share = twice.flatten().index_select(0, members);
    const at::Tensor sums = at::zeros({longer / 2 + 2}, wide).index_add(0, ring_of_member, share);
    // Those without members, in thin pictures, drop out.
    const at::Tensor rings = sums.nonzero().flatten();
    if (rings.size(0) < 2) return;
    const at::Tensor number = (sums > 0).cumsum(0) - 1;
    const at::Tensor frequencies = at::zeros_like(sums).index_add(
        0, ring_of_member, share * frequency.flatten().index_select(0, members));
    const at::Tensor place = (frequencies.index_select(0, rings) / sums.index_select(0, rings)).log();
    // Rings lie the denser the higher they are: in proportion to their frequency.
    const at::Tensor weight = 1 / rings.to(at::kDouble);
    const at::Tensor aside = place - (place * weight).sum() / weight.sum();
    const at::Device device = host.device();
    members_ = members.to(device);
    ring_ = number.index_select(0, ring_of_member).to(device);
    share_ = (share / sums.index_select(0, ring_of_member)).to(device);
    slope_ = (weight * aside / (weight * aside.square()).sum()).to(device);
  }

  at::Tensor evaluate(const Context& context) override {
    // A picture of a few pixels has no slope.
    if (!slope_.defined()) return context.image.sum() * 0;
    const at::Tensor waves =
        at::view_as_real(at::fft_rfft2(context.image[0], std::nullopt, {-2, -1}, "ortho"));
    const at::Tensor power = waves.square().sum(at::IntArrayRef{0, 3}).flatten().index_select(0, members_);
    const auto type = power.scalar_type();
    const at::Tensor rings =
        at::zeros(slope_.sizes(), power.options()).index_add(0, ring_, power * share_.to(type));
    const at::Tensor slope = ((rings + kLeastPower).log() * slope_.to(type)).sum();
    return (slope + context.parameter("decay")).square();
  }

 private:
  at::Tensor members_, ring_;  // of each coefficient that counts, its place in the transform and its ring
  at::Tensor share_;           // of each of them in its ring's mean
  at::Tensor slope_;           // the rings' logarithms times this are the slope; undefined: there is none
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Spectrum, Loss, "spectrum", "1.0",
                      "gives fine and broad shapes the share that photographs have", kParams);

}  // namespace reverie
