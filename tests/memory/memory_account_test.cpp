// The figures of an account against what a test itself takes.
#include <ATen/ATen.h>
#include <c10/core/Allocator.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <fstream>
#include <thread>

#include "engine/memory_account.h"
#include "engine/memory_report.h"
#include "engine/process_memory.h"
#include "reverie/error.h"
#include "support/scratch.h"
#include "weights/mapping.h"

namespace reverie {
namespace {

constexpr std::int64_t kMega = 1'000'000;
constexpr double kNear = 0.1 * kMega;  // labels, pages, what the standard library keeps

at::Tensor megabytes(std::int64_t count) { return at::ones({count * kMega}, at::kByte); }

engine::MemoryAccount::Line line(engine::MemoryAccount& account, const std::string& component) {
  for (const engine::MemoryAccount::Line& line : account.report().lines)
    if (line.component == component) return line;
  return {component, 0, 0, 0};
}

double now(engine::MemoryAccount& account, const std::string& component) {
  return static_cast<double>(line(account, component).now);
}

TEST(MemoryAccount, TensorsBelongToTheScopeThatTookThem) {
  engine::MemoryAccount account;
  at::Tensor first, second;
  {
    const engine::MemoryScope scope("first");
    first = megabytes(30);
    {
      const engine::MemoryScope inner("second");
      second = megabytes(7);
    }
    first = at::cat({first, megabytes(5)});
  }
  EXPECT_NEAR(now(account, "first"), 35 * kMega, kNear);
  EXPECT_NEAR(now(account, "second"), 7 * kMega, kNear);
  const engine::MemoryScope elsewhere("second");
  first = at::Tensor();  // whoever frees it
  EXPECT_NEAR(now(account, "first"), 0, kNear);
  EXPECT_NEAR(now(account, "second"), 7 * kMega, kNear);
  EXPECT_NEAR(static_cast<double>(line(account, "first").most), 70 * kMega, kNear) << "30, 5, and both";
}

TEST(MemoryAccount, WhatIsNoTensorCountsToo) {
  engine::MemoryAccount account;
  std::vector<char> buffer;
  {
    const engine::MemoryScope scope("encoder");
    buffer.assign(20 * kMega, 1);
  }
  EXPECT_NEAR(now(account, "encoder"), 20 * kMega, kNear);
  {
    const engine::MemoryScope scope("encoder");
    std::vector<char>().swap(buffer);
  }
  EXPECT_NEAR(now(account, "encoder"), 0, kNear);
}

TEST(MemoryAccount, OtherThreadsWorkForTheScopeOrForThemselves) {
  engine::MemoryAccount account;
  at::Tensor of_scope, of_thread;
  const engine::MemoryScope scope("scope");
  std::thread([&] { of_scope = megabytes(11); }).join();
  std::thread([&] {
    engine::own_memory_of_thread("viewer");
    of_thread = megabytes(13);
  }).join();
  EXPECT_NEAR(now(account, "scope"), 11 * kMega, kNear);
  EXPECT_NEAR(now(account, "viewer"), 13 * kMega, kNear);
}

TEST(MemoryAccount, ThePeakTellsWhoHadWhatThen) {
  engine::MemoryAccount account;
  {
    const engine::MemoryScope scope("early");
    const at::Tensor gone = megabytes(60);
  }
  at::Tensor kept;
  {
    const engine::MemoryScope scope("late");
    kept = megabytes(50);
    const at::Tensor gone = megabytes(300);
  }
  const engine::MemoryAccount::Report report = account.report();
  EXPECT_NEAR(static_cast<double>(line(account, "late").at_peak), 350 * kMega, 0.02 * 350 * kMega);
  EXPECT_NEAR(static_cast<double>(line(account, "early").at_peak), 0, kNear);
  EXPECT_NEAR(static_cast<double>(line(account, "early").most), 60 * kMega, kNear);
  EXPECT_GE(report.at_peak, report.now);
}

TEST(MemoryAccount, MappedFilesBelongToWhoAskedForThemAsFarAsTheyAreRead) {
  const test::Scratch scratch;
  const auto path = scratch / "weights.bin";
  std::ofstream(path) << std::string(40 * kMega, 'w');
  engine::MemoryAccount account;
  const engine::MemoryScope scope("reader");
  engine::claim_mapped_file(path);
  const weights::Mapping file(path);
  EXPECT_LT(now(account, "reader"), kMega);
  char sum = 0;
  for (std::int64_t i = 0; i < 20 * kMega; i += 512) sum = static_cast<char>(sum + file.data()[i]);
  EXPECT_NE(sum, 1);
  EXPECT_NEAR(now(account, "reader"), 20 * kMega, 3 * kMega) << "the kernel maps some pages ahead";
}

TEST(MemoryAccount, TheSumIsWhatTheKernelSays) {
  engine::MemoryAccount account;
  std::vector<at::Tensor> held;
  std::vector<std::string> others;
  for (int i = 0; i < 40; ++i) {
    const engine::MemoryScope scope("holder " + std::to_string(i % 4));
    held.push_back(megabytes(1 + i % 7));
    others.emplace_back(100'000 + 1000 * i, 'x');
  }
  for (std::size_t i = 0; i < held.size(); i += 2) held[i] = at::Tensor();
  const engine::MemoryAccount::Report report = account.report();
  const auto process = static_cast<double>(report.process_now);
  EXPECT_GT(process, 50 * kMega);
  EXPECT_NEAR(static_cast<double>(report.now), process, 0.1 * process);
}

TEST(MemoryAccount, BlocksMayOutliveTheAccount) {
  at::Tensor survivor;
  {
    engine::MemoryAccount account;
    const engine::MemoryScope scope("one");
    survivor = megabytes(9);
  }
  EXPECT_EQ(survivor.sum().item<std::int64_t>(), 9 * kMega);
  const at::Tensor unlabelled = megabytes(1);
  engine::MemoryAccount account;
  const engine::MemoryScope scope("one");
  const at::Tensor mine = megabytes(4);
  survivor = at::Tensor();
  EXPECT_NEAR(now(account, "one"), 4 * kMega, kNear);
  EXPECT_THROW(engine::MemoryAccount second, Error);
  EXPECT_NEAR(now(account, "one"), 4 * kMega, kNear) << "the refused one has changed nothing";
}

/// No GPU is needed: LibTorch's allocators report their blocks in this way.
TEST(MemoryAccount, OnAGpuItHearsItsAllocator) {
  const c10::Device gpu(c10::kCUDA, 0), other(c10::kCUDA, 1);
  std::vector<char> blocks(4);
  std::size_t total = 0;
  const auto tell = [&](int block, std::int64_t bytes, c10::Device device) {
    total = static_cast<std::size_t>(static_cast<std::int64_t>(total) + bytes);
    c10::reportMemoryUsageToProfiler(&blocks[static_cast<std::size_t>(block)], bytes, total, 100 * kMega,
                                     device);
  };
  engine::MemoryAccount account;
  account.count_on(gpu);
  {
    const engine::MemoryScope scope("network");
    tell(0, 30 * kMega, gpu);
    tell(1, 20 * kMega, other);
    const at::Tensor on_cpu = megabytes(5);
    EXPECT_EQ(line(account, "network").now, 30 * kMega);
  }
  {
    const engine::MemoryScope scope("cutouts");
    tell(2, 40 * kMega, gpu);
    tell(2, -40 * kMega, gpu);
    tell(3, 10 * kMega, gpu);
  }
  EXPECT_EQ(line(account, "network").now, 30 * kMega);
  EXPECT_EQ(line(account, "cutouts").now, 10 * kMega);
  EXPECT_EQ(line(account, "cutouts").at_peak, 40 * kMega);
  EXPECT_EQ(line(account, engine::kKeptMemory).now, 60 * kMega);
  EXPECT_EQ(account.report().now, 100 * kMega) << "all that the allocator has reserved";
}

TEST(ProcessMemory, FreedMemoryIsKeptAsFarAsItWasTouched) {
  const engine::Heap before = engine::heap_memory();
  constexpr std::size_t kPieces = 400, kPiece = 100'000;
  std::vector<std::vector<char>> pieces;
  for (std::size_t i = 0; i < kPieces; ++i) pieces.emplace_back(kPiece, 'p');
  const engine::Heap full = engine::heap_memory();
  EXPECT_NEAR(static_cast<double>(full.in_use - before.in_use), 40 * kMega, kMega);
  const std::vector<char> last(kPiece, 'l');  // so that the heap's end cannot be given back
  pieces.clear();
  const engine::Heap freed = engine::heap_memory();
  EXPECT_NEAR(static_cast<double>(freed.in_use), static_cast<double>(before.in_use), kMega);
  EXPECT_NEAR(static_cast<double>(freed.kept - full.kept), 40 * kMega, kMega);
}

TEST(ProcessMemory, OnlyPagesThatWereTouchedAreResident) {
  constexpr std::size_t kBytes = 64 << 20;
  void* const memory = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  ::madvise(memory, kBytes, MADV_NOHUGEPAGE);
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  const engine::AddressRange range{begin, begin + kBytes};
  EXPECT_EQ(engine::resident_bytes(range), 0);
  const std::int64_t before = engine::process_memory().resident;
  std::fill_n(static_cast<char*>(memory) + (8 << 20), 16 << 20, 'x');
  EXPECT_EQ(engine::resident_bytes(range), 16 << 20);
  const auto parts = engine::resident_parts(range);
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(parts[0].begin, begin + (8 << 20));
  EXPECT_NEAR(static_cast<double>(engine::process_memory().resident - before), 16 << 20, kMega);
  EXPECT_GE(engine::process_memory().most, engine::process_memory().resident);
  ::munmap(memory, kBytes);
}

TEST(MemoryReport, BytesAreShortAndRounded) {
  EXPECT_EQ(engine::bytes_text(0), "0 kB");
  EXPECT_EQ(engine::bytes_text(512'400), "512 kB");
  EXPECT_EQ(engine::bytes_text(999'700), "1.0 MB");
  EXPECT_EQ(engine::bytes_text(12'345'678), "12 MB");
  EXPECT_EQ(engine::bytes_text(9'940'000'000), "9.9 GB");
}

}  // namespace
}  // namespace reverie
