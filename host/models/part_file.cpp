#include "models/part_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>
#include <vector>

#include "reverie/error.h"

namespace reverie::models {
namespace {

[[noreturn]] void fail(const std::string& what, const std::filesystem::path& path, int error) {
  throw Error(ErrorKind::file, "cannot " + what + " '" + path.string() + "': " + std::strerror(error),
              "check free space and permissions, or choose another folder with models_parent_dir=DIR");
}

std::filesystem::path with_suffix(std::filesystem::path path, const char* suffix) { return path += suffix; }

}  // namespace

PartFile::PartFile(const std::filesystem::path& target, int descriptor, std::uint64_t size)
    : target_(target),
      path_(with_suffix(target, ".part")),
      source_path_(with_suffix(target, ".part.source")),
      descriptor_(descriptor),
      size_(size) {}

PartFile::PartFile(PartFile&& other) noexcept
    : target_(std::move(other.target_)),
      path_(std::move(other.path_)),
      source_path_(std::move(other.source_path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_),
      hash_(std::move(other.hash_)) {}

PartFile::~PartFile() {
  if (descriptor_ >= 0) ::close(descriptor_);  // which also unlocks it
}

std::optional<PartFile> PartFile::lock(const std::filesystem::path& target) {
  const std::filesystem::path path = with_suffix(target, ".part");
  std::error_code error;
  std::filesystem::create_directories(target.parent_path(), error);
  if (error) fail("create the folder", target.parent_path(), error.value());
  for (;;) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0) fail("write", path, errno);
    PartFile part(target, descriptor, 0);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return std::nullopt;
      fail("lock", path, errno);
    }
    // Between opening and locking, another process may have installed or removed the file.
    struct stat locked {
    }, present{};
    if (::fstat(descriptor, &locked) != 0) fail("read", path, errno);
    if (::stat(path.c_str(), &present) != 0 || locked.st_ino != present.st_ino ||
        locked.st_dev != present.st_dev)
      continue;
    part.size_ = static_cast<std::uint64_t>(locked.st_size);
    return part;
  }
}

bool PartFile::read_hash(const std::function<bool()>& go_on) {
  hash_ = Sha256();
  std::vector<char> buffer(1 << 20);
  std::uint64_t at = 0;
  while (at < size_) {
    if (!go_on()) return false;
    const ssize_t n = ::pread(descriptor_, buffer.data(), buffer.size(), static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail("read", path_, n < 0 ? errno : EIO);
    hash_.add({buffer.data(), static_cast<std::size_t>(n)});
    at += static_cast<std::uint64_t>(n);
  }
  return true;
}

void PartFile::append(std::string_view bytes) {
  hash_.add(bytes);
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("write", path_, errno);
    size_ += static_cast<std::uint64_t>(n);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

void PartFile::restart() {
  if (::ftruncate(descriptor_, 0) != 0) fail("write", path_, errno);
  size_ = 0;
  hash_ = Sha256();
  ::unlink(source_path_.c_str());
}

PartSource PartFile::source() const {
  PartSource source;
  std::ifstream file(source_path_);
  std::getline(file, source.url);
  std::getline(file, source.validator);
  return source;
}

void PartFile::set_source(const PartSource& source) {
  std::ofstream file(source_path_);
  file << source.url << '\n' << source.validator << '\n';
  file.close();
  if (!file) fail("write", source_path_, errno);
}

void PartFile::install() {
  // Bytes first, name second: after a power cut the name stands for the whole file or for none.
  if (::fsync(descriptor_) != 0) fail("write", path_, errno);
  if (::rename(path_.c_str(), target_.c_str()) != 0) fail("write", target_, errno);
  ::unlink(source_path_.c_str());
  const int folder = ::open(target_.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;  // the file is whole; only a folder that may not be read is left unsynchronised
  ::fsync(folder);
  ::close(folder);
}

void PartFile::remove() {
  ::unlink(source_path_.c_str());
  ::unlink(path_.c_str());
}

}  // namespace reverie::models
