#pragma once
// Files as one zip archive, made while it is sent: nothing is compressed, since pictures and videos are.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "web/plain_file.h"

namespace reverie::serve {

class ZipStream {
 public:
  struct Entry {
    std::string name;  ///< in the archive
    std::filesystem::path path;
    std::uint64_t size;
    std::int64_t modified;  ///< in seconds since 1970
  };

  explicit ZipStream(std::vector<Entry> entries);

  /// Of the whole archive, in bytes.
  std::uint64_t size() const;

  /// The next piece; nothing at the end. Throws Error(file) when a file is not as it was.
  std::optional<std::string> next();

 private:
  struct Done {
    std::uint64_t offset;
    std::uint32_t checksum;
  };
  std::string local_header(const Entry& entry) const;
  std::string descriptor(const Entry& entry, std::uint32_t checksum) const;
  std::string directory_entry(const Entry& entry, const Done& done) const;
  std::string directory() const;
  std::string directory_end(std::uint64_t offset, std::uint64_t bytes) const;

  std::vector<Entry> entries_;
  std::vector<Done> done_;                      // of the entries that have been sent
  std::shared_ptr<const web::PlainFile> file_;  // of the entry that is being sent
  std::uint64_t offset_ = 0, at_ = 0;           // in the archive; in the file
  std::uint32_t checksum_ = 0;
  bool ended_ = false;
};

}  // namespace reverie::serve
