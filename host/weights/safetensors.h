#pragma once
// Reads and writes the safetensors format (https://github.com/huggingface/safetensors, README "Format").

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "reverie/weights.h"
#include "weights/mapping.h"

namespace reverie {

/// Maps the file and checks its header against its size before returning. Tensors share the mapping.
/// Throws Error(file) when it cannot be opened, Error(model) when its contents are not valid.
std::shared_ptr<Weights> read_safetensors(const std::filesystem::path& path);
/// The same of a file that is mapped already; `origin` is its path, for messages.
std::shared_ptr<Weights> read_safetensors(std::shared_ptr<const Mapping> file, std::string origin);

/// Writes to a temporary beside `path` and renames it, so that a crash leaves the old file or the new one.
void write_safetensors(const std::filesystem::path& path,
                       const std::vector<std::pair<std::string, at::Tensor>>& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace reverie
