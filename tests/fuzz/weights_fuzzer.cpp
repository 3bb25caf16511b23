// libFuzzer's target: opens a file of weights and reads everything in it. Nothing but reverie::Error may come
// out. The normal tests replay the corpus with it.

#include <ATen/ATen.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "weights/open.h"

namespace {

/// A file in memory, under a path.
class MemoryFile {
 public:
  MemoryFile(const std::uint8_t* data, std::size_t size) : fd_(::memfd_create("weights", MFD_CLOEXEC)) {
    if (fd_ < 0 || ::write(fd_, data, size) != static_cast<ssize_t>(size)) std::abort();
  }
  ~MemoryFile() { ::close(fd_); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

/// Reads the first and the last byte of all that the tensor claims to reach, in code that sanitizers check.
void touch(const at::Tensor& tensor) {
  if (tensor.numel() == 0) return;
  std::int64_t last = 0;
  for (std::int64_t i = 0; i < tensor.dim(); ++i) last += (tensor.size(i) - 1) * tensor.stride(i);
  const auto* bytes = static_cast<const volatile char*>(tensor.const_data_ptr());
  static_cast<void>(bytes[0]);
  static_cast<void>(bytes[(last + 1) * static_cast<std::int64_t>(tensor.element_size()) - 1]);
  if (tensor.numel() < 4096) tensor.clone(at::MemoryFormat::Contiguous);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const MemoryFile file(data, size);
  try {
    const auto weights = reverie::weights::open_weights(file.path());
    for (const std::string& name : weights->names()) {
      if (!weights->contains(name)) std::abort();
      try {
        touch(weights->tensor(name));
      } catch (const reverie::Error&) {
      }
    }
  } catch (const reverie::Error&) {
  }
  return 0;
}
