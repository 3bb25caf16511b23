#include "engine/backup.h"

#include <ATen/ATen.h>
#include <strings.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>

#include "engine/outputs.h"
#include "log/log.h"
#include "models/sha256.h"
#include "reverie/atomic_file.h"
#include "weights/safetensors.h"

namespace reverie::engine {

using log::write_log;
using models::Sha256;
using weights::Mapping;
using weights::Metadata;
using weights::read_safetensors;
using weights::SafetensorsBytes;
using weights::to_safetensors;
namespace {

const std::string kChecksum = "sha256";
/// As it is written in the header. A text cannot contain it, because quotes are escaped there; only a name
/// that ends with a quote and the same word is alike.
const std::string kMark = "\"" + kChecksum + "\":\"";
const std::string kZeros(64, '0');

[[noreturn]] void unreadable(const std::filesystem::path& path, const std::string& why) {
  throw Error(ErrorKind::file, "cannot read the backup '" + path.string() + "': " + why,
              "check the disk and the file's permissions");
}

[[noreturn]] void damaged(const std::filesystem::path& path, const std::string& why) {
  throw Error(ErrorKind::model, "the backup '" + path.string() + "' cannot be used: " + why,
              "go on from an earlier backup");
}

/// How large a backup is, as its header says: a file that claims to be larger than any memory is not read.
/// The header lists tensors as "data_offsets":[begin,end]; inside a text the quotes would be escaped.
std::uintmax_t size_by_header(std::istream& file) {
  constexpr std::uint64_t kLongestHeader = 100'000'000;
  unsigned char count[8] = {};
  file.read(reinterpret_cast<char*>(count), sizeof count);
  std::uint64_t length = 0;
  for (int i = 7; i >= 0; --i) length = length << 8 | count[i];
  if (!file || length > kLongestHeader) return 0;
  std::string header(length, '\0');
  file.read(header.data(), static_cast<std::streamsize>(length));
  header.resize(static_cast<std::size_t>(file.gcount()));
  std::uint64_t body = 0;
  const std::string mark = "\"data_offsets\":[";
  for (std::size_t at = 0; (at = header.find(mark, at)) != std::string::npos;) {
    at += mark.size();
    const std::size_t comma = std::min(header.find(',', at), header.size() - 1);
    std::uint64_t end = 0;
    std::from_chars(header.data() + comma + 1, header.data() + header.size(), end);
    body = std::max(body, end);
  }
  return sizeof count + length + body;
}

/// Read rather than mapped: touching a page of a mapping that a broken disk cannot deliver ends the program.
std::string bytes_of(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error))  // a FIFO would make it wait
    unreadable(path, error ? error.message() : "it is no file");
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) unreadable(path, error.message());
  std::ifstream file(path, std::ios::binary);
  if (const std::uintmax_t due = size_by_header(file); file && due != size)
    damaged(path, "it has " + std::to_string(size) + " bytes, and by its header " + std::to_string(due));
  file.clear();
  file.seekg(0);
  std::string bytes(size, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file.is_open() || file.bad()) unreadable(path, std::generic_category().message(errno));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

}  // namespace

void write_backup(const std::filesystem::path& path, const Backup& backup) {
  Metadata metadata = backup.metadata;
  const bool is_free = metadata.emplace(kChecksum, kZeros).second;
  SafetensorsBytes bytes = to_safetensors({backup.tensors.begin(), backup.tensors.end()}, metadata);
  const std::size_t mark = bytes.header.find(kMark);
  if (!is_free || mark != bytes.header.rfind(kMark))
    throw Error(ErrorKind::model, "the name of a fact in a backup cannot end with '" + kChecksum + "'");
  Sha256 hash;
  for (const std::string_view piece : bytes.pieces()) hash.add(piece);
  bytes.header.replace(mark + kMark.size(), kZeros.size(), hash.hex());
  create_folder_of(path);
  write_atomically(path, bytes.pieces());
}

