#include "support/file_calls.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace reverie::test {

FileCalls file_calls;

namespace {

/// False when the call is to fail.
bool let_pass(const char* name) {
  if (!file_calls.watched) return true;
  const std::size_t number = file_calls.made.size();
  file_calls.made.emplace_back(name);
  const int error = file_calls.fail ? file_calls.fail(name, number) : 0;
  if (error != 0) errno = error;
  return error == 0;
}

int remove_file(const char* name, const char* path) {
  if (!let_pass(name)) return -1;
  if (::syscall(SYS_unlinkat, AT_FDCWD, path, 0) == 0) return 0;
  return errno == EISDIR ? static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR)) : -1;
}

}  // namespace
}  // namespace reverie::test

// The program's own definitions go before the C library's, also for calls from other libraries.
#define REVERIE_INSTEAD extern "C" __attribute__((visibility("default")))

REVERIE_INSTEAD ssize_t write(int file, const void* bytes, size_t size) {
  if (!reverie::test::let_pass("write")) return -1;
  return ::syscall(SYS_write, file, bytes, std::min(size, reverie::test::file_calls.longest_write));
}
// Whether a disk really has something cannot be seen from here, and waiting for it takes long.
REVERIE_INSTEAD int fsync(int) { return reverie::test::let_pass("fsync") ? 0 : -1; }
REVERIE_INSTEAD int rename(const char* from, const char* to) noexcept {
  if (!reverie::test::let_pass("rename")) return -1;
  return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}
REVERIE_INSTEAD int unlink(const char* path) noexcept { return reverie::test::remove_file("unlink", path); }
REVERIE_INSTEAD int remove(const char* path) noexcept { return reverie::test::remove_file("remove", path); }
