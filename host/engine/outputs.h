#pragma once
// Names and places of a run's files.

#include <filesystem>
#include <string>

namespace reverie {

struct OutputNames {
  std::filesystem::path folder;  ///< images_out/<file_namespace>
  std::string base;              ///< <file_namespace>, or <file_namespace>(k) for the first free k
};

/// Chooses the base name: with `allow_overwrite` always the plain one.
OutputNames choose_output(const std::string& file_namespace, bool allow_overwrite);

/// Writes text so that the file is there whole or not at all. Throws Error(file).
void write_file(const std::filesystem::path& path, const std::string& text);

}  // namespace reverie
