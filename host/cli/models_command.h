#pragma once
// reverie models: published weights by name.

#include <string>
#include <vector>

namespace reverie::cli {

/// `words` after "models". Returns the process' exit status; mistakes in the words throw Error(usage).
int models_command(const std::vector<std::string>& words, bool markdown);

}  // namespace reverie::cli
