/// Farneback: neighbourhoods as quadratic polynomials, whose displacement is solved for; smooth (Farnebäck
/// 2003, "Two-Frame Motion Estimation Based on Polynomial Expansion"), as OpenCV has it.

#include "opencv/classical.h"
#include "reverie/plugin.h"

namespace reverie::opencv_flow {
namespace {

class Farneback final : public FlowEstimator {
 public:
  Farneback(Host&, const Params&, const Setup&) {}

  at::Tensor estimate(const at::Tensor& from, const at::Tensor& to) override {
    return classical_flow(flow_farneback, from, to);
  }
  bool differentiable() const override { return false; }
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Farneback, FlowEstimator, "farneback", "1.0",
                      "polynomial expansion: smooth, for motion without sharp edges", kNoParams);

}  // namespace reverie::opencv_flow
