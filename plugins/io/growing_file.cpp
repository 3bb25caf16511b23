#include "growing_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "reverie/atomic_file.h"

namespace reverie::io {
namespace {

/// Writes all of `bytes` at the place `at`; false where that fails, with the reason in errno.
bool put(int file, std::string_view bytes, std::size_t at) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) errno = EIO;  // which no disk does
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
    at += static_cast<std::size_t>(count);
  }
  return true;
}

bool put_end(int file, const FileEnd& end) {
  return put(file, end.bytes, end.at) && put(file, end.count, end.count_at) &&
         ::ftruncate(file, static_cast<off_t>(end.at + end.bytes.size())) == 0;
}

}  // namespace

void append_frame(const std::filesystem::path& path, const std::string& frame, const FileEnd& before,
                  const FileEnd& after) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0) detail::cannot_write(path, errno);
  // First what comes behind the present end, then what takes the end's place.
  const std::string more = frame + after.bytes;
  const std::size_t over = before.bytes.size();
  const bool done = put(file, std::string_view(more).substr(over), before.at + over) &&
                    detail::sync_file(file) && put(file, std::string_view(more).substr(0, over), before.at) &&
                    put(file, after.count, after.count_at) &&
                    ::ftruncate(file, static_cast<off_t>(before.at + more.size())) == 0 &&
                    detail::sync_file(file);
  const int error = errno;
  if (!done) put_end(file, before);
  if (::close(file) != 0 && done) detail::cannot_write(path, errno);
  if (!done) detail::cannot_write(path, error);
}

bool resume_file(const std::filesystem::path& path,
                 const std::function<std::optional<FileEnd>(const ReadBytes&)>& find) {
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return false;
  const std::optional<FileEnd> end = find([file](std::size_t at, std::size_t size) {
    std::string bytes(size, '\0');
    const ssize_t count = ::pread(file, bytes.data(), size, static_cast<off_t>(at));
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
  });
  const bool ends = !end || put_end(file, *end);
  const int error = errno;
  ::close(file);
  if (!ends) detail::cannot_write(path, error);
  return end.has_value();
}

std::filesystem::path continued_apart(Host& host, const std::filesystem::path& path, std::int64_t number) {
  std::filesystem::path apart = path;
  apart.replace_filename(path.stem().string() + "_from_" + std::to_string(number) +
                         path.extension().string());
  host.log(LogLevel::warning,
           "the earlier frames are not all in '" + path.string() +
               "' in this size, so the animation goes on in a file of its own: " + apart.string());
  return apart;
}

}  // namespace reverie::io
