#include "serve/run_files.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <tuple>

#include "engine/change_log.h"

namespace reverie::serve {

using engine::RunPlace;

namespace {

namespace fs = std::filesystem;

/// Whether a file of this name is of this run: <base>_*, and its video <base>.*; of motion previews, which
/// may have the same base, only <base>_motion.*.
bool is_of(const RunRecord& record, const std::string& name) {
  const std::string& base = record.output->base;
  if (name.compare(0, base.size(), base) != 0 || fs::path(name).extension() == ".part") return false;
  const std::string rest = name.substr(base.size());
  const bool motion = rest.compare(0, 8, "_motion.") == 0;
  const bool render = !motion && rest.size() > 1 && (rest[0] == '_' || rest[0] == '.');
  return record.kind == RunKind::motion ? motion : render;
}

/// The number of the frame that a file <base>_<number>.* holds; 0 for another file.
std::int64_t frame_of(const RunRecord& record, const std::string& name) {
  const std::string stem = fs::path(name).stem(), start = record.output->base + "_";
  return stem.compare(0, start.size(), start) == 0 ? number_of(stem.substr(start.size())) : 0;
}

/// The folder, if it is where runs write.
std::optional<fs::path> folder_of(const RunRecord& record) {
  if (!record.output) return std::nullopt;
  std::error_code error;
  const fs::path folder = fs::canonical(record.output->folder, error);
  const fs::path parent = fs::canonical(RunPlace::kOutputDir, error);
  return !error && folder.parent_path() == parent ? std::optional(folder) : std::nullopt;
}

/// The folder of a video's own pictures, where the run has no other output of pictures.
fs::path frames_folder(const fs::path& folder, const RunRecord& record) {
  return folder / (record.output->base + "_frames");
}

}  // namespace

std::vector<RunFile> files_of(const RunRecord& record) {
  std::map<std::string, RunFile> files;  // by name: what lies in the folder itself comes first
  const auto folder = folder_of(record);
  if (!folder) return {};
  for (const fs::path& place : {*folder, frames_folder(*folder, record)}) {
    std::error_code error, gone;
    if (fs::symlink_status(place, gone).type() != fs::file_type::directory) continue;
    for (fs::directory_iterator entry(place, error), end; !error && entry != end; entry.increment(error)) {
      const std::string name = entry->path().filename();
      if (!is_of(record, name) || (place != *folder && frame_of(record, name) == 0)) continue;
      if (entry->symlink_status(gone).type() != fs::file_type::regular || gone) continue;
      const std::uintmax_t bytes = entry->file_size(gone);
      const auto modified = entry->last_write_time(gone);
      if (gone) continue;
      const auto since = std::chrono::file_clock::to_sys(modified).time_since_epoch();
      files.emplace(name, RunFile{name, bytes, frame_of(record, name),
                                  std::chrono::duration_cast<std::chrono::microseconds>(since).count(),
                                  place != *folder});
    }
  }
  std::vector<RunFile> sorted;
  for (auto& [name, file] : files) sorted.push_back(std::move(file));
  std::sort(sorted.begin(), sorted.end(), [](const RunFile& a, const RunFile& b) {
    return std::tuple(a.frame == 0, a.frame, a.name) < std::tuple(b.frame == 0, b.frame, b.name);
  });
  return sorted;
}

std::optional<fs::path> file_of(const RunRecord& record, const std::string& name) {
  const auto folder = folder_of(record);
  if (!folder || name.find_first_of(std::string("/\0", 2)) != std::string::npos || !is_of(record, name))
    return std::nullopt;
  std::error_code none;
  const bool elsewhere = frame_of(record, name) > 0 &&
                         fs::symlink_status(*folder / name, none).type() == fs::file_type::not_found;
  return elsewhere ? frames_folder(*folder, record) / name : *folder / name;
}

std::optional<fs::path> place_of(const RunRecord& record, const std::string& name, bool of_video) {
  const auto folder = folder_of(record);
  if (!folder || name.find_first_of(std::string("/\0", 2)) != std::string::npos || !is_of(record, name) ||
      (of_video && frame_of(record, name) == 0))
    return std::nullopt;
  return of_video ? frames_folder(*folder, record) / name : *folder / name;
}

namespace {

/// The folder of the run's backups, if it is where runs write. Those of its name are not a motion preview's.
std::optional<fs::path> backup_folder_of(const RunRecord& record) {
  if (!record.output || record.kind == RunKind::motion) return std::nullopt;
  std::error_code error;
  const fs::path parent = fs::canonical(RunPlace::kBackupDir, error);
  const fs::path folder = fs::canonical(backup_file(record, 1).parent_path(), error);
  return !error && folder.parent_path() == parent ? std::optional(folder) : std::nullopt;
}

}  // namespace

std::map<std::int64_t, fs::path> backups_of(const RunRecord& record) {
  std::map<std::int64_t, fs::path> backups;
  const auto folder = backup_folder_of(record);
  if (!folder) return backups;
  for (const engine::NumberedFile& file : engine::numbered_files(*folder, ".bak"))
    if (!file.is_folder && file.base == record.output->base)
      backups[file.number] = *folder / backup_file(record, file.number).filename();
  return backups;
}

fs::path backup_file(const RunRecord& record, std::int64_t number) {
  return RunPlace(record.output->folder.filename()).backups /
         (record.output->base + "_" + std::to_string(number) + ".bak");
}

std::int64_t number_of(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number > 0 ? number : 0;
}

std::string encoded(const std::string& name) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string coded;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '.' || c == '_' || c == '-';
    coded += plain ? std::string(1, c) : std::string{'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return coded;
}

std::string disposition(const std::string& name) { return "inline; filename*=UTF-8''" + encoded(name); }

std::string attachment(const std::string& name) { return "attachment; filename*=UTF-8''" + encoded(name); }

std::optional<std::string> delete_files(const RunRecord& record) {
  std::optional<std::string> failure;
  const auto folder = folder_of(record);
  const auto remove = [&](const fs::path& path) {
    std::error_code error;
    fs::remove(path, error);
    if (error && !failure) failure = "cannot delete '" + path.string() + "': " + error.message();
  };
  const auto remove_if_empty = [](const fs::path& path) {
    std::error_code ignored;
    if (fs::is_directory(fs::symlink_status(path, ignored)) && fs::is_empty(path, ignored))
      fs::remove(path, ignored);
  };
  for (const RunFile& file : files_of(record))
    if (const auto path = place_of(record, file.name, file.of_video)) remove(*path);
  for (const auto& [number, backup] : backups_of(record)) remove(backup);
  if (const auto backups = backup_folder_of(record)) {
    // A new run may get the name, and would make the changes again.
    const RunPlace place(record.output->folder.filename());
    remove(*backups / engine::changes_file(place, record.output->base).filename());
    remove_if_empty(*backups);
  }
  if (!folder) return failure;
  remove_if_empty(frames_folder(*folder, record));
  remove_if_empty(*folder);
  return failure;
}

}  // namespace reverie::serve
