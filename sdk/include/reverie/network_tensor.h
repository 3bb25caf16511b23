#pragma once
// Tensors that networks compute with.

#include <ATen/core/Tensor.h>
#include <c10/core/ScalarType.h>

#include <string>

#include "reverie/weights.h"

namespace reverie {

/// The tensor of that name, whose elements must be fp64, fp32, fp16 or bf16. Throws Error(model): it is
/// absent, or of a dtype that means something else, as the whole numbers of a quantised network do.
inline at::Tensor network_tensor(const Weights& weights, const std::string& name) {
  at::Tensor tensor = weights.tensor(name);
  if (!tensor.is_floating_point())
    throw Error(ErrorKind::model,
                "'" + weights.origin() + "': tensor '" + name + "' holds elements of the dtype " +
                    c10::toString(tensor.scalar_type()) +
                    ", which a network cannot compute with; fp64, fp32, fp16 and bf16 can be used",
                "give the weights as they were published, not quantised ones");
  return tensor;
}

}  // namespace reverie
