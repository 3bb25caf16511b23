#pragma once
// The `defaults` list of a settings file, in Hydra's syntax: _self_, FILE, [optional] GROUP: OPTION,
// override GROUP: OPTION, where OPTION is a name, a list of names, or null for none.

#include <string>
#include <vector>

#include "settings/value.h"

namespace reverie {

/// One item of the list.
struct DefaultsItem {
  enum class Kind { self, file, group, override_group };
  Kind kind = Kind::self;
  std::string name;                  ///< the group as it is written, or the file
  std::vector<std::string> options;  ///< of a group
  bool optional = false;
  Location where;
};

/// The items of the entry `defaults`. What is wrong with it is added to `problems`.
std::vector<DefaultsItem> read_defaults(const RawEntry& entry, std::vector<Problem>& problems);

/// The options that a group's value names. False if it is neither null, a name, nor a list of names.
bool read_options(const RawValue& value, std::vector<std::string>& options);

}  // namespace reverie
