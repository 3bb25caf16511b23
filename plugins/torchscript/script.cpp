#include "script.h"

#include <dlfcn.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include <filesystem>

#include "reverie/error.h"

namespace reverie::torchscript {
namespace {

namespace fs = std::filesystem;

/// Where the library lies that this code is part of.
fs::path own_folder() {
  Dl_info info{};
  if (!::dladdr(reinterpret_cast<const void*>(&own_folder), &info) || !info.dli_fname)
    throw Error(ErrorKind::plugin, "the system does not say where the plugin torchscript lies");
  return fs::absolute(info.dli_fname).parent_path();
}

fs::path find_script(const std::string& setting, const std::string& file) {
  const fs::path folder = own_folder();
  if (file.empty())
    throw Error(ErrorKind::settings, "'" + setting + "' names no scripted model",
                "write the name of a file in '" + folder.string() + "'");
  // Whoever writes settings must not choose what code runs, so addresses and folders are not names.
  if (fs::path(file).filename() != file || file == "." || file == "..")
    throw Error(ErrorKind::settings,
                "'" + setting + "' is '" + file + "', which is not a plain name of a file",
                "scripted models are code, and only run from the folder of the plugin: put the file into '" +
                    folder.string() + "' and write its name");
  for (const std::string& name : {file, file + ".pt"}) {
    std::error_code ignored;
    if (fs::is_regular_file(folder / name, ignored)) return folder / name;
  }
  throw Error(ErrorKind::file,
              "there is no scripted model '" + (folder / file).string() + "', with or without .pt",
              "put the file there: scripted models are code, and run from nowhere else");
}

std::string words(at::IntArrayRef sizes) {
  std::string text;
  for (const std::int64_t side : sizes) text += (text.empty() ? "" : ", ") + std::to_string(side);
  return "[" + text + "]";
}

/// LibTorch's last line says what went wrong in the script; those before it where.
std::string reason(const std::exception& error) {
  const auto* known = dynamic_cast<const c10::Error*>(&error);
  std::string text = known ? known->what_without_backtrace() : error.what();
  text.erase(text.find_last_not_of(" \n\t") + 1);
  return text.substr(text.rfind('\n') + 1);
}

}  // namespace

struct Script::Module {
  mutable torch::jit::Module module;
};

Script::Script(Host& host, const std::string& setting, const std::string& file)
    : path_(find_script(setting, file).string()) {
  try {
    torch::jit::Module module = torch::jit::load(path_, host.device());
    module.eval();
    for (const at::Tensor& parameter : module.parameters()) parameter.set_requires_grad(false);
    module_ = std::make_unique<Module>(Module{std::move(module)});
  } catch (const std::exception& error) {
    throw Error(ErrorKind::model, "'" + path_ + "' cannot be loaded as TorchScript: " + reason(error),
                "save the model with torch.jit.script(model).save(...)");
  }
}

Script::~Script() = default;

at::Tensor Script::operator()(const std::vector<at::Tensor>& inputs, at::IntArrayRef sizes) const {
  c10::IValue result;
  try {
    // What the optimiser does depends on how often a script has run; results must not.
    const torch::jit::GraphOptimizerEnabledGuard plain(false);
    result = module_->module.forward({inputs.begin(), inputs.end()});
  } catch (const std::exception& error) {
    throw Error(ErrorKind::model, "the scripted model '" + path_ + "' failed: " + reason(error));
  }
  if (!result.isTensor())
    throw Error(ErrorKind::model,
                "the scripted model '" + path_ + "' gives a " + result.tagKind() + " instead of a tensor");
  const at::Tensor tensor = result.toTensor();
  if (tensor.sizes() != sizes)
    throw Error(ErrorKind::model, "the scripted model '" + path_ + "' gives a tensor of the shape " +
                                      words(tensor.sizes()) + " instead of " + words(sizes));
  return tensor.to(inputs[0].device(), at::kFloat);
}

}  // namespace reverie::torchscript
