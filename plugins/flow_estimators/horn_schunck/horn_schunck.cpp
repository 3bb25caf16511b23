/// Horn-Schunck: the smoothest motion that explains the difference of the pictures; see solver.h. Made of
/// LibTorch's operators only: it computes on any device, and gradients flow to both pictures, which 3D's
/// flow_stabilization_weight asks for.

#include "reverie/flow_estimator.h"
#include "reverie/plugin.h"
#include "solver.h"

namespace reverie::horn_schunck {
namespace {

class HornSchunck final : public FlowEstimator {
 public:
  HornSchunck(Host&, const Params&, const Setup&) {}

  at::Tensor estimate(const at::Tensor& from, const at::Tensor& to) override { return solve(from, to); }
  bool differentiable() const override { return true; }
};

}  // namespace

REVERIE_EXPORT_PLUGIN(HornSchunck, FlowEstimator, "horn_schunck", "1.0",
                      "variational flow: smooth, differentiable, on any device", kNoParams, "Horn-Schunck",
                      "flow_model");

}  // namespace reverie::horn_schunck
