#include "engine/file_access.h"

#include <algorithm>
#include <mutex>
#include <set>

#include "engine/found_files.h"
#include "reverie/ordinary_file.h"

namespace reverie::engine {
namespace {

namespace fs = std::filesystem;

bool is_below(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

/// Absolute, without ".." and without a slash at the end.
fs::path plain(const fs::path& path) {
  std::error_code error;
  const fs::path normal = fs::absolute(path, error).lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

/// With all links of the existing part followed; empty if that fails.
fs::path without_links(const fs::path& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  const fs::path result = error ? fs::path() : fs::weakly_canonical(absolute, error);
  return error ? fs::path() : plain(result);
}

std::mutex mutex;
std::set<fs::path> found;

void note_found(const fs::path& path) {
  const std::lock_guard lock(mutex);
  found.insert(path);
}

}  // namespace

std::vector<fs::path> found_files() {
  const std::lock_guard lock(mutex);
  return {found.begin(), found.end()};
}

FileAccess::FileAccess(const std::vector<fs::path>& folders, fs::path shipped, bool downloads)
    : shipped_(plain(shipped)), downloads_(downloads) {
  for (const fs::path& folder : folders)
    if (fs::path real = without_links(folder); !real.empty()) folders_.push_back(std::move(real));
}

bool FileAccess::allows(const fs::path& path) const {
  if (path.native().find('\0') != std::string::npos) return false;
  const fs::path real = without_links(path);
  if (real.empty()) return false;
  if (is_below(plain(path), shipped_)) return true;
  const bool allowed = std::any_of(folders_.begin(), folders_.end(),
                                   [&](const fs::path& folder) { return is_below(real, folder); });
  std::error_code ignored;
  if (allowed && fs::exists(real, ignored)) note_found(path);
  return allowed;
}

void FileAccess::require(const fs::path& path, const std::string& written) const {
  if (!allows(path))
    throw Error(ErrorKind::file,
                "'" + written + "' lies outside the folders whose files settings may name here",
                "put the file into the server's folder, or start the server with --allow and its folder");
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::exists(status) && !fs::is_directory(status)) require_ordinary_file(path, "a file");
}

void FileAccess::require_download(const std::string& address) const {
  if (!downloads_)
    throw Error(ErrorKind::file, "'" + address + "' is an address, and this server downloads nothing",
                "download it by hand and name the file, or start the server with --allow-downloads");
}

}  // namespace reverie::engine
