#include "weights/zip.h"

#include <zlib.h>

#include <algorithm>
#include <vector>

namespace reverie::weights {
namespace {

// Signatures and sizes of records (APPNOTE 4.3)
constexpr std::uint32_t kLocal = 0x04034B50, kCentral = 0x02014B50, kEnd = 0x06054B50, kEnd64 = 0x06064B50,
                        kLocator64 = 0x07064B50;
constexpr std::uint64_t kLocalSize = 30, kCentralSize = 46, kEndSize = 22, kEnd64Size = 56,
                        kLocator64Size = 20;
constexpr std::uint64_t kMaxComment = 0xFFFF;

// What stands in a 32-bit or 16-bit field whose value is in the ZIP64 record
constexpr std::uint32_t kElsewhere32 = 0xFFFFFFFF;
constexpr std::uint16_t kElsewhere16 = 0xFFFF;
constexpr std::uint16_t kZip64Field = 1;

constexpr std::uint16_t kEncrypted = 1 << 0 | 1 << 6 | 1 << 13;  // flags: entry, strongly, directory
constexpr std::uint16_t kStored = 0, kDeflated = 8;
constexpr std::uint64_t kBestRatio = 1032;  // of deflate: 258 bytes of output for 2 bits of input

/// Where the record at the end begins. A comment may follow it, and fills the rest of the file.
std::uint64_t find_end(std::string_view file) {
  if (file.size() >= kEndSize) {
    const std::uint64_t last = file.size() - kEndSize;
    const std::uint64_t first = last > kMaxComment ? last - kMaxComment : 0;
    for (std::uint64_t at = last + 1; at-- > first;) {
      ByteReader record(file, at);
      if (record.number<std::uint32_t>() != kEnd) continue;
      record.take(16);
      if (record.number<std::uint16_t>() == record.remaining()) return at;
    }
  }
  throw Damaged("the directory at the end of the archive is missing, so the file has been cut off");
}

}  // namespace

ZipArchive::ZipArchive(std::string_view file) : file_(file) {
  read_directory();
  set_limits();
}

void ZipArchive::read_directory() {
  const std::uint64_t end = find_end(file_);
  ByteReader record(file_, end + 4);
  std::uint32_t disk = record.number<std::uint16_t>();
  std::uint32_t directory_disk = record.number<std::uint16_t>();
  std::uint64_t count_here = record.number<std::uint16_t>();
  std::uint64_t count = record.number<std::uint16_t>();
  std::uint64_t size = record.number<std::uint32_t>();
  directory_ = record.number<std::uint32_t>();
  std::uint64_t directory_end = end;

  const bool elsewhere =
      disk == kElsewhere16 || count == kElsewhere16 || size == kElsewhere32 || directory_ == kElsewhere32;
  const bool located =
      end >= kLocator64Size && ByteReader(file_, end - kLocator64Size).number<std::uint32_t>() == kLocator64;
  if (elsewhere && !located) throw Damaged("the archive's ZIP64 record is missing");
  if (located) {
    ByteReader locator(file_, end - kLocator64Size + 4);
    locator.take(4);
    directory_end = locator.number<std::uint64_t>();
    if (directory_end > end - kLocator64Size) throw Damaged("the archive's ZIP64 record lies outside of it");
    ByteReader wide(file_, directory_end);
    if (wide.remaining() < kEnd64Size || wide.number<std::uint32_t>() != kEnd64)
      throw Damaged("the archive's ZIP64 record is missing");
    wide.take(12);  // its size, versions
    disk = wide.number<std::uint32_t>();
    directory_disk = wide.number<std::uint32_t>();
    count_here = wide.number<std::uint64_t>();
    count = wide.number<std::uint64_t>();
    size = wide.number<std::uint64_t>();
    directory_ = wide.number<std::uint64_t>();
  }

  if (disk != 0 || directory_disk != 0 || count_here != count)
    throw Damaged("it is one part of an archive in several files");
  if (directory_ > directory_end || size != directory_end - directory_)
    throw Damaged("the archive's directory does not lie before the record that names it");
  if (count > size / kCentralSize) throw Damaged("the archive's directory is too short for its entries");
  ByteReader directory(file_.substr(directory_, size));
  for (std::uint64_t i = 0; i < count; ++i) add_entry(directory);
  if (directory.remaining() != 0) throw Damaged("the archive's directory is longer than its entries");
}

void ZipArchive::add_entry(ByteReader& directory) {
  if (directory.number<std::uint32_t>() != kCentral) throw Damaged("the archive's directory is damaged");
  directory.take(4);  // versions
  const auto flags = directory.number<std::uint16_t>();
  const auto method = directory.number<std::uint16_t>();
  directory.take(4);  // time
  Entry entry;
  entry.crc = directory.number<std::uint32_t>();
  entry.packed = directory.number<std::uint32_t>();
  entry.size = directory.number<std::uint32_t>();
  const auto name_length = directory.number<std::uint16_t>();
  const auto extra_length = directory.number<std::uint16_t>();
  const auto comment_length = directory.number<std::uint16_t>();
  std::uint64_t disk = directory.number<std::uint16_t>();
  directory.take(6);  // attributes
  entry.header = directory.number<std::uint32_t>();
  entry.name = directory.take(name_length);
  ByteReader extra(directory.take(extra_length));
  directory.take(comment_length);

  while (extra.remaining() >= 4) {
    const auto field = extra.number<std::uint16_t>();
    ByteReader wide(extra.take(extra.number<std::uint16_t>()));
    if (field != kZip64Field) continue;
    for (std::uint64_t* value : {&entry.size, &entry.packed, &entry.header})
      if (*value == kElsewhere32) *value = wide.number<std::uint64_t>();
    if (disk == kElsewhere16) disk = wide.number<std::uint32_t>();
    break;
  }

  const auto refuse = [&](const std::string& why) {
    throw Damaged("the archive's entry '" + entry.name + "' " + why);
  };
  if (flags & kEncrypted) refuse("is encrypted");
  if (disk != 0) refuse("is in another file of an archive in several");
  if (method != kStored && method != kDeflated)
    refuse("is compressed by method " + std::to_string(method) + "; only 'deflate' can be read");
  entry.deflated = method == kDeflated;
  if (!entry.deflated && entry.packed != entry.size) refuse("is not compressed, but has two sizes");
  if (entry.deflated && entry.size / kBestRatio > entry.packed) refuse("claims to be larger than it can be");

  std::string name = entry.name;
  const auto [added, is_new] = entries_.emplace(std::move(name), std::move(entry));
  if (!is_new) throw Damaged("the archive has two entries '" + added->first + "'");
  if (!first_) first_ = &added->second;
}

void ZipArchive::set_limits() {
  std::vector<Entry*> order;
  for (auto& [name, entry] : entries_) order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->header < b->header; });
  std::uint64_t limit = directory_;
  for (auto entry = order.rbegin(); entry != order.rend(); ++entry) {
    const std::uint64_t least = kLocalSize + (*entry)->name.size();
    if ((*entry)->header > limit || limit - (*entry)->header < least ||
        limit - (*entry)->header - least < (*entry)->packed)
      throw Damaged("the archive's entry '" + (*entry)->name +
                    "' overlaps another or lies outside of the file");
    (*entry)->limit = limit;
    limit = (*entry)->header;
  }
}

