#include "settings/steady_settings.h"

#include "settings/keyframe_list.h"

namespace reverie {
namespace {

/// Keyframes, or a formula.
bool varies(const RawValue& written) {
  if (written.kind != RawValue::Kind::scalar) return is_keyframe_list(written);
  const bool sum =
      written.text.find('+', 1) != std::string::npos ||
      (written.text.find('-', 1) != std::string::npos && written.text[0] >= '0' && written.text[0] <= '9');
  return sum || written.text.find_first_of(":()*/") != std::string::npos;
}

}  // namespace

std::string why_steady(const ParamSpec& spec, const RawValue& written) {
  if (!spec.is_fixed() || !varies(written)) return {};
  return std::string("it stays the same in a run, since ") + spec.why_fixed();
}

}  // namespace reverie
