#pragma once
// Where the workers of a server are, and the tokens that they ask for.

#include <filesystem>
#include <string>
#include <vector>

namespace reverie::serve {

/// Where a worker is.
struct WorkerAddress {
  std::string url, token;
};

/// Reads a file of tokens: lines "TOKEN" for all workers, or "URL TOKEN" for one, "#" for comments. `urls`:
/// http:// or https://, without path, user or token. Throws Error.
std::vector<WorkerAddress> worker_addresses(const std::vector<std::string>& urls,
                                            const std::filesystem::path& tokens);

}  // namespace reverie::serve
