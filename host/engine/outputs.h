#pragma once
// Names and places of a run's files. Folders that are there but cannot be read are an Error(file).

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace reverie {

struct OutputNames {
  std::filesystem::path folder;  ///< images_out/<file_namespace>
  std::string base;              ///< <file_namespace>, or <file_namespace>(k) for the first free k from 1
};

/// Chooses the base name: with `allow_overwrite` always the plain one, else the first of which there are no
/// settings, frames or backups.
OutputNames choose_output(const std::string& file_namespace, bool allow_overwrite);

/// The run that `restore` continues: of those with backups the one with the highest k, the plain name
/// counting as 0. Nothing if there are no backups.
std::optional<OutputNames> newest_run(const std::string& file_namespace);

/// backup/<file_namespace>
std::filesystem::path backup_folder(const std::string& file_namespace);

/// A file "<base>_<n><extension>", where n has no superfluous zeros.
struct NumberedFile {
  std::string base;
  std::int64_t number;
};
/// In any order; none where there is no such folder.
std::vector<NumberedFile> numbered_files(const std::filesystem::path& folder, const std::string& extension);

/// Writes text so that the file is there whole or not at all, and makes its folder. Throws Error(file).
void write_file(const std::filesystem::path& path, const std::string& text);

}  // namespace reverie
