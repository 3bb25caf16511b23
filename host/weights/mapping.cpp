#include "weights/mapping.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "reverie/ordinary_file.h"

namespace reverie::weights {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& why) {
  throw Error(ErrorKind::file, "cannot read weights '" + path.string() + "': " + why);
}

}  // namespace

Mapping::Mapping(const std::filesystem::path& path) {
  require_ordinary_file(path, "weights");
  const int fd =
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // nor may a FIFO that has just come
  if (fd < 0) fail(path, std::strerror(errno));
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(fd);
    fail(path, "it is not an ordinary file");
  }
  size_ = static_cast<std::uint64_t>(info.st_size);
  if (size_ > 0) {
    // No reserve: a checkpoint may be larger than memory, of which only some tensors are wanted.
    void* data = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
    if (data == MAP_FAILED) {
      const int error = errno;
      ::close(fd);
      fail(path, std::strerror(error));
    }
    data_ = static_cast<char*>(data);
  }
  ::close(fd);
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  // Memory whose ends AddressSanitizer guards; reads behind a mapping's end would go unnoticed.
  char* copy = new char[size_];
  if (size_ > 0) {
    std::memcpy(copy, data_, size_);
    ::munmap(data_, size_);
  }
  data_ = copy;
#endif
}

std::shared_ptr<const Mapping> Mapping::of(std::string bytes) {
  const std::shared_ptr<Mapping> result(new Mapping);
  result->own_ = std::move(bytes);
  result->data_ = result->own_.empty() ? nullptr : result->own_.data();
  result->size_ = result->own_.size();
  return result;
}

Mapping::~Mapping() {
  if (!own_.empty()) return;
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  delete[] data_;
#else
  if (size_ > 0) ::munmap(data_, size_);
#endif
}

}  // namespace reverie::weights
