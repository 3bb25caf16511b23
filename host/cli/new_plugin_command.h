#pragma once
// reverie plugins new KIND NAME [DIR]: writes a plugin that works, to begin with.

#include <string>
#include <vector>

namespace reverie::cli {

/// `words` are the kind, the name and, if given, the folder. Nothing that exists is written over. Throws
/// Error(usage) and Error(file).
int new_plugin_command(const std::vector<std::string>& words);

}  // namespace reverie::cli
