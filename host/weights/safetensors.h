#pragma once
// Reads and writes the safetensors format (https://github.com/huggingface/safetensors, README "Format").

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reverie/weights.h"
#include "weights/mapping.h"

namespace reverie::weights {

/// Maps the file and checks its header against its size before returning. Tensors share the mapping.
/// Throws Error(file) when it cannot be opened, Error(model) when its contents are not valid.
std::shared_ptr<Weights> read_safetensors(const std::filesystem::path& path);
/// The same of a file that is mapped already; `origin` is its path, for messages.
std::shared_ptr<Weights> read_safetensors(std::shared_ptr<const Mapping> file, std::string origin);

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;
using Metadata = std::map<std::string, std::string>;

/// A file before it is written: the header, then the tensors' elements one behind the other.
struct SafetensorsBytes {
  std::string header;
  std::vector<at::Tensor> bodies;  ///< contiguous, on the CPU
  /// Of all of the file; they live as long as this and the tensors.
  std::vector<std::string_view> pieces() const;
};
/// Tensors of any dtype that the format has; texts are kept as they are. Throws Error(model).
SafetensorsBytes to_safetensors(const NamedTensors& tensors, const Metadata& metadata);

/// Writes a file so that a crash leaves the old one or the new one. Throws Error(model) or Error(file).
void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                       const Metadata& metadata = {});

}  // namespace reverie::weights
