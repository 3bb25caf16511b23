/// Edge: compares the edges of picture and target.
///
/// The mean squared difference of the horizontal and vertical Sobel responses (kernels / 8) of the grey
/// picture 0.299 R + 0.587 G + 0.114 B, each times the mask. Beyond the edge the picture goes on with its
/// edge pixels; the reference goes on with black, which frames every picture with an edge.

#include "reverie/comparison.h"
#include "reverie/plugin.h"

namespace reverie {
namespace {

/// [1, 3, H, W] to [1, 1, H, W], Rec. 601.
at::Tensor grey(const at::Tensor& image) {
  return (image.select(1, 0) * 0.299)
      .add(image.select(1, 1), 0.587)
      .add(image.select(1, 2), 0.114)
      .unsqueeze(1);
}

/// x[i + 2] - x[i], and x[i] + 2 x[i + 1] + x[i + 2], along one axis, which loses two elements.
at::Tensor slope(const at::Tensor& x, std::int64_t axis) {
  const std::int64_t length = x.size(axis) - 2;
  return x.narrow(axis, 2, length) - x.narrow(axis, 0, length);
}
at::Tensor blur(const at::Tensor& x, std::int64_t axis) {
  const std::int64_t length = x.size(axis) - 2;
  return (x.narrow(axis, 0, length) + x.narrow(axis, 2, length)).add(x.narrow(axis, 1, length), 2);
}

class Edge final : public ComparisonLoss {
 public:
  Edge(Host&, const Params&, const Setup& setup) : ComparisonLoss(setup.size) {}

 private:
  void target_changed() override { target_grey_ = target().defined() ? grey(target()) : at::Tensor(); }
  at::Tensor compare(const Context& context) override {
    // The responses are linear: the difference of two pictures' is that of their difference.
    const at::Tensor difference = at::replication_pad2d(grey(context.image) - target_grey_, {1, 1, 1, 1});
    // Sobel's kernels (Duda & Hart 1973) are products of a slope and a blur across it. Divided by 8, a ramp's
    // response is its slope. A convolution with the kernels takes several times as long.
    return (mean_square(blur(slope(difference, 3), 2)) + mean_square(blur(slope(difference, 2), 3))) / 128;
  }

  /// Of 8 times a response, under the mask.
  at::Tensor mean_square(const at::Tensor& response) const {
    return (mask().defined() ? response * mask() : response).square().mean();
  }

  at::Tensor target_grey_;  // [1, 1, H, W]
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Edge, Loss, "edge", "1.0", "compares the edges of picture and target", kNoParams, "",
                      "edge_stabilization_weight");

}  // namespace reverie
