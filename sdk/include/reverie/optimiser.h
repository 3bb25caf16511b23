#pragma once
// Optimiser: changes the image model's parameters so that the loss becomes smaller.

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "reverie/extension.h"
#include "reverie/host.h"
#include "reverie/params.h"

namespace reverie {

class REVERIE_PUBLIC Optimiser : public Extensible {
 public:
  static constexpr const char* kKind = "optimisers";
  static constexpr std::uint32_t kInterfaceVersion = 1;

  /// A plugin class has the constructor `Plugin(Host&, const Params&, const Setup&)`. The host makes a new
  /// instance when a run begins, and after each move that gives the parameters new values, where what was
  /// learnt of the old ones means nothing.
  struct Setup {
    /// Leaf tensors of any shape, float32, on Host::device(); the same objects as long as it lives.
    std::vector<at::Tensor> parameters;
  };

  /// [step] One step against each parameter's grad(), which has its shape; where it is undefined, the
  /// parameter stays as it is. Parameters are changed in place, and must stay finite for finite gradients;
  /// gradients may be overwritten. Called without gradients being recorded. `learning_rate` is above 0 and
  /// may differ from step to step.
  virtual void step(double learning_rate) = 0;

  /// [frame] Everything but the parameters that is needed to continue exactly. The tensors may be those that
  /// the next step changes: the host copies them at once.
  virtual std::map<std::string, at::Tensor> state() const = 0;

  /// [setup] Takes back what state() gave, on any device. Throws Error(model) when it is of other parameters
  /// or of another optimiser.
  virtual void load_state(const std::map<std::string, at::Tensor>& state) = 0;
};

}  // namespace reverie
