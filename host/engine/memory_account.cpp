#include "engine/memory_account.h"

#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>
#include <malloc.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "engine/process_memory.h"
#include "reverie/error.h"

namespace reverie::engine {
namespace {

constexpr int kProgram = 0, kRun = 1, kMost = 64;  // components; the last one counts for all further ones

/// A peak is measured again when it has grown by this much: measuring takes a millisecond or more.
constexpr double kGrowth = 1.02;
constexpr std::int64_t kLeastGrowth = 1 << 20;

struct Counter {
  std::atomic<std::int64_t> tensors{0}, most{0};
  std::int64_t other = 0, other_most = 0;  // of malloc besides tensors; under the mutex
  std::int64_t scopes = 0;                 // so far
};

using Bytes = std::array<std::int64_t, kMost>;
class Listener;

/// The books of the one account that counts. They outlive it, because tensors do.
struct Books {
  std::array<Counter, kMost> counters;
  std::atomic<std::int64_t> tensors{0};
  std::atomic<std::int64_t> next_look{0};     // of tensors, the rest of malloc, and files
  std::atomic<std::int64_t> files_in_use{0};  // when last looked at
  std::atomic<std::int64_t> other{0};         // malloc's, besides tensors, when last looked at
  std::atomic<int> current{kRun};
  std::atomic<std::uint32_t> epoch{0};  // listeners of earlier accounts do not count
  bool on_cpu = true;

  std::mutex mutex;  // of all below
  std::shared_ptr<Listener> listener;
  std::vector<std::string> names;
  std::map<std::string, int> files;  // mapped, and whose
  std::int64_t peak = 0;             // of all that is in use
  Bytes at_peak{};
  std::int64_t kept_at_peak = 0;
  std::int64_t program_most = 0;  // the system may take back what rests
};

Books& books() {
  static auto* const result = new Books;  // for ever: tensors may be freed at the program's very end
  return *result;
}

thread_local int own_component = -1;
thread_local std::unique_ptr<c10::DebugInfoGuard> own_guard;

int component_of_thread() {
  return own_component >= 0 ? own_component : books().current.load(std::memory_order_relaxed);
}

void raise(std::atomic<std::int64_t>& most, std::int64_t value) {
  std::int64_t before = most.load(std::memory_order_relaxed);
  while (value > before && !most.compare_exchange_weak(before, value, std::memory_order_relaxed)) {
  }
}

int index_of(Books& b, std::string_view name) {
  const auto found = std::find(b.names.begin(), b.names.end(), name);
  if (found != b.names.end()) return static_cast<int>(found - b.names.begin());
  if (b.names.size() >= kMost) return kMost - 1;
  b.names.emplace_back(name);
  return static_cast<int>(b.names.size()) - 1;
}

/// Books the change of malloc's memory without tensors, since the last call, to the present
/// component.
void settle(Books& b) {
  const std::int64_t now = heap_in_use() - b.tensors.load();
  Counter& counter = b.counters[static_cast<std::size_t>(b.current.load())];
  counter.other += now - b.other.load();
  if (counter.other < 0) {  // it freed what others took: loading, mostly
    b.counters[kProgram].other += counter.other;
    counter.other = 0;
  }
  counter.other_most = std::max(counter.other_most, counter.other);
  b.other = now;
  b.files_in_use = resident_file_bytes();
}

Bytes mapped_bytes(Books& b) {
  Bytes result{};
  for (const MappedFile& file : mapped_files()) {
    const auto owner = b.files.find(file.path);
    const int component = owner != b.files.end() ? owner->second : kProgram;
    result[static_cast<std::size_t>(component)] += resident_bytes(file.range);
  }
  return result;
}

std::int64_t program_bytes() {
  std::int64_t bytes = 0;
  for (const AddressRange& range : program_ranges()) bytes += resident_bytes(range);
  return bytes;
}

/// Notes who has how much if that is more than ever before.
void look_at_peak(Books& b) {
  settle(b);
  Bytes bytes = mapped_bytes(b);
  std::int64_t total = 0;
  for (std::size_t i = 0; i < kMost; ++i) {
    bytes[i] += b.counters[i].tensors.load() + b.counters[i].other;
    total += bytes[i];
  }
  const std::int64_t in_use = b.tensors.load() + b.other.load() + b.files_in_use.load();
  b.next_look =
      std::max(static_cast<std::int64_t>(static_cast<double>(in_use) * kGrowth), in_use + kLeastGrowth);
  if (total <= b.peak) return;
  b.peak = total;
  b.at_peak = bytes;
  b.kept_at_peak = heap_memory().kept;
}

void taken(int component, std::int64_t bytes) {
  Books& b = books();
  Counter& counter = b.counters[static_cast<std::size_t>(component)];
  raise(counter.most, counter.tensors.fetch_add(bytes, std::memory_order_relaxed) + bytes);
  const std::int64_t all = b.tensors.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  if (!b.on_cpu ||
      all + b.other.load(std::memory_order_relaxed) + b.files_in_use.load(std::memory_order_relaxed) <
          b.next_look.load(std::memory_order_relaxed))
    return;
  if (const std::unique_lock lock(b.mutex, std::try_to_lock); lock) look_at_peak(b);
}

void given_back(int component, std::int64_t bytes) {
  Books& b = books();
  b.counters[static_cast<std::size_t>(component)].tensors.fetch_sub(bytes, std::memory_order_relaxed);
  b.tensors.fetch_sub(bytes, std::memory_order_relaxed);
}

/// Hears what LibTorch's allocators do on the threads that it is given to, and on those that work for them.
class Listener final : public c10::MemoryReportingInfoBase {
 public:
  Listener(c10::Device device, std::uint32_t epoch) : device_(device), epoch_(epoch) {}

