#include "engine/process_memory.h"

#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>

namespace reverie::engine {
namespace {

/// Arenas of threads besides the first are made of parts this large, each at a multiple of its size.
constexpr std::uintptr_t kHeapPart = 64 << 20;

std::uintptr_t page_size() {
  static const auto size = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

struct Mapping {
  AddressRange range;
  bool writable = false, executable = false;
  std::string name;  // a path, [heap], [stack], or empty
};

std::vector<Mapping> mappings() {
  std::vector<Mapping> result;
  std::ifstream file("/proc/self/maps");
  for (std::string line; std::getline(file, line);) {
    Mapping mapping;
    char flags[5] = "";
    int name = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx %4s %*s %*s %*s %n", &mapping.range.begin, &mapping.range.end,
                    flags, &name) < 3)
      continue;
    mapping.writable = flags[1] == 'w';
    mapping.executable = flags[2] == 'x';
    if (name > 0) mapping.name = line.substr(static_cast<std::size_t>(name));
    result.push_back(std::move(mapping));
  }
  return result;
}

bool of_malloc(const Mapping& mapping) {
  // Memory for generated code may begin at such an address by chance.
  return mapping.name == "[heap]" || (mapping.name.empty() && mapping.writable && !mapping.executable &&
                                      mapping.range.begin % kHeapPart == 0);
}

std::int64_t number_behind(const std::string& line) {
  const std::size_t digit = line.find_first_of("0123456789");
  return digit == std::string::npos ? 0 : std::stoll(line.substr(digit));
}

/// Bytes of private memory without a file that are in RAM.
std::int64_t resident_anonymous(const AddressRange& range) {
  const std::uintptr_t page = page_size();
  std::vector<unsigned char> present((range.end - range.begin + page - 1) / page);
  if (::mincore(reinterpret_cast<void*>(range.begin), range.end - range.begin, present.data()) != 0)
    return static_cast<std::int64_t>(range.end - range.begin);
  const auto count = std::count_if(present.begin(), present.end(), [](unsigned char c) { return c & 1; });
  return count * static_cast<std::int64_t>(page);
}

/// The program and the libraries that are loaded, each with its variables.
std::vector<AddressRange> objects() {
  std::vector<AddressRange> result;
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* data) {
        AddressRange range{UINTPTR_MAX, 0};
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const ElfW(Phdr)& part = info->dlpi_phdr[i];
          if (part.p_type != PT_LOAD) continue;
          range.begin = std::min<std::uintptr_t>(range.begin, info->dlpi_addr + part.p_vaddr);
          range.end = std::max<std::uintptr_t>(range.end, info->dlpi_addr + part.p_vaddr + part.p_memsz);
        }
        if (range.begin < range.end) static_cast<std::vector<AddressRange>*>(data)->push_back(range);
        return 0;
      },
      &result);
  return result;
}

bool within(const AddressRange& range, const std::vector<AddressRange>& known, std::size_t count) {
  return std::any_of(
      known.begin(), known.begin() + static_cast<std::ptrdiff_t>(count),
      [&](const AddressRange& other) { return range.begin < other.end && other.begin < range.end; });
}

}  // namespace

ProcessMemory process_memory() {
  ProcessMemory result;
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("VmRSS:", 0) == 0) result.resident = number_behind(line) * 1024;
    if (line.rfind("VmHWM:", 0) == 0) result.most = number_behind(line) * 1024;
    if (line.rfind("RssAnon:", 0) == 0) result.own = number_behind(line) * 1024;
  }
  return result;
}

std::int64_t resident_file_bytes() {
  static const int file = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  char text[128] = "";
  std::int64_t pages = 0;
  if (file < 0 || ::pread(file, text, sizeof text - 1, 0) <= 0) return 0;
  std::sscanf(text, "%*s %*s %ld", &pages);
  return pages * static_cast<std::int64_t>(page_size());
}

std::vector<AddressRange> resident_parts(const AddressRange& range) {
  static const int file = ::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  constexpr std::uint64_t kPresent = std::uint64_t{1} << 63;
  const std::uintptr_t page = page_size(), last = (range.end + page - 1) / page;
  std::vector<std::uint64_t> entries(8192);
  std::vector<AddressRange> result;
  for (std::uintptr_t first = range.begin / page; first < last;) {
    const std::size_t wanted = std::min<std::size_t>(entries.size(), last - first);
    const ssize_t got = ::pread(file, entries.data(), wanted * 8, static_cast<off_t>(first * 8));
    if (got < 8) break;
    for (ssize_t i = 0; i < got / 8; ++i, ++first) {
      if (!(entries[static_cast<std::size_t>(i)] & kPresent)) continue;
      if (result.empty() || result.back().end != first * page) result.push_back({first * page, 0});
      result.back().end = (first + 1) * page;
    }
  }
  return result;
}

std::int64_t resident_bytes(const AddressRange& range) {
  std::int64_t bytes = 0;
  for (const AddressRange& part : resident_parts(range))
    bytes += static_cast<std::int64_t>(part.end - part.begin);
  return bytes;
}

std::vector<AddressRange> program_ranges() {
  std::vector<AddressRange> result = objects();
  const std::size_t count = result.size();
  for (Mapping& mapping : mappings()) {
    const bool generated = mapping.name.empty() && mapping.executable;
    if ((generated || mapping.name == "[stack]") && !within(mapping.range, result, count))
      result.push_back(mapping.range);
  }
  return result;
}

std::vector<MappedFile> mapped_files() {
  const std::vector<AddressRange> known = objects();
  std::vector<MappedFile> result;
  for (Mapping& mapping : mappings())
    if (mapping.name.rfind('/', 0) == 0 && !within(mapping.range, known, known.size()))
      result.push_back({std::move(mapping.name), mapping.range});
  return result;
}

std::int64_t heap_in_use() {
  const struct mallinfo2 books = ::mallinfo2();
  return static_cast<std::int64_t>(books.uordblks + books.hblkhd);
}

Heap heap_memory() {
  std::int64_t untouched = 0;
  for (const Mapping& mapping : mappings())
    if (of_malloc(mapping))
      untouched += static_cast<std::int64_t>(mapping.range.end - mapping.range.begin) -
                   resident_anonymous(mapping.range);
  const struct mallinfo2 books = ::mallinfo2();
  return {static_cast<std::int64_t>(books.uordblks + books.hblkhd),
          std::max<std::int64_t>(0, static_cast<std::int64_t>(books.fordblks) - untouched)};
}

}  // namespace reverie::engine
