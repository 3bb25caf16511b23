#include "engine/run_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "reverie/atomic_file.h"

namespace reverie::engine {
namespace {

/// Whether the descriptor is of the file that has this name now: the one before may just have been removed.
bool is_of(const std::filesystem::path& file, int descriptor) {
  struct stat named {
  }, opened{};
  return ::lstat(file.c_str(), &named) == 0 && ::fstat(descriptor, &opened) == 0 &&
         named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

}  // namespace

RunLock::RunLock(const OutputNames& names) : file_(names.folder / ("." + names.base + ".lock")) {
  create_folder_of(file_);
  for (;;) {
    descriptor_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (descriptor_ < 0) detail::cannot_write(file_, errno);
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      const int error = errno;
      if (error == EINTR) {
        ::close(descriptor_);
        continue;
      }
      if (error != EWOULDBLOCK) return;  // some network file systems have no locks
      ::close(descriptor_);
      throw RunBusy(
          ErrorKind::file,
          "the run '" + names.base + "' in '" + names.folder.string() +
              "' is being rendered by another process",
          "wait until it ends, or end it; a run of its own needs another file_namespace, or no restore");
    }
    if (is_of(file_, descriptor_)) return;
    ::close(descriptor_);
  }
}

RunLock::~RunLock() {
  // Before the lock is given up: whoever waits for the name then makes a file of its own.
  if (is_of(file_, descriptor_)) ::unlink(file_.c_str());
  ::close(descriptor_);
}

}  // namespace reverie::engine
