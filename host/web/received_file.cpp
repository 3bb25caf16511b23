#include "web/received_file.h"

#include <cstdlib>

#include "reverie/atomic_file.h"

namespace reverie::web {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStart = "incoming-";

}  // namespace

ReceivedFile::ReceivedFile(const fs::path& folder) {
  create_folder_of(folder / "file");
  std::string name = (folder / (std::string(kStart) + "XXXXXX")).string();
  descriptor_ = ::mkostemp(name.data(), O_CLOEXEC);
  path_ = name;
  if (descriptor_ < 0) detail::cannot_write(path_, errno);
}

ReceivedFile::~ReceivedFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!kept_) ::unlink(path_.c_str());
}

void ReceivedFile::append(const char* bytes, std::size_t size) {
  size_ += size;
  if (!detail::write_all(descriptor_, {bytes, size})) detail::cannot_write(path_, errno);
}

void ReceivedFile::sync() {
  if (!detail::sync_file(descriptor_)) detail::cannot_write(path_, errno);
}

void ReceivedFile::keep_as(const fs::path& name) {
  sync();
  if (::rename(path_.c_str(), name.c_str()) != 0) detail::cannot_write(name, errno);
  kept_ = true;
  if (!detail::sync_folder(name.parent_path())) detail::cannot_write(name, errno);
}

void ReceivedFile::delete_left_over(const fs::path& folder) {
  std::error_code error, ignored;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    if (entry->path().filename().string().starts_with(kStart)) fs::remove(entry->path(), ignored);
}

}  // namespace reverie::web
