#pragma once
// Where the program is installed.

#include <filesystem>

namespace reverie {

/// The folder that holds bin/, lib/reverie/ and share/reverie/; found from the running program.
std::filesystem::path installation_prefix();

}  // namespace reverie
