/// torchscript: optical flow by a scripted model.

#include "reverie/flow_estimator.h"
#include "reverie/plugin.h"
#include "script.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    text("flow_file", "").help("a scripted model in the folder of the plugin"),
};

class ScriptedFlow final : public FlowEstimator {
 public:
  ScriptedFlow(Host& host, const Params& params, const Setup&)
      : script_(host, "flow_file", params.get<std::string>("flow_file")) {}

  at::Tensor estimate(const at::Tensor& from, const at::Tensor& to) override {
    return script_({from, to}, {1, 2, from.size(2), from.size(3)});
  }
  bool differentiable() const override { return true; }

 private:
  torchscript::Script script_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(ScriptedFlow, FlowEstimator, "torchscript", "1.0", "optical flow by a scripted model",
                      kParams);

}  // namespace reverie
