#pragma once
// What a run has left in its folder.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "serve/run_record.h"

namespace reverie::serve {

struct RunFile {
  std::string name;
  std::uintmax_t bytes = 0;
  std::int64_t frame = 0;     ///< 0: it is none
  std::int64_t modified = 0;  ///< in microseconds since 1970
  bool of_video = false;      ///< a picture that a video keeps in <base>_frames/
};

/// Plain files only, no links; frames in their order, then the others by name. Pictures that a video keeps in
/// <base>_frames/ are among them, by their own names. None where it has not begun, or where its folder leads
/// out of images_out.
std::vector<RunFile> files_of(const RunRecord& record);

/// Where a file of files_of() lies, to be opened as a PlainFile; nothing for a name that is none of the
/// run's.
std::optional<std::filesystem::path> file_of(const RunRecord& record, const std::string& name);

/// Where a file of that name, fetched from another server, belongs; nothing for a name that is none of the
/// run's.
std::optional<std::filesystem::path> place_of(const RunRecord& record, const std::string& name,
                                              bool of_video);

/// The run's backups, by number; a preview of the motion has none.
std::map<std::int64_t, std::filesystem::path> backups_of(const RunRecord& record);
/// Where the backup of this number belongs, of a run that has names.
std::filesystem::path backup_file(const RunRecord& record, std::int64_t number);

/// "12" is 12; 0 for what is no whole number from 1.
std::int64_t number_of(const std::string& text);
/// A name in an address: everything but letters, digits, '.', '_' and '-' as %XX.
std::string encoded(const std::string& name);
/// The name as a Content-Disposition header; any characters are allowed in it.
std::string disposition(const std::string& name);
/// The same of a file that browsers are to save and not to show.
std::string attachment(const std::string& name);

/// Deletes the run's files, its backups and the record of its changes, and folders that are empty then. Those
/// that cannot be deleted stay; the first such one is returned, with why.
std::optional<std::string> delete_files(const RunRecord& record);

}  // namespace reverie::serve
