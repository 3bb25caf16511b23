#pragma once
// What the plugins raft and gma have in common.

#include <vector>

#include "network.h"
#include "reverie/flow_estimator.h"

namespace reverie::raft {

inline constexpr ParamSpec kFlowIterations =
    integer("flow_iterations", 12)
        .range(1, 100)
        .fixed("all flows of a run are estimated alike")
        .help("refinements of each flow; fewer are faster and coarser");

class Estimator : public FlowEstimator {
 public:
  at::Tensor estimate(const at::Tensor& from, const at::Tensor& to) override;
  std::pair<at::Tensor, at::Tensor> estimate_both(const at::Tensor& from, const at::Tensor& to) override;
  bool differentiable() const override { return true; }

 protected:
  /// `weights` is the name of the setting for them. Throws Error(model) when they are of the other plugin.
  Estimator(Host& host, const Params& params, const char* weights, bool attention);

 private:
  struct Memory {
    at::Tensor picture;
    std::int64_t version;  // of the picture's contents
    Network::Seen seen;
  };

  /// With context. Videos show each frame twice, and a loss compares many pictures with the same one.
  Network::Seen look_at(const at::Tensor& picture);

  std::shared_ptr<const Network> network_;
  std::int64_t iterations_;
  std::vector<Memory> recent_;  // the latest last
};

}  // namespace reverie::raft
