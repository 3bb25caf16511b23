#pragma once
// Opens files of weights of any known format.

#include <filesystem>
#include <memory>

#include "reverie/weights.h"

namespace reverie::weights {

/// Recognises the format by the file's contents: safetensors, or PyTorch's checkpoints and TorchScript
/// archives. Nothing in the file is executed. Names of tensors in pickled formats are described in
/// weights/tensor_names.h. Throws Error(file) when the file cannot be opened, Error(model) when it is damaged
/// or of another format.
std::shared_ptr<Weights> open_weights(const std::filesystem::path& path);

}  // namespace reverie::weights
