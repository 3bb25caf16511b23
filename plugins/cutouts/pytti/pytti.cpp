/// PyTTI's cutouts: squares of random size and place, more small ones with a larger cut_pow; flipped, turned,
/// shifted, seen in perspective, coloured, erased in part and covered with noise.
///
/// The settings are the program's, since settings files of PyTTI have them.

#include "augmented_cutouts.h"
#include "reverie/cutout_method.h"
#include "reverie/cutout_share.h"
#include "reverie/plugin.h"
#include "reverie/varying_parameters.h"

namespace reverie::pytti {
namespace {

constexpr ParamSpec kParams[] = {
    number("cut_pow", 2)
        .above(0)
        .is_animatable()
        .of_host()
        .help("large = small cutouts, small = large cutouts"),
    number("cutout_border", 0.25)
        .range(0, 1)
        .is_animatable()
        .of_host()
        .help("how far cutouts may extend beyond the edge"),
    number("cutout_overviews", 0)
        .range(0, 1)
        .is_animatable()
        .of_host()
        .help("share of cutouts that show nearly everything"),
    number("cutout_erasing", 0.7)
        .range(0, 1)
        .is_animatable()
        .of_host()
        .help("chance that a part of a cutout is erased"),
    choice("border_mode", "clamp", "clamp|mirror|wrap|black|smear")
        .of_host()
        .help("what lies beyond the edge"),
};

class Pytti final : public CutoutMethod, public VaryingParameters {
 public:
  Pytti(Host& host, const Params& params, const Setup& setup)
      : host_(host),
        all_(setup.cutouts),
        settings_{params.get<double>("cut_pow"), params.get<double>("cutout_border"),
                  params.get<std::string>("border_mode"), params.get<double>("cutout_overviews"),
                  params.get<double>("cutout_erasing")} {}

  Batch take(const at::Tensor& image, std::int64_t count, std::int64_t side) override {
    const std::int64_t width = image.size(3), height = image.size(2);
    CutoutSettings settings = settings_;
    settings.overviews =
        static_cast<double>(share_of_batch(settings_.overviews, count, all_, host_.cpu_generator())) /
        static_cast<double>(count);
    const std::vector<Cutout> cutouts =
        draw_cutouts(count, width, height, side, settings, host_.cpu_generator());
    const Augmentation changes = draw_augmentation(count, side, host_.cpu_generator(), settings_.erasing);
    return {take_augmented_cutouts(image, cutouts, side, settings_, changes, host_.generator()),
            places_of(cutouts, width, height)};
  }

  void set_parameters(const FrameContext& now) override {
    settings_.power = now.parameter("cut_pow");
    settings_.border = now.parameter("cutout_border");
    settings_.overviews = now.parameter("cutout_overviews");
    settings_.erasing = now.parameter("cutout_erasing");
  }
  void* extension(std::string_view id) override {
    return id == VaryingParameters::kId ? static_cast<VaryingParameters*>(this) : nullptr;
  }

 private:
  Host& host_;
  std::int64_t all_;  // cutouts of a step
  CutoutSettings settings_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Pytti, CutoutMethod, "pytti", "1.0", "random squares, augmented as PyTTI does", kParams,
                      "", "cutout_method");

}  // namespace reverie::pytti
