#include "conformance/tested_plugin.h"

#include <dlfcn.h>

#include "conformance/report_listener.h"
#include "fixtures/plugins_under_test.h"
#include "plugins/probe.h"

namespace reverie::test {
namespace {

/// The kind that a library says it is of; a kind without plugins where it does not say it in a way that this
/// host understands, so that the registry says why.
std::string kind_in(const fs::path& library) {
  const std::string folder = library.parent_path().filename().string();
  const std::vector<std::string>& kinds = plugin_kinds();
  if (std::find(kinds.begin(), kinds.end(), folder) != kinds.end()) return folder;
  void* handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  const auto* descriptor =
      handle ? static_cast<const PluginDescriptor*>(::dlsym(handle, kDescriptorSymbol)) : nullptr;
  // The descriptor of another SDK has other members behind the first two.
  const bool readable = descriptor && descriptor->build.struct_size == sizeof(BuildInfo) &&
                        descriptor->build.sdk_abi == kSdkAbi && descriptor->kind;
  const std::string kind = readable ? descriptor->kind : "";
  return std::find(kinds.begin(), kinds.end(), kind) == kinds.end() ? kinds.front() : kind;
}

void name_interface(TestedPlugin& plugin) {
#define REVERIE_NAME(folder, Interface, file) \
  if (plugin.kind == #folder) {               \
    plugin.interface = #Interface;            \
    plugin.header = file;                     \
  }
  REVERIE_KINDS(REVERIE_NAME)
#undef REVERIE_NAME
  plugin.header.erase(0, plugin.header.find('/') + 1);
}

/// What is wrong with the parameters; empty if nothing is.
std::string trouble_with(const PluginFile& plugin, const std::vector<std::string>& parameters) {
  for (const std::string& word : parameters) {
    const std::string name = word.substr(0, word.find('=')), text = word.substr(word.find('=') + 1);
    const ParamSpec* spec = nullptr;
    for (const ParamSpec& each : std::span(plugin.descriptor->params, plugin.descriptor->param_count))
      if (name == each.name) spec = &each;
    if (!spec) return "it has no parameter '" + name + "'";
    SettingValue value = default_value(*spec);
    value.null = false;
    if (const std::string why = convert(*spec, RawValue::scalar(text, false), value); !why.empty())
      return "its parameter '" + name + "': " + why;
    places.parameters[name] = value;
  }
  return {};
}

}  // namespace

TestedPlugin prepare_plugin(const fs::path& library, const std::vector<std::string>& parameters) {
  TestedPlugin plugin;
  const auto reject = [&](const std::string& why) {
    report({"rejected", why});
    if (!plugin.folder.empty()) fs::remove_all(plugin.folder);
    return TestedPlugin();
  };
  if (library.extension() != ".so") return reject("a plugin's file is called <name>.so");
  if (const std::string trouble = probe({library})[0].trouble; !trouble.empty()) return reject(trouble);
  plugin.name = library.stem().string();
  plugin.kind = kind_in(library);
  name_interface(plugin);
  std::string folder = (fs::temp_directory_path() / "reverie-conformance-XXXXXX").string();
  if (!::mkdtemp(folder.data()))
    return reject("cannot make a folder in " + fs::temp_directory_path().string());
  plugin.folder = folder;
  fs::create_directories(plugin.folder / plugin.kind);
  fs::create_symlink(library, plugin.folder / plugin.kind / library.filename());
  places.plugin_folders.insert(places.plugin_folders.begin(), plugin.folder);

  for (const PluginFile& file : plugins().files()) {
    if (file.path.parent_path().parent_path() != plugin.folder) continue;
    if (file.state == PluginFile::State::rejected) return reject(file.reason);
    if (const std::string why = trouble_with(file, parameters); !why.empty()) return reject(why);
    places.only = plugin.kind + "/" + file.name;
    report({"plugin", places.only, plugin.header, file.descriptor->version, file.descriptor->summary});
    return plugin;
  }
  return reject("the program does not find it among plugins");
}

}  // namespace reverie::test
