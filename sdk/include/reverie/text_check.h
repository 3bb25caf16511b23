#pragma once
// TextCheck: which texts a perceptor takes, known before its network is loaded. Optional; without it, a text
// that is too long ends the run when it is embedded.
//
// Behind REVERIE_EXPORT_PLUGIN, a plugin of the kind `perceptors` has
//
//   REVERIE_EXPORT_TEXT_CHECK(MyPerceptor);
//
// where MyPerceptor has
//
//   static std::unique_ptr<TextCheck> text_check(Host&, const Params&, const Setup&);
//
// It needs the vocabulary and the shapes of the weights' tensors, and should read nothing else.

#include <memory>
#include <string>

#include "reverie/perceptor.h"
#include "reverie/plugin.h"

namespace reverie {

class REVERIE_PUBLIC TextCheck {
 public:
  virtual ~TextCheck() = default;

  /// [setup] Throws what Perceptor::embed_texts() would throw of this text: Error(settings), naming it.
  virtual void check(const std::string& text) const = 0;
};

/// What REVERIE_EXPORT_TEXT_CHECK exports. Null where there is nothing to check, or with `error` filled,
/// whose message is empty otherwise. The host deletes the result.
using MakeTextCheck = TextCheck* (*)(Host& host, const Params& params, const Perceptor::Setup& setup,
                                     ErrorText& error) noexcept;
inline constexpr const char* kTextCheckSymbol = "reverie_make_text_check";

namespace detail {

template <typename Class>
TextCheck* make_text_check(Host& host, const Params& params, const Perceptor::Setup& setup,
                           ErrorText& error) noexcept {
  describe(error, ErrorKind::plugin, "", "");
  try {
    return Class::text_check(host, params, setup).release();
  } catch (const Error& e) {
    describe(error, e.kind(), e.what(), e.advice().c_str());
  } catch (const std::exception& e) {
    describe(error, ErrorKind::plugin, e.what(), "");
  } catch (...) {
    describe(error, ErrorKind::plugin, "an exception of unknown type", "");
  }
  return nullptr;
}

}  // namespace detail
}  // namespace reverie

#define REVERIE_EXPORT_TEXT_CHECK(Class)                                                                \
  extern "C" REVERIE_PUBLIC ::reverie::TextCheck* reverie_make_text_check(                              \
      ::reverie::Host& host, const ::reverie::Params& params, const ::reverie::Perceptor::Setup& setup, \
      ::reverie::ErrorText& error) noexcept {                                                           \
    return ::reverie::detail::make_text_check<Class>(host, params, setup, error);                       \
  }                                                                                                     \
  static_assert(true, "a semicolon belongs here")
