#pragma once
// What the operating system and malloc say of this process' memory. Linux and glibc.

#include <cstdint>
#include <string>
#include <vector>

namespace reverie::engine {

/// All in bytes; 0 where the kernel does not say.
struct ProcessMemory {
  std::int64_t resident = 0;  ///< in RAM now (VmRSS)
  std::int64_t most = 0;      ///< at most so far (VmHWM)
  std::int64_t own = 0;       ///< of what is in RAM now, the part that no file backs (RssAnon)
};
ProcessMemory process_memory();

/// A part of the address space.
struct AddressRange {
  std::uintptr_t begin = 0, end = 0;
};

/// Bytes of files in RAM for this process: the program's, its libraries', and of weights. Quick.
std::int64_t resident_file_bytes();

/// Its pages that are in RAM for this process; those that only the file cache holds are not.
std::vector<AddressRange> resident_parts(const AddressRange& range);
std::int64_t resident_bytes(const AddressRange& range);

/// Where the program, its libraries and their variables lie, code that was generated, and the main stack.
std::vector<AddressRange> program_ranges();

/// Files besides those that are mapped into memory: weights.
struct MappedFile {
  std::string path;
  AddressRange range;
};
std::vector<MappedFile> mapped_files();

/// What malloc has taken from the system, what of it is in use, and what it keeps for later and is in RAM:
/// freed pages that were never touched, or were given back, take none.
struct Heap {
  std::int64_t in_use = 0, kept = 0;
};
Heap heap_memory();

/// Heap::in_use alone, which is much quicker.
std::int64_t heap_in_use();

}  // namespace reverie::engine
