#pragma once
// Gate 2: does a plugin's build fit this host's?

#include <string>
#include <vector>

#include "reverie/plugin.h"

namespace reverie {

struct Compatibility {
  std::vector<std::string> errors;    ///< the plugin must not be used
  std::vector<std::string> warnings;  ///< it may be
};

/// Compares everything that the two builds must agree on. Reads no more of the descriptor than its own claims
/// about size and SDK version allow. `folder_kind` is the folder the file lies in.
Compatibility check_compatibility(const PluginDescriptor& descriptor, const std::string& folder_kind);

}  // namespace reverie
