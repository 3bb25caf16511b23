/// Lower Is Nearer: the depths of a plain under a camera, whatever the picture shows.
///
/// A depth estimator of its own, to copy when you write yours. What is at the top edge is farthest, what is
/// at the bottom edge nearest, and depth falls evenly between: with `animation_mode: 3D`, the ground rushes
/// past while the horizon stays.

#include <ATen/ATen.h>
#include <reverie/depth_estimator.h>
#include <reverie/plugin.h>

namespace {

class LowerIsNearer final : public reverie::DepthEstimator {
 public:
  LowerIsNearer(reverie::Host&, const reverie::Params&, const Setup&) {}

  // At every frame. The picture's size and device are those to answer on; larger is farther.
  at::Tensor estimate(const at::Tensor& image) override {
    const std::int64_t height = image.size(2), width = image.size(3);
    const at::Tensor down = (at::arange(height, image.options()) + 0.5) / static_cast<double>(height);
    return (1 - down).view({1, 1, height, 1}).expand({1, 1, height, width}).clone();
  }

  // Where estimates lie: 0 becomes near_plane and 1 far_plane.
  Range range() const override { return {0, 1}; }

  // The picture does not matter, so there is nothing that depth_stabilization_weight could change.
  bool differentiable() const override { return false; }
};

}  // namespace

REVERIE_EXPORT_PLUGIN(LowerIsNearer, reverie::DepthEstimator, "lower_is_nearer", "1.0",
                      "a plain: what is lower in the picture is nearer", reverie::kNoParams);