Backup read_backup(const std::filesystem::path& path) {
  std::string bytes = bytes_of(path);
  const std::size_t mark = bytes.find(kMark), digits = mark + kMark.size();
  if (mark == std::string::npos || digits + kZeros.size() > bytes.size())
    damaged(path, "it holds no checksum, so it is cut short, or no backup that Reverie wrote");
  const std::string_view all = bytes;
  Sha256 hash;
  hash.add(all.substr(0, digits));
  hash.add(kZeros);
  hash.add(all.substr(digits + kZeros.size()));
  if (hash.hex() != all.substr(digits, kZeros.size()))
    damaged(path, "it is damaged, its checksum is not that of its contents");

  const auto file = read_safetensors(Mapping::of(std::move(bytes)), path.string());
  Backup backup;
  backup.metadata = file->metadata();
  backup.metadata.erase(kChecksum);
  for (const std::string& name : file->names()) backup.tensors[name] = file->tensor(name).clone();
  return backup;
}

std::optional<std::int64_t> parse_backups_setting(const std::string& text) {
  if (::strcasecmp(text.c_str(), "all") == 0) return std::nullopt;
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  if (!digits || text.size() > 18)
    throw Error(ErrorKind::settings, "'backups' is '" + text + "'",
                "allowed: how many backups to keep, as a whole number, 0 for none; or all");
  return std::stoll(text);
}

Backups::Backups(const RunPlace& place, std::string base, std::optional<std::int64_t> keep)
    : folder_(place.backups), base_(std::move(base)), keep_(keep) {}

void Backups::add(std::int64_t number, const Backup& backup) {
  if (keep_ == 0) return;
  std::error_code none;
  if (std::filesystem::is_directory(file(number), none)) {
    write_log(LogLevel::warning, "there is no backup number " + std::to_string(number) + ": '" +
                                     file(number).string() + "' is a folder");
    return;
  }
  write_backup(file(number), backup);
  std::int64_t kept = 0;
  const std::vector<std::int64_t> all = numbers();
  for (auto other = all.rbegin(); other != all.rend(); ++other)
    if (*other > number || (keep_ && ++kept > *keep_)) remove(*other);
}

std::optional<std::pair<std::int64_t, Backup>> Backups::newest(std::vector<std::string>& notices,
                                                               const Check& check) const {
  const std::vector<std::int64_t> all = numbers();
  for (const std::int64_t number : numbers(true))
    notices.push_back("'" + file(number).string() + "' is a folder, not a backup; it is passed over");
  for (auto number = all.rbegin(); number != all.rend(); ++number) {
    const auto pass_over = [&](const std::string& why) {
      const std::string name = file(*number).string();
      const bool named = why.find(name) != std::string::npos;
      notices.push_back(named ? why : "the backup '" + name + "' cannot be used: " + why);
    };
    try {
      Backup backup = read_backup(file(*number));
      if (check) check(*number, backup);
      return std::pair(*number, std::move(backup));
    } catch (const std::bad_alloc&) {
      pass_over("it is too large for this machine's memory");
    } catch (const c10::Error& error) {
      pass_over(error.what_without_backtrace());
    } catch (const std::exception& error) {
      pass_over(error.what());
    }
  }
  return std::nullopt;
}

void Backups::remove_all() {
  for (const std::int64_t number : numbers()) remove(number);
}

std::filesystem::path Backups::file(std::int64_t number) const {
  return folder_ / (base_ + "_" + std::to_string(number) + ".bak");
}

std::vector<std::int64_t> Backups::numbers(bool of_folders) const {
  std::vector<std::int64_t> result;
  for (const NumberedFile& file : numbered_files(folder_, ".bak"))
    if (file.base == base_ && file.is_folder == of_folders) result.push_back(file.number);
  std::sort(result.begin(), result.end());
  return result;
}

void Backups::remove(std::int64_t number) {
  std::error_code error;
  std::filesystem::remove(file(number), error);
  if (error)
    throw Error(ErrorKind::file, "cannot delete '" + file(number).string() + "': " + error.message(),
                "check its folder's permissions");
}

}  // namespace reverie::engine
