#include "web/plain_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace reverie::web {

std::shared_ptr<const PlainFile> PlainFile::open(const std::filesystem::path& path) {
  if (!path.is_absolute() || path.native().find('\0') != std::string::npos) return nullptr;
  int at = ::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  const std::filesystem::path names = path.relative_path();
  for (auto name = names.begin(); name != names.end() && at >= 0; ++name) {
    const bool last = std::next(name) == names.end();
    // A pipe without a writer must not be waited for, and no terminal be taken over.
    const int flags = last ? O_RDONLY | O_NONBLOCK | O_NOCTTY : O_PATH | O_DIRECTORY;
    const int next =
        *name == ".." || name->empty() ? -1 : ::openat(at, name->c_str(), flags | O_NOFOLLOW | O_CLOEXEC);
    ::close(at);
    at = next;
  }
  struct stat status {};
  if (at < 0) return nullptr;
  if (::fstat(at, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(at);
    return nullptr;
  }
  return std::shared_ptr<const PlainFile>(new PlainFile(at, static_cast<std::uint64_t>(status.st_size)));
}

PlainFile::~PlainFile() { ::close(descriptor_); }

std::size_t PlainFile::read(char* bytes, std::uint64_t at, std::size_t most) const {
  std::size_t total = 0;
  while (total < most) {
    const ssize_t size = ::pread(descriptor_, bytes + total, most - total, static_cast<off_t>(at + total));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    total += static_cast<std::size_t>(size);
  }
  return total;
}

std::string PlainFile::all() const {
  std::string bytes(size_, '\0');
  bytes.resize(read(bytes.data(), 0, bytes.size()));
  return bytes;
}

}  // namespace reverie::web
