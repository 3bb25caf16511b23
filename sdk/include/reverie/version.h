#pragma once
// The SDK's binary interface, and what a plugin records about its own build.

#include <cstddef>
#include <cstdint>

namespace reverie {

/// Raised whenever a struct or interface of the SDK changes in a way that an older plugin would misread.
/// History:
///   1  first release
///   2  ParamSpec says what a text names; Host::load_image(); ImageModel::palette_picture();
///      OutputSink::display()
///   3  FrameContext's parameters may be lists; ParamSpec says which variables an expression may use
///   4  Host::cached(); FrameContext::may_move
///   5  PluginDescriptor::roles; interface 2 of Loss: a step's context, traits and state; kind `optimisers`
///      and interface 2 of Perceptor: familiarity()
///   6  1.0. Host::cpu_generator(), no Host::progress(); kinds `cutouts` and `sound_sources`; every
///      interface is Extensible, and Familiarity is an extension; BuildInfo::structs_size;
///      ParamSpec::is_animatable(); Interface::Input
inline constexpr std::uint32_t kSdkAbi = 6;

/// What the host compares, before any plugin code runs, between its own build and a plugin's. A POD whose
/// first two members never move, so that any host can read any plugin's.
struct BuildInfo {
  std::uint32_t struct_size;      ///< sizeof(BuildInfo)
  std::uint32_t sdk_abi;          ///< kSdkAbi
  const char* libtorch;           ///< LibTorch's version, "2.8.0"
  const char* standard_library;   ///< "libstdc++ (cxx11 ABI)" and the like
  std::uint32_t pointer_size;     ///< sizeof(void*)
  std::uint32_t tensor_size;      ///< sizeof(at::Tensor)
  std::uint32_t tensor_align;     ///< alignof(at::Tensor)
  std::uint32_t descriptor_size;  ///< sizeof(PluginDescriptor)
  std::uint32_t param_spec_size;  ///< sizeof(ParamSpec)
  std::uint32_t setup_size;       ///< sizeof(Interface::Setup): what the constructor is given
  std::uint32_t structs_size;     ///< of the sizes of Interface::Structs; see structs_size()
  const char* compiler;           ///< compared loosely: a difference is a warning
  std::uint32_t debug;            ///< 1 when built with assertions; a difference is a warning
  std::uint32_t sanitised;        ///< 1 when built with AddressSanitizer; a difference is a warning
};

}  // namespace reverie
