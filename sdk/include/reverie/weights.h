#pragma once
// Weights: the named tensors of a model file, read without executing anything in it.

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "reverie/error.h"

namespace reverie {

/// Tensors by name, as a file holds them. Obtained from Host::load_weights(); read-only and thread-safe.
class REVERIE_PUBLIC Weights {
 public:
  virtual ~Weights() = default;

  /// Names of all tensors, sorted.
  virtual std::vector<std::string> names() const = 0;
  virtual bool contains(const std::string& name) const = 0;

  /// The tensor in the file's own dtype, on the CPU. It may share the file's mapped memory, which stays alive
  /// as long as the tensor does: clone() it before writing to it.
  /// Throws Error(model), naming file and tensor, when it is absent.
  virtual at::Tensor tensor(const std::string& name) const = 0;

  /// Text that travels with the tensors: safetensors' `__metadata__`, or the texts and numbers of a
  /// checkpoint by the path of keys that leads to them.
  virtual const std::map<std::string, std::string>& metadata() const = 0;

  /// Where the weights came from, for messages.
  virtual std::string origin() const = 0;
};

}  // namespace reverie
