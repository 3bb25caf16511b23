#include "serve/zip_stream.h"

#include <zlib.h>

#include <ctime>

#include "reverie/error.h"

namespace reverie::serve {

using web::PlainFile;

namespace {

// PKWARE's APPNOTE.TXT 6.3. Every entry and the end have the fields of ZIP64, so that no size is special. The
// checksum comes behind a file's bytes (a data descriptor), so that each file is read once.
constexpr std::uint16_t kVersion = 45;     // of ZIP64
constexpr std::uint16_t kMadeBy = 3 << 8;  // Unix, for the file's rights
constexpr std::uint16_t kFlags = 0x0808;   // a descriptor follows; names are UTF-8
constexpr std::uint32_t kRights = 0100644u << 16;
constexpr std::uint32_t kSee64 = 0xFFFFFFFF;
constexpr std::size_t kPiece = 256 << 10;

/// Little-endian numbers, one after another.
class Bytes {
 public:
  Bytes& u16(std::uint64_t value) { return number(value, 2); }
  Bytes& u32(std::uint64_t value) { return number(value, 4); }
  Bytes& u64(std::uint64_t value) { return number(value, 8); }
  Bytes& text(const std::string& text) {
    bytes_ += text;
    return *this;
  }
  std::string take() { return std::move(bytes_); }

 private:
  Bytes& number(std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes_ += static_cast<char>(value >> (8 * i) & 0xFF);
    return *this;
  }
  std::string bytes_;
};

/// Time and date as MS-DOS writes them, in this machine's time zone.
std::uint32_t dos_time(std::int64_t seconds) {
  const std::time_t time = static_cast<std::time_t>(seconds);
  std::tm local{};
  if (!::localtime_r(&time, &local) || local.tm_year < 80) return 1u << 21 | 1u << 16;  // its first day
  const auto part = [](int value) { return static_cast<std::uint32_t>(value); };
  return part(local.tm_year - 80) << 25 | part(local.tm_mon + 1) << 21 | part(local.tm_mday) << 16 |
         part(local.tm_hour) << 11 | part(local.tm_min) << 5 | part(local.tm_sec / 2);
}

}  // namespace

ZipStream::ZipStream(std::vector<Entry> entries) : entries_(std::move(entries)) {}

std::uint64_t ZipStream::size() const {
  std::uint64_t files = 0, directory = 0;
  for (const Entry& entry : entries_) {
    files += local_header(entry).size() + entry.size + descriptor(entry, 0).size();
    directory += directory_entry(entry, {}).size();
  }
  return files + directory + directory_end(0, 0).size();
}

std::optional<std::string> ZipStream::next() {
  if (ended_) return std::nullopt;
  std::string piece;
  if (done_.size() == entries_.size()) {
    ended_ = true;
    return directory();
  }
  const Entry& entry = entries_[done_.size()];
  const auto changed = [&] {
    return Error(ErrorKind::file, "'" + entry.name + "' has changed while it was sent");
  };
  if (!file_) {
    file_ = PlainFile::open(entry.path);
    if (!file_ || file_->size() != entry.size) throw changed();
    at_ = 0;
    checksum_ = 0;
    piece = local_header(entry);
  } else if (at_ < entry.size) {
    piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, entry.size - at_)));
    if (file_->read(piece.data(), at_, piece.size()) != piece.size()) throw changed();
    checksum_ = static_cast<std::uint32_t>(
        ::crc32(checksum_, reinterpret_cast<const Bytef*>(piece.data()), static_cast<uInt>(piece.size())));
    at_ += piece.size();
  } else {
    piece = descriptor(entry, checksum_);
    const std::uint64_t start = offset_ - entry.size - local_header(entry).size();
    done_.push_back({start, checksum_});
    file_.reset();
  }
  offset_ += piece.size();
  return piece;
}

std::string ZipStream::local_header(const Entry& entry) const {
  Bytes bytes;
  bytes.u32(0x04034B50).u16(kVersion).u16(kFlags).u16(0).u32(dos_time(entry.modified)).u32(0);
  bytes.u32(kSee64).u32(kSee64).u16(entry.name.size()).u16(20).text(entry.name);
  bytes.u16(1).u16(16).u64(entry.size).u64(entry.size);
  return bytes.take();
}

std::string ZipStream::descriptor(const Entry& entry, std::uint32_t checksum) const {
  return Bytes().u32(0x08074B50).u32(checksum).u64(entry.size).u64(entry.size).take();
}

std::string ZipStream::directory_entry(const Entry& entry, const Done& done) const {
  Bytes bytes;
  bytes.u32(0x02014B50)
      .u16(kMadeBy | kVersion)
      .u16(kVersion)
      .u16(kFlags)
      .u16(0)
      .u32(dos_time(entry.modified));
  bytes.u32(done.checksum).u32(kSee64).u32(kSee64).u16(entry.name.size()).u16(28).u16(0).u16(0).u16(0);
  bytes.u32(kRights).u32(kSee64).text(entry.name);
  bytes.u16(1).u16(24).u64(entry.size).u64(entry.size).u64(done.offset);
  return bytes.take();
}

std::string ZipStream::directory() const {
  std::string text;
  for (std::size_t i = 0; i < entries_.size(); ++i) text += directory_entry(entries_[i], done_[i]);
  return text + directory_end(offset_, text.size());
}

std::string ZipStream::directory_end(std::uint64_t offset, std::uint64_t bytes_of_directory) const {
  const std::uint64_t count = entries_.size();
  Bytes bytes;
  bytes.u32(0x06064B50).u64(44).u16(kMadeBy | kVersion).u16(kVersion).u32(0).u32(0);
  bytes.u64(count).u64(count).u64(bytes_of_directory).u64(offset);
  bytes.u32(0x07064B50).u32(0).u64(offset + bytes_of_directory).u32(1);
  bytes.u32(0x06054B50).u16(0xFFFF).u16(0xFFFF).u16(0xFFFF).u16(0xFFFF).u32(kSee64).u32(kSee64).u16(0);
  return bytes.take();
}

}  // namespace reverie::serve
