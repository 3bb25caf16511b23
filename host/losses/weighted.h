#pragma once
// A loss's weight and stop.

#include <ATen/core/Tensor.h>

namespace reverie {

/// |weight| * max(loss * sign(weight), stop) of the scalar `loss`, with no gradient where the stop holds.
/// Weight 0 gives 0 and no gradient. `held`, unless null, becomes true where there is nothing left to gain; a
/// GPU has to be waited for to know that.
at::Tensor weighted(const at::Tensor& loss, double weight, double stop, bool* held = nullptr);

}  // namespace reverie
