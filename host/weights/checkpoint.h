#pragma once
// Reads the files of torch.save and of TorchScript. Nothing in them is executed; of their storages, only
// those of the tensors asked for are touched.

#include <memory>
#include <string>

#include "reverie/weights.h"
#include "weights/mapping.h"

namespace reverie::weights {

/// A ZIP archive: torch.save since PyTorch 1.6, torch.jit.save. `origin` is the file's path, for messages.
/// Throws Error(model) when it is damaged or holds something else.
std::shared_ptr<Weights> read_zip_checkpoint(std::shared_ptr<const Mapping> file, std::string origin);

/// Pickles and storages one after another: torch.save before PyTorch 1.6, or with its ZIP format switched
/// off.
std::shared_ptr<Weights> read_legacy_checkpoint(std::shared_ptr<const Mapping> file, std::string origin);

}  // namespace reverie::weights
