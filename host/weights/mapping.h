#pragma once
// A file's bytes in memory, loaded by the operating system when they are first touched.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace reverie::weights {

/// A private mapping of a whole file. Tensors made from it share it, so it lives as long as the last of them.
class Mapping {
 public:
  /// Throws Error(file) when the path is not an ordinary file that can be read.
  explicit Mapping(const std::filesystem::path& path);
  /// Of bytes that were read already.
  static std::shared_ptr<const Mapping> of(std::string bytes);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  /// Writable, so that a caller that writes to a tensor by mistake changes its own copy, never the file.
  char* data() const { return data_; }
  std::uint64_t size() const { return size_; }
  std::string_view bytes() const { return {data_, size_}; }

 private:
  Mapping() = default;
  std::string own_;  ///< empty when a file is mapped
  char* data_ = nullptr;
  std::uint64_t size_ = 0;
};

}  // namespace reverie::weights