  void reportMemoryUsage(void* block, std::int64_t change, std::size_t, std::size_t reserved,
                         c10::Device device) override {
    if (device != device_ || epoch_ != books().epoch.load()) return;
    reserved_ = static_cast<std::int64_t>(reserved);
    const std::lock_guard lock(mutex_);
    // A block may also be freed unnoticed, on a thread without a listener; its address is then used again.
    if (const auto found = blocks_.find(block); found != blocks_.end()) {
      given_back(found->second.component, found->second.bytes);
      blocks_.erase(found);
    }
    if (change <= 0) return;
    const Block taken_now{device.is_cpu() ? set_aside_for(block) : change, component_of_thread()};
    blocks_[block] = taken_now;
    taken(taken_now.component, taken_now.bytes);
    if (!device.is_cpu()) note_peak();
  }
  bool memoryProfilingEnabled() const override { return true; }

  /// By a GPU's allocator.
  std::int64_t reserved() const { return reserved_; }

 private:
  struct Block {
    std::int64_t bytes;
    int component;
  };

  /// LibTorch's blocks are malloc's, and so are the figures that they are taken from.
  static std::int64_t set_aside_for(void* block) {
    constexpr std::int64_t kBookkeeping = sizeof(std::size_t);  // malloc's own, in front of each block
    return static_cast<std::int64_t>(::malloc_usable_size(block)) + kBookkeeping;
  }

  void note_peak() {
    Books& b = books();
    const std::lock_guard lock(b.mutex);
    if (b.tensors.load() <= b.peak) return;
    for (std::size_t i = 0; i < kMost; ++i) b.at_peak[i] = b.counters[i].tensors.load();
    b.kept_at_peak = std::max<std::int64_t>(0, reserved_ - b.tensors.load());
    b.peak = b.tensors.load();
  }

