#pragma once
// Every setting the specification knows, in the order of the reference documentation.

#include <span>

#include "reverie/params.h"

namespace reverie {

struct Setting {
  ParamSpec spec;
  const char* section;
  bool takes_groups = false;       ///< a list of groups of values instead of texts; see SettingValue::groups
  const char* word = "";           ///< of groups: a text in the place of a group is one with only this value
  const char* plugins = "";        ///< the kind of the plugins that it names; empty: it names none
  bool default_is_plugin = false;  ///< its default is the installed plugin with the role of its name
};

std::span<const Setting> settings_table();

/// The name a document may use for a setting instead of its own, e.g. "target_pallete". Null if it is no
/// alias.
const char* alias_of(const std::string& lower_case_name);

}  // namespace reverie
