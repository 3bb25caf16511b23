#include "engine/outputs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <set>
#include <vector>

#include "models/catalogue.h"
#include "reverie/atomic_file.h"
#include "settings/settings.h"

namespace reverie::engine {
namespace {

using Path = std::filesystem::path;

constexpr int kAttempts = 1000;

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

/// A run has left something when its settings, any numbered file of it or its `mark` exist.
void add_runs_in(const Path& folder, const std::string& file_namespace, const std::string& mark,
                 std::set<std::int64_t>& runs) {
  for (const Path& file : files_in(folder)) {
    const std::string stem = file.stem().string();
    const std::size_t bar = stem.rfind('_');
    if (bar == std::string::npos) continue;
    const std::string rest = stem.substr(bar + 1);
    const bool numbered = !rest.empty() && rest.find_first_not_of("0123456789") == std::string::npos;
    if (!numbered && rest != "settings" && rest != mark) continue;
    if (const auto run = run_of(stem.substr(0, bar), file_namespace)) runs.insert(*run);
  }
}

/// From `from` on, the first run that has left nothing.
std::int64_t first_free(const RunPlace& place, std::int64_t from, const std::string& mark = "settings") {
  std::set<std::int64_t> taken;
  add_runs_in(place.pictures, place.file_namespace, mark, taken);
  add_runs_in(place.backups, place.file_namespace, mark, taken);
  while (taken.count(from)) ++from;
  return from;
}

}  // namespace

RunPlace::RunPlace(const std::string& file_namespace, const Path& output_dir, const Path& backup_dir)
    : file_namespace(file_namespace),
      pictures(output_dir / file_namespace),
      backups(backup_dir / file_namespace) {}

RunPlace::RunPlace(const Settings& settings)
    : RunPlace(settings.get<std::string>("file_namespace"),
               models::expand_home(settings.get<std::string>("output_dir")),
               models::expand_home(settings.get<std::string>("backup_dir"))) {}

OutputNames choose_output(const RunPlace& place, bool allow_overwrite, const std::string& mark) {
  return {place.pictures, base_of(allow_overwrite ? 0 : first_free(place, 0, mark), place.file_namespace)};
}

Reservation::Reservation(const RunPlace& place, const std::string& mark) {
  for (std::int64_t run = 0;; ++run) {
    run = first_free(place, run, mark);
    names_ = {place.pictures, base_of(run, place.file_namespace)};
    if (take(mark)) return;
  }
}

Reservation::Reservation(const OutputNames& names) : names_(names) {
  if (!take("settings.txt")) refuse_overtaken(names_);
}

/// Whether the name was free.
bool Reservation::take(const std::string& mark) {
  file_ = names_.folder / (names_.base + "_" + mark);
  int descriptor = -1, error = ENOENT;
  std::error_code ignored;
  // Another run that ends may just be taking the folder away.
  for (int attempt = 0; descriptor < 0 && error == ENOENT && attempt < kAttempts; ++attempt) {
    Path made;
    for (const Path& part : names_.folder) {
      std::error_code why;
      if (std::filesystem::create_directory(made /= part, why)) folders_.push_back(made);
      if (!why || why == std::errc::no_such_file_or_directory || std::filesystem::is_directory(made, ignored))
        continue;
      // It was there and is gone again: this attempt fails below, and the next one makes it.
      if (why == std::errc::file_exists &&
          !std::filesystem::exists(std::filesystem::symlink_status(made, ignored)))
        continue;
      remove_folders();
      throw Error(ErrorKind::file, "cannot make the folder '" + made.string() + "': " + why.message(),
                  "work in a folder that you may write to, or set output_dir");
    }
    descriptor = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    error = errno;
  }
  if (descriptor < 0) {
    if (error == EEXIST) return false;
    remove_folders();
    detail::cannot_write(file_, error);
  }
  struct stat status {};
  ::fstat(descriptor, &status);
  device_ = status.st_dev;
  inode_ = status.st_ino;
  ::close(descriptor);
  return true;
}

Reservation::~Reservation() {
  struct stat status {};
  if (::lstat(file_.c_str(), &status) != 0 || status.st_dev != device_ || status.st_ino != inode_ ||
      status.st_size != 0)
    return;
  ::unlink(file_.c_str());
  remove_folders();
}

void Reservation::remove_folders() {
  for (auto folder = folders_.rbegin(); folder != folders_.rend(); ++folder) ::rmdir(folder->c_str());
}

std::optional<NewestRun> newest_run(const RunPlace& place) {
  using Age = std::pair<std::filesystem::file_time_type, std::int64_t>;
  std::optional<Age> newest;
  const auto consider = [&](const Path& file, std::int64_t run) {
    std::error_code gone;
    const auto time = std::filesystem::last_write_time(file, gone);
    if (!gone) newest = std::max(newest, std::optional(Age(time, run)));
  };
  std::set<std::int64_t> backed_up;
  for (const NumberedFile& file : numbered_files(place.backups, ".bak")) {
    const auto run = run_of(file.base, place.file_namespace);
    if (!run || file.is_folder) continue;
    backed_up.insert(*run);
    consider(place.backups / (file.base + "_" + std::to_string(file.number) + ".bak"), *run);
  }
  const std::string end = "_settings.txt";
  for (const Path& file : files_in(place.pictures)) {
    const std::string name = file.string();
    if (!name.ends_with(end)) continue;
    const auto run = run_of(name.substr(0, name.size() - end.size()), place.file_namespace);
    if (run) consider(place.pictures / file, *run);
  }
  if (!newest) return std::nullopt;
  const std::int64_t run = newest->second;
  return NewestRun{{place.pictures, base_of(run, place.file_namespace)}, backed_up.count(run) > 0};
}

std::vector<NumberedFile> numbered_files(const Path& folder, const std::string& extension) {
  std::vector<NumberedFile> result;
  for (const Path& file : files_in(folder)) {
    const std::string stem = file.stem().string();
    const std::size_t bar = stem.rfind('_');
    if (file.extension() != extension || bar == std::string::npos) continue;
    std::error_code ignored;
    if (const auto number = plain_number(stem.substr(bar + 1)))
      result.push_back({stem.substr(0, bar), *number, std::filesystem::is_directory(folder / file, ignored)});
  }
  return result;
}

void refuse_overtaken(const OutputNames& names) {
  throw RunBusy(ErrorKind::file,
                "the run '" + names.base + "' in '" + names.folder.string() +
                    "' was begun or continued by another process at the same moment",
                "give the same command again to go on with it");
}

void write_file(const Path& path, const std::string& text) {
  create_folder_of(path);
  write_atomically(path, {text});
}

}  // namespace reverie::engine
