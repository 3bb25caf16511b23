#pragma once
// Plugins: one shared library, one plugin, one descriptor.
//
// A plugin file ends with
//
//   REVERIE_EXPORT_PLUGIN(MyModel, ImageModel, "my_model", "1.0", "one line on what it is", kParams, "My
//   Model");
//
// which emits a constant-initialised `extern "C"` object that the host can find and compare before it runs
// any of the plugin's code. The name must be the library's file name without ".so". The last argument above
// lists aliases for settings files, separated by '|'; it may be left out. Names are matched
// case-insensitively. One more argument lists the plugin's roles: settings, separated by '|', that use this
// plugin without naming one, as `smoothing_weight` uses the loss that smooths. Of several plugins with the
// same role, the one of the program's own installation takes it. A declaration that cannot be right (two
// parameters of one name, a default outside its range, ...) does not compile: see declaration.h.

#include <ATen/core/Tensor.h>
#include <torch/version.h>

#include <cstdio>
#include <exception>
#include <span>
#include <tuple>
#include <type_traits>

#include "reverie/declaration.h"
#include "reverie/error.h"
#include "reverie/host.h"
#include "reverie/params.h"
#include "reverie/version.h"

namespace reverie {

/// Carries an exception's text out of a noexcept function.
struct ErrorText {
  ErrorKind kind;
  char message[3072];
  char advice[1024];
};

/// What a library exports under the name `reverie_plugin_descriptor`. Pointers refer to static data.
struct PluginDescriptor {
  BuildInfo build;                  ///< first, so that it can be read from a plugin of any version
  const char* kind;                 ///< Interface::kKind, also the folder the library lies in
  std::uint32_t interface_version;  ///< Interface::kInterfaceVersion
  const char* name;
  const char* version;
  const char* summary;
  const char* aliases;  ///< separated by '|'
  const char* roles;    ///< settings that use it without naming it, separated by '|'
  const ParamSpec* params;
  std::uint32_t param_count;
  /// Returns an Interface*, or null with `error` filled. `setup` is a const Interface::Setup*.
  void* (*create)(Host& host, const Params& params, const void* setup, ErrorText& error) noexcept;
  void (*destroy)(void* instance) noexcept;
  /// `input` is a const Interface::Input*. Null for interfaces that do not choose plugins by content.
  bool (*accepts)(const void* input) noexcept;
};

inline constexpr const char* kDescriptorSymbol = "reverie_plugin_descriptor";
inline constexpr std::span<const ParamSpec> kNoParams{};

namespace detail {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr std::uint32_t kSanitised = 1;
#else
inline constexpr std::uint32_t kSanitised = 0;
#endif
#ifdef NDEBUG
inline constexpr std::uint32_t kDebug = 0;
#else
inline constexpr std::uint32_t kDebug = 1;
#endif
#if defined(_LIBCPP_VERSION)
inline constexpr const char* kStandardLibrary = "libc++";
#elif _GLIBCXX_USE_CXX11_ABI
inline constexpr const char* kStandardLibrary = "libstdc++, C++11 ABI";
#else
inline constexpr const char* kStandardLibrary = "libstdc++, old ABI";
#endif
#if defined(__clang__)
inline constexpr const char* kCompiler = "clang " __clang_version__;
#else
inline constexpr const char* kCompiler = "gcc " __VERSION__;
#endif

/// A hash of the sizes of all structs that an interface's calls pass.
template <typename Interface>
constexpr std::uint32_t structs_size() {
  std::uint32_t result = 0;
  if constexpr (requires { typename Interface::Structs; })
    [&]<typename... Struct>(std::type_identity<std::tuple<Struct...>>) {
      ((result = result * 4093 + static_cast<std::uint32_t>(sizeof(Struct))), ...);
    }(std::type_identity<typename Interface::Structs>{});
  return result;
}

template <typename Interface>
constexpr BuildInfo build_info() {
  return {sizeof(BuildInfo),
          kSdkAbi,
          TORCH_VERSION,
          kStandardLibrary,
          sizeof(void*),
          sizeof(at::Tensor),
          alignof(at::Tensor),
          sizeof(PluginDescriptor),
          sizeof(ParamSpec),
          sizeof(typename Interface::Setup),
          structs_size<Interface>(),
          kCompiler,
          kDebug,
          kSanitised};
}

inline void describe(ErrorText& out, ErrorKind kind, const char* message, const char* advice) noexcept {
  out.kind = kind;
  std::snprintf(out.message, sizeof out.message, "%s", message);
  std::snprintf(out.advice, sizeof out.advice, "%s", advice);
}

template <typename Class, typename Interface>
void* create(Host& host, const Params& params, const void* setup, ErrorText& error) noexcept {
  try {
    Interface* made = new Class(host, params, *static_cast<const typename Interface::Setup*>(setup));
    return made;
  } catch (const Error& e) {
    describe(error, e.kind(), e.what(), e.advice().c_str());
  } catch (const std::exception& e) {
    describe(error, ErrorKind::plugin, e.what(), "");
  } catch (...) {
    describe(error, ErrorKind::plugin, "an exception of unknown type", "");
  }
  return nullptr;
}

template <typename Interface>
void destroy(void* instance) noexcept {
  delete static_cast<Interface*>(instance);
}

template <typename Class, typename Input>
bool accepts(const void* input) noexcept {
  try {
    return Class::accepts(*static_cast<const Input*>(input));
  } catch (...) {
    return false;
  }
}

template <typename Class, typename Interface>
constexpr PluginDescriptor describe_plugin(const char* name, const char* version, const char* summary,
                                           std::span<const ParamSpec> params, const char* aliases = "",
                                           const char* roles = "") {
  static_assert(std::is_base_of_v<Interface, Class>, "the plugin class must implement the interface");
  PluginDescriptor d{build_info<Interface>(),
                     Interface::kKind,
                     Interface::kInterfaceVersion,
                     name,
                     version,
                     summary,
                     aliases,
                     roles,
                     params.data(),
                     static_cast<std::uint32_t>(params.size()),
                     &create<Class, Interface>,
                     &destroy<Interface>,
                     nullptr};
  if constexpr (requires { typename Interface::Input; })
    d.accepts = &accepts<Class, typename Interface::Input>;
  return d;
}

}  // namespace detail
}  // namespace reverie

