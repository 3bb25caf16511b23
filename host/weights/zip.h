#pragma once
// Reads ZIP archives (PKWARE's APPNOTE.TXT) that lie in memory. Entries that are not compressed, which those
// of PyTorch are not, can be used where they lie; libraries for ZIP copy them out.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "weights/byte_reader.h"

namespace reverie::weights {

class ZipArchive {
 public:
  struct Entry {
    std::string name;
    bool deflated = false;
    std::uint32_t crc = 0;     ///< 0: none was computed
    std::uint64_t packed = 0;  ///< bytes in the archive
    std::uint64_t size = 0;    ///< bytes of contents
    std::uint64_t header = 0;  ///< where the entry begins
    std::uint64_t limit = 0;   ///< where the next one begins
  };

  /// Reads the directory at the end of `file`, which must outlive this, and touches nothing else. Throws
  /// Damaged on encrypted entries, archives in several files, entries that overlap or lie outside, two of one
  /// name.
  explicit ZipArchive(std::string_view file);

  /// Null if there is none.
  const Entry* find(const std::string& name) const;
  /// The one that lies first in the directory; null in an empty archive.
  const Entry* first() const { return first_; }

  /// Where the entry's bytes lie, as they are stored. Throws Damaged if its own header disagrees with the
  /// directory.
  std::string_view packed_bytes(const Entry& entry) const;
  /// Decompresses into `contents`, which has room for entry.size bytes. Throws Damaged if it does not come
  /// out at that size and checksum.
  void inflate(const Entry& entry, char* contents) const;
  /// Throws Damaged if these are not the bytes that the entry's checksum was computed from.
  static void check(const Entry& entry, std::string_view contents);

 private:
  void read_directory();
  void add_entry(ByteReader& directory);
  void set_limits();

  std::string_view file_;
  std::uint64_t directory_ = 0;  // where it begins
  std::map<std::string, Entry> entries_;
  const Entry* first_ = nullptr;
};

}  // namespace reverie::weights
