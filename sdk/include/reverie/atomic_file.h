#pragma once
// Files that are complete or absent, also after a crash, a power cut or on a full disk.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "reverie/error.h"

namespace reverie {

namespace detail {

inline std::string advice_on(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return "free some space on that disk; the files written before are complete";
    case EROFS:
      return "work in a folder on a disk that can be written";
    case EACCES:
    case EPERM:
      return "work in a folder that you may write to, or change its permissions";
    case EISDIR:
    case ENOTDIR:
    case EEXIST:
      return "something of that name is in the way: move it, or choose another name";
    case ENOENT:
      return "make its folder first";
    case ENAMETOOLONG:
      return "choose a shorter name";
    default:
      return "check the disk that it is on";
  }
}

[[noreturn]] inline void cannot_write(const std::filesystem::path& path, int error) {
  throw Error(ErrorKind::file,
              "cannot write '" + path.string() + "': " + std::generic_category().message(error),
              advice_on(error));
}

// These return false with the reason in errno.
inline bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) errno = EIO;  // which no disk does
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}
/// Waits until the disk has it. Some network file systems do not support this, which is not a failure.
inline bool sync_file(int file) {
  while (::fsync(file) != 0)
    if (errno != EINTR) return errno == EINVAL || errno == ENOTSUP || errno == ENOSYS;
  return true;
}

/// An open file, closed at the end.
class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags)
      : number_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }

  bool is_open() const { return number_ >= 0; }
  // The rest return false with the reason in errno.
  bool write(std::string_view bytes) const { return write_all(number_, bytes); }
  bool sync() const { return sync_file(number_); }
  /// On network file systems this is the first call to report a full disk.
  bool close() { return ::close(std::exchange(number_, -1)) == 0; }

 private:
  int number_;
};

/// Waits until the disk has the names in the folder, too. False with the reason in errno; but one that may be
/// written and not read cannot be waited for.
inline bool sync_folder(const std::filesystem::path& folder) {
  const Descriptor descriptor(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY);
  return !descriptor.is_open() || descriptor.sync();
}

}  // namespace detail

/// Makes the folder that a file is to lie in, and those above, where there are none. Throws Error(file),
/// which names the file.
inline void create_folder_of(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.parent_path();
  if (folder.empty()) return;
  std::error_code error;
  const bool created = std::filesystem::create_directories(folder, error);
  if (error) detail::cannot_write(path, error.value());
  if (!created) return;
  for (std::filesystem::path made = folder; made.has_relative_path(); made = made.parent_path())
    if (!detail::sync_folder(made.parent_path())) detail::cannot_write(path, errno);
}

/// Writes the pieces, one behind the other, to `<path>.part` and then renames it: whatever happens, the file
/// is the old one or the new one, and the new one is on the disk when this returns. Throws Error(file), with
/// the system's reason; then nothing new is left behind. The folder must exist.
inline void write_atomically(const std::filesystem::path& path, const std::vector<std::string_view>& pieces) {
  std::filesystem::path temporary = path;
  temporary += ".part";  // the same each time, so that what a crash leaves does not pile up
  detail::Descriptor file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file.is_open()) detail::cannot_write(path, errno);
  bool done = true;
  for (const std::string_view piece : pieces) done = done && file.write(piece);
  // Bytes first, name second: after a power cut the name stands for all of the file.
  done = done && file.sync() && file.close() && ::rename(temporary.c_str(), path.c_str()) == 0;
  if (!done) {
    const int error = errno;
    ::unlink(temporary.c_str());
    detail::cannot_write(path, error);
  }
  if (!detail::sync_folder(path.parent_path())) detail::cannot_write(path, errno);
}

}  // namespace reverie
