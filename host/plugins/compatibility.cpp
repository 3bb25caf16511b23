#include "plugins/compatibility.h"

#include <cstring>
#include <string_view>

#include "reverie/interfaces.h"

namespace reverie {
namespace {

struct KindInfo {
  const char* kind;
  std::uint32_t interface_version;
  BuildInfo build;
};

template <typename Interface>
constexpr KindInfo kind_info() {
  return {Interface::kKind, Interface::kInterfaceVersion, detail::build_info<Interface>()};
}

#define REVERIE_KIND_INFO(folder, Interface, header) kind_info<Interface>(),
constexpr KindInfo kKinds[] = {REVERIE_KINDS(REVERIE_KIND_INFO)};
#undef REVERIE_KIND_INFO

#define REVERIE_IS_ITS_FOLDER(folder, Interface, header) \
  static_assert(std::string_view(Interface::kKind) == #folder, "kinds.h lists the folder of " #Interface);
REVERIE_KINDS(REVERIE_IS_ITS_FOLDER)
#undef REVERIE_IS_ITS_FOLDER

}  // namespace

const std::vector<std::string>& plugin_kinds() {
  static const std::vector<std::string> kinds = [] {
    std::vector<std::string> result;
    for (const KindInfo& info : kKinds) result.emplace_back(info.kind);
    return result;
  }();
  return kinds;
}

Compatibility check_compatibility(const PluginDescriptor& descriptor, const std::string& folder_kind) {
  Compatibility result;
  const auto differs = [](const std::string& what, const auto& plugin, const auto& host) {
    const auto words = [](const auto& value) {
      if constexpr (std::is_arithmetic_v<std::decay_t<decltype(value)>>)
        return std::to_string(value);
      else
        return std::string(value);
    };
    return what + ": plugin " + words(plugin) + ", host " + words(host);
  };
  const BuildInfo& theirs = descriptor.build;
  // Behind the first two members nothing may be read until these agree.
  if (theirs.sdk_abi != kSdkAbi) {
    result.errors.push_back(
        differs("SDK ABI", theirs.sdk_abi, kSdkAbi) +
        (theirs.sdk_abi > kSdkAbi ? "; it needs a newer Reverie" : "; it must be rebuilt for this Reverie"));
    return result;
  }
  if (theirs.struct_size != sizeof(BuildInfo)) {
    result.errors.push_back(differs("size of BuildInfo", theirs.struct_size, sizeof(BuildInfo)));
    return result;
  }
  if (theirs.descriptor_size != sizeof(PluginDescriptor)) {
    result.errors.push_back(
        differs("size of PluginDescriptor", theirs.descriptor_size, sizeof(PluginDescriptor)));
    return result;
  }
  // In a descriptor that the macro did not write, anything may be missing.
  const std::pair<const char*, const void*> members[] = {
      {"LibTorch version", theirs.libtorch},
      {"standard library", theirs.standard_library},
      {"compiler", theirs.compiler},
      {"kind", descriptor.kind},
      {"name", descriptor.name},
      {"version", descriptor.version},
      {"summary", descriptor.summary},
      {"aliases", descriptor.aliases},
      {"roles", descriptor.roles},
      {"create", reinterpret_cast<const void*>(descriptor.create)},
      {"destroy", reinterpret_cast<const void*>(descriptor.destroy)},
      {"params", descriptor.param_count ? descriptor.params : static_cast<const void*>(&descriptor)}};
  for (const auto& [what, value] : members)
    if (!value) result.errors.push_back(std::string("its descriptor is incomplete: no ") + what);
  if (!result.errors.empty()) return result;
  const KindInfo* kind = nullptr;
  for (const KindInfo& info : kKinds)
    if (folder_kind == info.kind) kind = &info;
  if (!kind || folder_kind != descriptor.kind) {
    result.errors.push_back(std::string("it is of kind '") + descriptor.kind + "' but lies in the folder '" +
                            folder_kind + "'");
    return result;
  }
  const BuildInfo& ours = kind->build;
  const auto require = [&](const std::string& what, const auto& plugin, const auto& host) {
    if (plugin != host) result.errors.push_back(differs(what, plugin, host));
  };
  require(std::string("interface version of ") + kind->kind, descriptor.interface_version,
          kind->interface_version);
  require("LibTorch", std::string(theirs.libtorch), std::string(ours.libtorch));
  require("standard library", std::string(theirs.standard_library), std::string(ours.standard_library));
  require("pointer size", theirs.pointer_size, ours.pointer_size);
  require("size of a tensor", theirs.tensor_size, ours.tensor_size);
  require("alignment of a tensor", theirs.tensor_align, ours.tensor_align);
  require("size of ParamSpec", theirs.param_spec_size, ours.param_spec_size);
  require("size of Setup", theirs.setup_size, ours.setup_size);
  require("sizes of the structs that calls pass", theirs.structs_size, ours.structs_size);

  if (std::strcmp(theirs.compiler, ours.compiler) != 0)
    result.warnings.push_back(differs("compiler", theirs.compiler, ours.compiler));
  if (theirs.debug != ours.debug) result.warnings.push_back("only one of plugin and host is a debug build");
  if (theirs.sanitised != ours.sanitised)
    result.warnings.push_back("only one of plugin and host is built with a sanitizer");
  return result;
}

}  // namespace reverie
