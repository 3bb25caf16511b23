#pragma once
// A scripted module (torch.jit) that lies in the same folder as the plugin's library.
//
// TorchScript is code: LibTorch interprets it. So it is trusted as plugins are, by the folder it lies in,
// which no settings file can choose. Settings name a file in that folder and nothing else.

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "reverie/host.h"

namespace reverie::torchscript {

class Script {
 public:
  /// `file` is a file's name, with or without ".pt", as the setting `setting` has it. Throws Error(settings)
  /// when it is not a plain name, Error(file) when there is no such file, Error(model) when it is not a
  /// script.
  Script(Host& host, const std::string& setting, const std::string& file);
  ~Script();

  /// forward() of the module. Gradients flow to the inputs if its operations let them. The result is float32
  /// of the given sizes; throws Error(model) when the script fails or gives anything else.
  at::Tensor operator()(const std::vector<at::Tensor>& inputs, at::IntArrayRef sizes) const;

 private:
  struct Module;
  std::string path_;
  std::unique_ptr<Module> module_;
};

}  // namespace reverie::torchscript