#define REVERIE_DECLARES_NO(fault, words, ...) \
  static_assert(::reverie::declaration_fault(__VA_ARGS__) != ::reverie::DeclarationFault::fault, words)

#define REVERIE_EXPORT_PLUGIN(Class, Interface, ...)                                                         \
  REVERIE_DECLARES_NO(plugin_name, "the plugin's name must consist of letters, digits and '_'",              \
                      __VA_ARGS__);                                                                          \
  REVERIE_DECLARES_NO(plugin_text, "the plugin needs a version and a summary", __VA_ARGS__);                 \
  REVERIE_DECLARES_NO(alias, "an alias is empty, given twice, or the plugin's own name", __VA_ARGS__);       \
  REVERIE_DECLARES_NO(role, "a role is given twice, or is not a setting's name", __VA_ARGS__);               \
  REVERIE_DECLARES_NO(param_name,                                                                            \
                      "a parameter's name must consist of letters, digits and '_', no digit first",          \
                      __VA_ARGS__);                                                                          \
  REVERIE_DECLARES_NO(duplicate_param, "two parameters have the same name", __VA_ARGS__);                    \
  REVERIE_DECLARES_NO(range, "a range without numbers: only integer() and number() have one, minimum first", \
                      __VA_ARGS__);                                                                          \
  REVERIE_DECLARES_NO(default_range, "a parameter's default lies outside its range", __VA_ARGS__);           \
  REVERIE_DECLARES_NO(choices, "a choice() has no words, an empty one, or one twice", __VA_ARGS__);          \
  REVERIE_DECLARES_NO(default_choice, "the default of a choice() is none of its words", __VA_ARGS__);        \
  REVERIE_DECLARES_NO(animatable, "only number() and list() have is_animatable()", __VA_ARGS__);             \
  REVERIE_DECLARES_NO(names, "only text() has names_weights() and names_image()", __VA_ARGS__);              \
  extern "C" {                                                                                               \
  extern REVERIE_PUBLIC const ::reverie::PluginDescriptor reverie_plugin_descriptor;                         \
  constinit const ::reverie::PluginDescriptor reverie_plugin_descriptor =                                    \
      ::reverie::detail::describe_plugin<Class, Interface>(__VA_ARGS__);                                     \
  }                                                                                                          \
  static_assert(true, "a semicolon belongs here")
