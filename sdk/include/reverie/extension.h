#pragma once
// How interfaces grow without breaking older plugins: by optional parts that the host asks for.
//
// An interface never gets another virtual method, since a plugin that was compiled before would not have it.
// What is new is a class of its own with an id, such as Familiarity below: a plugin that has it returns it
// from extension(), every other plugin answers with null, and the host does without. An id ends in a version:
// a part that changes gets another id, and the host may ask for both.

#include <string>
#include <string_view>

#include "reverie/error.h"

namespace reverie {

/// The base of every interface.
class REVERIE_PUBLIC Extensible {
 public:
  virtual ~Extensible() = default;

  /// [setup] The part of this id, as a pointer to that very class; null if the plugin has none. It belongs to
  /// the instance, and lives as long.
  ///
  ///   void* extension(std::string_view id) override {
  ///     return id == Familiarity::kId ? static_cast<Familiarity*>(this) : nullptr;
  ///   }
  virtual void* extension(std::string_view /*id*/) { return nullptr; }
};

/// The optional part of an instance; null if it has none.
template <typename Extension>
Extension* extension_of(Extensible& instance) {
  return static_cast<Extension*>(instance.extension(Extension::kId));
}

/// Of a Perceptor: how well it knows pictures of what a text is about.
class REVERIE_PUBLIC Familiarity {
 public:
  static constexpr const char* kId = "reverie.familiarity/1";
  virtual ~Familiarity() = default;

  /// [setup] 0 (not at all) to 1. `reverie paint` looks with further perceptors where it is low. Called
  /// before release_text_encoder().
  virtual double familiarity(const std::string& text) = 0;
};

}  // namespace reverie
