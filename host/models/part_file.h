#pragma once
// A download that is not complete yet: FILE.part beside where FILE will be.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "models/sha256.h"

namespace reverie::models {

/// Where the bytes of a part came from, so that the server can be asked whether it still has the same file.
struct PartSource {
  std::string url;
  std::string validator;  ///< ETag or date for If-Range; empty when the server gave none
};

/// Opened and locked: no other process writes it as long as this object lives.
/// All methods throw Error(file) when the disk does not do what they ask.
class PartFile {
 public:
  /// Nothing while another process has it. Creates the folder and an empty part where there is none.
  static std::optional<PartFile> lock(const std::filesystem::path& target);

  PartFile(PartFile&& other) noexcept;
  PartFile& operator=(PartFile&&) = delete;
  ~PartFile();

  std::uint64_t size() const { return size_; }
  /// Reads what is there, so that sha256() covers it. False when `go_on`, asked now and then, says so.
  bool read_hash(const std::function<bool()>& go_on);
  void append(std::string_view bytes);
  /// Forgets all bytes.
  void restart();
  /// Of all bytes. Requires read_hash() or restart() before the first append().
  std::string sha256() const { return hash_.hex(); }

  PartSource source() const;
  void set_source(const PartSource& source);

  /// Makes the part the target; it is on the disk when this returns.
  void install();
  void remove();

 private:
  PartFile(const std::filesystem::path& target, int descriptor, std::uint64_t size);
  std::filesystem::path target_, path_, source_path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
  Sha256 hash_;
};

}  // namespace reverie::models
