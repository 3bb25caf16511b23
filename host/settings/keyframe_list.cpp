#include "settings/keyframe_list.h"

#include <algorithm>

#include "base/texts.h"

namespace reverie {
namespace {

using Kind = RawValue::Kind;

/// "0.5", or "[1, 0, t]"; empty for anything else.
std::string expression_text(const RawValue& raw) {
  if (raw.kind == Kind::scalar) return trimmed(raw.text);
  std::string text;
  if (raw.kind == Kind::list)
    for (const RawValue& item : raw.items) text += (text.empty() ? "[" : ", ") + trimmed(item.text);
  return text.empty() ? text : text + "]";
}

std::string add_keyframe(const std::string& place, const RawValue& value, const std::string& ease,
                         std::string& text) {
  const std::string written = expression_text(value);
  if (place.empty()) return "holds a keyframe without 'frame'";
  if (written.empty()) return "holds a keyframe without 'value'";
  text += (text.empty() ? "" : ", ") + place + ": (" + written + ")" + (ease.empty() ? "" : " " + ease);
  return {};
}

std::string add_keyframe(const RawValue& group, std::string& text) {
  std::string place, ease;
  RawValue value;
  for (const auto& [name, member] : group.members) {
    if (name == "value")
      value = member;
    else if (name == "frame")
      place = expression_text(member);
    else if (name == "ease")
      ease = expression_text(member);
    else
      return "holds a keyframe with '" + name + "'; there are frame, value and ease";
  }
  return add_keyframe(place, value, ease, text);
}

}  // namespace

bool is_keyframe_list(const RawValue& raw) {
  if (raw.kind == Kind::map) return !raw.members.empty();
  return raw.kind == Kind::list && !raw.items.empty() &&
         std::all_of(raw.items.begin(), raw.items.end(),
                     [](const RawValue& item) { return item.kind == Kind::map; });
}

std::string keyframe_text(const RawValue& raw, std::string& text) {
  text.clear();
  for (const RawValue& item : raw.items)
    if (const std::string why = add_keyframe(item, text); !why.empty()) return why;
  for (const auto& [place, value] : raw.members)
    if (const std::string why = add_keyframe(trimmed(place), value, "", text); !why.empty()) return why;
  return {};
}

}  // namespace reverie
