/// Symmetry: how far the picture is from its own mirror image.
///
/// The mean squared difference of the picture and its image under `mirror`, each times the mask. `radial`
/// turns the picture by half a turn about its centre.

#include <ATen/ATen.h>

#include <vector>

#include "reverie/loss.h"
#include "reverie/mask.h"
#include "reverie/plugin.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    choice("mirror", "x", "x|y|radial")
        .help("x: left and right become alike; y: top and bottom; radial: what half a turn swaps"),
};

std::vector<std::int64_t> axes_of(const std::string& mirror) {
  if (mirror == "x") return {3};
  if (mirror == "y") return {2};
  return {2, 3};
}

class Symmetry final : public Loss {
 public:
  Symmetry(Host&, const Params& params, const Setup& setup)
      : size_(setup.size), axes_(axes_of(params.get<std::string>("mirror"))) {}

  Traits traits() const override {
    Traits traits;
    traits.mask = true;
    return traits;
  }
  void set_mask(const at::Tensor& mask) override { mask_ = resize_mask(mask, size_.height, size_.width); }
  at::Tensor evaluate(const Context& context) override {
    return masked_mse(context.image, context.image.flip(axes_), mask_);
  }

 private:
  ImageSize size_;
  std::vector<std::int64_t> axes_;
  at::Tensor mask_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Symmetry, Loss, "symmetry", "1.0", "makes the picture its own mirror image", kParams);

}  // namespace reverie