const ZipArchive::Entry* ZipArchive::find(const std::string& name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

std::string_view ZipArchive::packed_bytes(const Entry& entry) const {
  ByteReader local(file_.substr(0, entry.limit), entry.header);
  const bool begins = local.number<std::uint32_t>() == kLocal;
  local.take(22);
  const auto name_length = local.number<std::uint16_t>();
  const auto extra_length = local.number<std::uint16_t>();
  if (!begins || local.take(name_length) != entry.name)
    throw Damaged("the archive's directory says that '" + entry.name + "' begins where it does not");
  local.take(extra_length);
  return local.take(entry.packed);
}

void ZipArchive::inflate(const Entry& entry, char* contents) const {
  const std::string_view packed = packed_bytes(entry);
  z_stream stream{};
  if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    throw std::bad_alloc();  // negative: no header of zlib's own
  // zlib counts in 32 bits.
  constexpr std::uint64_t kPortion = 1 << 30;
  std::uint64_t read = 0, written = 0;
  char nothing;  // zlib wants somewhere to write, even of an empty entry
  int status = Z_OK;
  while (status == Z_OK) {
    const std::uint64_t input = std::min(packed.size() - read, kPortion);
    const std::uint64_t room = std::min(entry.size - written, kPortion);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + read));
    stream.next_out = reinterpret_cast<Bytef*>(entry.size > 0 ? contents + written : &nothing);
    stream.avail_in = static_cast<uInt>(input);
    stream.avail_out = static_cast<uInt>(room);
    status = ::inflate(&stream, Z_NO_FLUSH);
    read += input - stream.avail_in;
    written += room - stream.avail_out;
  }
  ::inflateEnd(&stream);
  if (status != Z_STREAM_END || written != entry.size)
    throw Damaged("the archive's entry '" + entry.name + "' cannot be decompressed to the size it claims");
  check(entry, {contents, entry.size});
}

void ZipArchive::check(const Entry& entry, std::string_view contents) {
#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION  // a fuzzer does not guess checksums
  if (entry.crc != 0 &&
      ::crc32_z(0, reinterpret_cast<const Bytef*>(contents.data()), contents.size()) != entry.crc)
    throw Damaged("the archive's entry '" + entry.name +
                  "' does not have the checksum that was stored with it");
#else
  static_cast<void>(entry), static_cast<void>(contents);
#endif
}

}  // namespace reverie::weights
