#pragma once
// Files that the server sends.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace reverie::web {

/// An ordinary file, open for reading. Whatever is done to its name after that, it stays the same file.
class PlainFile {
 public:
  /// `path` must be absolute. Null when there is no such file, or none that is ordinary, or when any part of
  /// the path is a link: so no link that somebody put there later leads anywhere.
  static std::shared_ptr<const PlainFile> open(const std::filesystem::path& path);
  ~PlainFile();
  PlainFile(const PlainFile&) = delete;
  PlainFile& operator=(const PlainFile&) = delete;

  std::uint64_t size() const { return size_; }
  /// As many of the bytes from `at` on as there are, up to `most`.
  std::size_t read(char* bytes, std::uint64_t at, std::size_t most) const;
  std::string all() const;

 private:
  PlainFile(int descriptor, std::uint64_t size) : descriptor_(descriptor), size_(size) {}
  int descriptor_;
  std::uint64_t size_;
};

}  // namespace reverie::web
