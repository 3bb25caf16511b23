#pragma once
// A body that is too large for memory, while it is received and until somebody wants to keep it.

#include <cstdint>
#include <filesystem>
#include <memory>

namespace reverie::web {

/// A file with a name of its own, which is deleted in the end unless it was kept.
class ReceivedFile {
 public:
  /// Makes the file in `folder`, and the folder where there is none. Throws Error(file).
  explicit ReceivedFile(const std::filesystem::path& folder);
  ~ReceivedFile();
  ReceivedFile(const ReceivedFile&) = delete;
  ReceivedFile& operator=(const ReceivedFile&) = delete;

  /// Throws Error(file), for a full disk, too.
  void append(const char* bytes, std::size_t size);
  const std::filesystem::path& path() const { return path_; }
  std::uint64_t size() const { return size_; }
  /// Waits until the disk has all of it. Throws Error(file).
  void sync();
  /// Gives it this name, when the disk has all of it: quickly after sync(). Throws Error(file).
  void keep_as(const std::filesystem::path& name);

  /// Deletes what an earlier process left in `folder` when it was killed.
  static void delete_left_over(const std::filesystem::path& folder);

 private:
  std::filesystem::path path_;
  int descriptor_;
  std::uint64_t size_ = 0;
  bool kept_ = false;
};

}  // namespace reverie::web
