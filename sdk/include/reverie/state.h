#pragma once
// State by name, as state() gives it and load_state() takes it.

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include <map>
#include <string>

#include "reverie/error.h"

namespace reverie {

/// Copies each tensor of `saved` into that of the same name in `own`. Throws Error(model), with nothing
/// changed, when one is missing or has another shape; `what` says in the message whose state it is, such as
/// "the optimiser's".
inline void load_tensors(const std::map<std::string, at::Tensor>& own,
                         const std::map<std::string, at::Tensor>& saved, const std::string& what) {
  for (const auto& [name, tensor] : own) {
    const auto found = saved.find(name);
    if (found == saved.end())
      throw Error(ErrorKind::model, what + " saved state does not fit: it has no '" + name + "'");
    if (found->second.sizes() != tensor.sizes())
      throw Error(ErrorKind::model, what + " saved state does not fit: its '" + name + "' has another shape");
  }
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : own) tensor.copy_(saved.at(name));
}

}  // namespace reverie
