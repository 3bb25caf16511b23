#include "engine/outputs.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <vector>

#include "reverie/atomic_file.h"

namespace reverie {
namespace {

using Path = std::filesystem::path;

/// Decimal digits, without superfluous zeros; nothing for any other text.
std::optional<std::int64_t> plain_number(const std::string& text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || std::to_string(number) != text || number < 0)
    return std::nullopt;
  return number;
}

/// Which run of the namespace has this base name: 0 the namespace's own, k that with "(k)" behind it.
std::optional<std::int64_t> run_of(const std::string& base, const std::string& file_namespace) {
  if (base == file_namespace) return 0;
  const std::size_t size = file_namespace.size();
  if (base.size() < size + 3 || base.rfind(file_namespace + "(", 0) != 0 || base.back() != ')')
    return std::nullopt;
  const std::optional<std::int64_t> number = plain_number(base.substr(size + 1, base.size() - size - 2));
  return number == 0 ? std::nullopt : number;
}

std::string base_of(std::int64_t run, const std::string& file_namespace) {
  return run == 0 ? file_namespace : file_namespace + "(" + std::to_string(run) + ")";
}

Path picture_folder(const std::string& file_namespace) { return Path("images_out") / file_namespace; }

/// Names of the files in a folder; none where there is no such folder.
std::vector<Path> files_in(const Path& folder) {
  std::vector<Path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error))
    files.push_back(entry->path().filename());
  if (error && error != std::errc::no_such_file_or_directory)
    throw Error(ErrorKind::file, "cannot read the folder '" + folder.string() + "': " + error.message(),
                "check what is there and its permissions");
  return files;
}

/// A run has left something when its settings or any numbered file of it exist.
void add_runs_in(const Path& folder, const std::string& file_namespace, std::set<std::int64_t>& runs) {
  for (const Path& file : files_in(folder)) {
    const std::string stem = file.stem().string();
    const std::size_t bar = stem.rfind('_');
    if (bar == std::string::npos) continue;
    const std::string rest = stem.substr(bar + 1);
    const bool numbered = !rest.empty() && rest.find_first_not_of("0123456789") == std::string::npos;
    if (!numbered && rest != "settings") continue;
    if (const auto run = run_of(stem.substr(0, bar), file_namespace)) runs.insert(*run);
  }
}

}  // namespace

OutputNames choose_output(const std::string& file_namespace, bool allow_overwrite) {
  std::int64_t run = 0;
  if (!allow_overwrite) {
    std::set<std::int64_t> taken;
    add_runs_in(picture_folder(file_namespace), file_namespace, taken);
    add_runs_in(backup_folder(file_namespace), file_namespace, taken);
    while (taken.count(run)) ++run;
  }
  return {picture_folder(file_namespace), base_of(run, file_namespace)};
}

std::optional<OutputNames> newest_run(const std::string& file_namespace) {
  std::optional<std::int64_t> newest;
  for (const NumberedFile& file : numbered_files(backup_folder(file_namespace), ".bak"))
    newest = std::max(newest, run_of(file.base, file_namespace));
  if (!newest) return std::nullopt;
  return OutputNames{picture_folder(file_namespace), base_of(*newest, file_namespace)};
}

Path backup_folder(const std::string& file_namespace) { return Path("backup") / file_namespace; }

std::vector<NumberedFile> numbered_files(const Path& folder, const std::string& extension) {
  std::vector<NumberedFile> result;
  for (const Path& file : files_in(folder)) {
    const std::string stem = file.stem().string();
    const std::size_t bar = stem.rfind('_');
    if (file.extension() != extension || bar == std::string::npos) continue;
    if (const auto number = plain_number(stem.substr(bar + 1)))
      result.push_back({stem.substr(0, bar), *number});
  }
  return result;
}

void write_file(const Path& path, const std::string& text) {
  create_folder_of(path);
  write_atomically(path, {text});
}

}  // namespace reverie
