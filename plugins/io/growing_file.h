#pragma once
// What files that grow with each frame are written with: bytes at a place, and on the disk.

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string_view>

namespace reverie::io {

/// Writes all of `bytes` at the place `at`; false where that fails, with the reason in errno.
inline bool put(int file, std::string_view bytes, std::size_t at) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
    at += static_cast<std::size_t>(count);
  }
  return true;
}

/// Waits until the file is on the disk. Some file systems have no such thing, which is no failure.
inline bool sync(int file) { return ::fsync(file) == 0 || errno == EINVAL || errno == ENOTSUP; }

}  // namespace reverie::io