  const c10::Device device_;
  const std::uint32_t epoch_;
  std::mutex mutex_;
  std::unordered_map<void*, Block> blocks_;
  std::atomic<std::int64_t> reserved_{0};
};

/// As long as it lives, on this thread.
std::unique_ptr<c10::DebugInfoGuard> listens(std::shared_ptr<Listener> listener) {
  return std::make_unique<c10::DebugInfoGuard>(c10::DebugInfoKind::PROFILER_STATE, std::move(listener));
}

}  // namespace

std::atomic<bool> MemoryScope::counting_{false}, MemoryScope::watched_{false};

namespace {

constexpr int kUncounted = std::numeric_limits<int>::max();

/// malloc's books take a while to read, and what happens in each step soon takes no more than before.
bool is_settled(const Books& b, int component) {
  constexpr std::int64_t kAlways = 20, kSeldom = 16;
  const std::int64_t scopes = b.counters[static_cast<std::size_t>(component)].scopes;
  return b.on_cpu && (scopes <= kAlways || scopes % kSeldom == 0);
}

}  // namespace

void write_activity_to(ActivityPage& page) {
  activity_page = &page;
  MemoryScope::watched_ = true;
}

int MemoryScope::enter(std::string_view component) {
  if (activity_page) activity_page->enter(component);
  if (!counting()) return kUncounted;
  Books& b = books();
  const std::lock_guard lock(b.mutex);
  const int index = index_of(b, component);
  if (own_component >= 0) return std::exchange(own_component, index);
  ++b.counters[static_cast<std::size_t>(index)].scopes;
  if (is_settled(b, index)) settle(b);
  return b.current.exchange(index);
}

void MemoryScope::leave(int before) {
  if (activity_page) activity_page->leave();
  if (before == kUncounted) return;
  if (own_component >= 0) {
    own_component = before;
    return;
  }
  Books& b = books();
  const std::lock_guard lock(b.mutex);
  if (is_settled(b, b.current.load())) {
    settle(b);
    if (b.tensors.load() + b.other.load() + b.files_in_use.load() >= b.next_look.load()) look_at_peak(b);
  }
  b.current = before;
}

void own_memory_of_thread(std::string_view component) {
  if (!MemoryScope::counting()) return;
  Books& b = books();
  const std::lock_guard lock(b.mutex);
  own_component = index_of(b, component);
  own_guard = listens(b.listener);
}

void claim_mapped_file(const std::filesystem::path& file) {
  if (!MemoryScope::counting()) return;
  std::error_code gone;
  const std::string path = std::filesystem::canonical(file, gone).string();
  Books& b = books();
  const std::lock_guard lock(b.mutex);
  if (!gone) b.files[path] = b.current.load();
}

namespace {

void open_books(Books& b, bool on_cpu) {
  ++b.epoch;
  for (Counter& counter : b.counters) {
    counter.tensors = counter.most = 0;
    counter.other = counter.other_most = counter.scopes = 0;
  }
  b.tensors = b.next_look = b.other = b.files_in_use = 0;
  b.names = {kProgramMemory, "the run itself"};
  b.files.clear();
  b.peak = b.kept_at_peak = 0;
  b.at_peak = {};
  b.on_cpu = on_cpu;
  b.current = kProgram;
  if (on_cpu) settle(b);  // books all that exists by now
  b.program_most = on_cpu ? program_bytes() : 0;
  b.current = kRun;
}

}  // namespace

MemoryAccount::MemoryAccount() {
  if (MemoryScope::counting_.exchange(true))
    throw Error(ErrorKind::unsupported, "another run counts its memory; one at a time can");
  MemoryScope::watched_ = true;
  count_on(c10::kCPU);
}

void MemoryAccount::count_on(c10::Device device) {
  Books& b = books();
  const std::lock_guard lock(b.mutex);
  if (b.listener && device.is_cpu()) return;
  open_books(b, device.is_cpu());
  b.listener = std::make_shared<Listener>(device, b.epoch.load());
  guard_.reset();  // first, because they nest
  guard_ = listens(b.listener);
}

MemoryAccount::~MemoryAccount() {
  guard_.reset();
  MemoryScope::counting_ = false;
  MemoryScope::watched_ = activity_page != nullptr;
  const std::lock_guard lock(books().mutex);
  books().listener.reset();
}

MemoryAccount::Report MemoryAccount::report() {
  Books& b = books();
  const std::lock_guard lock(b.mutex);
  Bytes now{};
  std::int64_t kept = 0, program = 0;
  if (!b.on_cpu) {
    kept = std::max<std::int64_t>(0, b.listener->reserved() - b.tensors.load());
  } else {
    look_at_peak(b);
    now = mapped_bytes(b);
    kept = heap_memory().kept;
    program = program_bytes();
    b.program_most = std::max(b.program_most, program);
  }
  std::int64_t total = kept;
  for (std::size_t i = 0; i < b.names.size(); ++i) {
    now[i] += b.counters[i].tensors.load() + b.counters[i].other;
    total += now[i];
  }
  // More may be kept by now than was there when most was in use: blocks that fit no hole came on top.
  b.kept_at_peak = std::max(b.kept_at_peak, total - b.peak);
  Report report;
  for (std::size_t i = 0; i < b.names.size(); ++i) {
    const Counter& counter = b.counters[i];
    const std::int64_t most = counter.most.load() + counter.other_most;
    report.lines.push_back({b.names[i], now[i], std::max({most, now[i], b.at_peak[i]}), b.at_peak[i]});
  }
  Line& own = report.lines[kProgram];
  own.now += program;
  own.at_peak += b.program_most;
  own.most += b.program_most;
  // The largest first; what no component can help comes last.
  std::rotate(report.lines.begin(), report.lines.begin() + 1, report.lines.end());
  std::sort(report.lines.begin(), report.lines.end() - 1,
            [](const Line& a, const Line& c) { return a.at_peak > c.at_peak; });
  report.lines.insert(report.lines.end() - 1,
                      {kKeptMemory, kept, std::max(kept, b.kept_at_peak), b.kept_at_peak});
  std::erase_if(report.lines, [](const Line& line) { return line.most == 0; });
  for (const Line& line : report.lines) {
    report.now += line.now;
    report.at_peak += line.at_peak;
  }
  if (b.on_cpu) {
    const ProcessMemory process = process_memory();
    report.process_now = process.resident;
    report.process_most = process.most;
  }
  return report;
}

}  // namespace reverie::engine
