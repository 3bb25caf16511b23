#include "settings/defaults_list.h"

#include <utility>

namespace reverie {
namespace {

/// Removes a word and the spaces behind it from the beginning of a name.
bool take_word(std::string& name, const std::string& word) {
  if (name.rfind(word + " ", 0) != 0) return false;
  name.erase(0, name.find_first_not_of(' ', word.size()));
  return true;
}

}  // namespace

bool read_options(const RawValue& value, std::vector<std::string>& options) {
  if (value.kind == RawValue::Kind::scalar) options = {value.text};
  if (value.kind != RawValue::Kind::list) return value.kind != RawValue::Kind::map;
  for (const RawValue& item : value.items) {
    if (item.kind != RawValue::Kind::scalar) return false;
    options.push_back(item.text);
  }
  return true;
}

std::vector<DefaultsItem> read_defaults(const RawEntry& entry, std::vector<Problem>& problems) {
  std::vector<DefaultsItem> result;
  if (entry.value.kind != RawValue::Kind::list) {
    problems.push_back({entry.location, "'defaults' is " + entry.value.display() +
                                            "; it is a list of files' names and of 'group: option'"});
    return result;
  }
  bool has_self = false;
  for (const RawValue& item : entry.value.items) {
    DefaultsItem read;
    read.where = entry.location.in_line(item.line);
    if (item.kind == RawValue::Kind::scalar) {
      if (item.text != "_self_") {
        read.kind = DefaultsItem::Kind::file;
        read.name = item.text;
      } else if (std::exchange(has_self, true)) {
        problems.push_back({read.where, "'_self_' stands a second time in 'defaults'"});
        continue;
      }
    } else if (item.kind == RawValue::Kind::map && item.members.size() == 1 &&
               read_options(item.members[0].second, read.options)) {
      read.name = item.members[0].first;
      read.optional = take_word(read.name, "optional");
      const bool overrides = take_word(read.name, "override");
      read.kind = overrides ? DefaultsItem::Kind::override_group : DefaultsItem::Kind::group;
    } else {
      problems.push_back({read.where, "'defaults' holds " + item.display() +
                                          "; allowed: _self_, a file's name, group: option"});
      continue;
    }
    // What stands behind @ is Hydra's way to nest values; here all values are global.
    read.name = read.name.substr(0, read.name.find('@'));
    result.push_back(std::move(read));
  }
  return result;
}

}  // namespace reverie
