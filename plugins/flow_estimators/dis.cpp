/// DIS: dense inverse search, fast and sharp at the edges of things (Kroeger, Timofte, Dai & Van Gool 2016,
/// "Fast Optical Flow using Dense Inverse Search"), as OpenCV has it, with its medium preset.

#include "opencv/classical.h"
#include "reverie/plugin.h"

namespace reverie::opencv_flow {
namespace {

class Dis final : public FlowEstimator {
 public:
  Dis(Host&, const Params&, const Setup&) {}

  at::Tensor estimate(const at::Tensor& from, const at::Tensor& to) override {
    return classical_flow(flow_dis, from, to);
  }
  bool differentiable() const override { return false; }
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Dis, FlowEstimator, "dis", "1.0", "dense inverse search: fast, sharp at edges",
                      kNoParams, "DIS", "flow_model");

}  // namespace reverie::opencv_flow
