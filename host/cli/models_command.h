#pragma once
// reverie models: published weights by name.

#include <string>
#include <vector>

namespace reverie::cli {

/// `words` after "models". Returns the process' exit status; mistakes in the words throw Error(usage).
/// `accepts_licences`: weights that are not free for every use are downloaded without a question.
int models_command(const std::vector<std::string>& words, bool markdown, bool accepts_licences);

}  // namespace reverie::cli
