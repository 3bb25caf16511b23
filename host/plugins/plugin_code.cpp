#include "plugins/plugin_code.h"

#include <link.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>

namespace reverie {
namespace {

/// Where the code of a plugin lies.
struct PluginCode {
  const char* name;
  const char *begin, *end;
  std::atomic<bool> used{false};  // an instance was created
};

constexpr std::size_t kMost = 512;  // of more plugins than this, the rest is not named
PluginCode codes[kMost];
std::atomic<std::size_t> count{0};

struct Search {
  const char* inside;
  const char *begin = nullptr, *end = nullptr;  // of what can be executed
};

int look_at_library(dl_phdr_info* info, std::size_t, void* found) {
  Search& search = *static_cast<Search*>(found);
  bool here = false;
  const char *begin = nullptr, *end = nullptr;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& part = info->dlpi_phdr[i];
    if (part.p_type != PT_LOAD) continue;
    const auto* from = reinterpret_cast<const char*>(info->dlpi_addr + part.p_vaddr);
    const char* to = from + part.p_memsz;
    here = here || (search.inside >= from && search.inside < to);
    if (!(part.p_flags & PF_X)) continue;
    begin = begin ? std::min(begin, from) : from;
    end = std::max(end, to);
  }
  if (!here) return 0;
  search.begin = begin;
  search.end = end;
  return 1;
}

PluginCode* code_at(const void* address) {
  const auto* byte = static_cast<const char*>(address);
  PluginCode* const end = codes + count.load();
  PluginCode* const found =
      std::find_if(codes, end, [&](const PluginCode& code) { return byte >= code.begin && byte < code.end; });
  return found == end ? nullptr : found;
}

}  // namespace

void remember_code(const std::string& name, const void* inside) {
  const std::size_t index = count.load();
  Search search{static_cast<const char*>(inside)};
  if (index == kMost || ::dl_iterate_phdr(look_at_library, &search) == 0) return;
  if (!search.begin || code_at(search.begin)) return;
  codes[index].name = ::strdup(name.c_str());  // never freed: as long as the library, which is for ever
  codes[index].begin = search.begin;
  codes[index].end = search.end;
  count = index + 1;
}

void mark_code_used(const void* function) {
  if (PluginCode* code = code_at(function)) code->used = true;
}

const char* plugin_at(const void* address) {
  const PluginCode* code = code_at(address);
  return code ? code->name : nullptr;
}

const char* plugin_on_stack() {
  // Return addresses lie there, among other things. The kernel reads, because nobody knows where the stack
  // ends.
  constexpr std::size_t kPages = 64, kPage = 4096;
  std::uintptr_t words[kPage / sizeof(std::uintptr_t)];
  auto from = reinterpret_cast<std::uintptr_t>(words + std::size(words));
  for (std::size_t page = 0; page < kPages; ++page) {
    const std::size_t size = kPage - from % kPage;
    const iovec here{words, size}, there{reinterpret_cast<void*>(from), size};
    const ssize_t read = ::process_vm_readv(::getpid(), &here, 1, &there, 1, 0);
    if (read <= 0) return nullptr;
    for (std::size_t i = 0; i < static_cast<std::size_t>(read) / sizeof words[0]; ++i)
      if (const char* name = plugin_at(reinterpret_cast<const void*>(words[i]))) return name;
    from += size;
  }
  return nullptr;
}

const char* used_plugin(std::size_t index) {
  for (std::size_t i = 0; i < count.load(); ++i)
    if (codes[i].used && index-- == 0) return codes[i].name;
  return nullptr;
}

}  // namespace reverie
