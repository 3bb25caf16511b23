#pragma once
// What the plugins raft and gma have in common.

#include <string>

#include "network.h"
#include "reverie/flow_estimator.h"

namespace reverie::raft {

inline constexpr ParamSpec kFlowIterations =
    integer("flow_iterations", 12)
        .range(1, 100)
        .help("refinements of each flow; fewer are faster and coarser");

class Estimator : public FlowEstimator {
 public:
  at::Tensor estimate(const at::Tensor& from, const at::Tensor& to) override;
  std::pair<at::Tensor, at::Tensor> estimate_both(const at::Tensor& from, const at::Tensor& to) override;
  bool differentiable() const override { return true; }

 protected:
  /// `weights` is the name of the setting for them. Throws Error(model) when they are of the other plugin.
  Estimator(Host& host, const Params& params, const Setup& setup, const char* weights, bool attention);

 private:
  Network network_;
  std::int64_t iterations_;
};

}  // namespace reverie::raft
