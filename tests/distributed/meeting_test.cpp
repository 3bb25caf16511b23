// Ranks of which one ends before all have met.

#include <gtest/gtest.h>

#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>

#include "distributed/ranks.h"
#include "support/scratch.h"

namespace reverie::distributed {
namespace {

/// What rank 0 of two says when it cannot meet rank 1.
std::string said_without_rank_1(const std::filesystem::path& store) {
  RankEnvironment environment;
  environment.count = 2;
  environment.store_file = store;
  try {
    const Ranks ranks(environment);
  } catch (const RankLost& error) {
    return error.what();
  }
  return "nothing";
}

TEST(Meeting, ends_when_a_rank_ends_before_it_comes) {
  const test::Scratch scratch;
  note_end(scratch / "store", 1, "it was ended by SIGKILL");
  EXPECT_EQ(said_without_rank_1(scratch / "store"), "rank 1 of 2 has ended: it was ended by SIGKILL");
}

/// Gloo then waits for its address.
TEST(Meeting, ends_when_a_rank_ends_after_it_has_come) {
  const test::Scratch scratch;
  const auto file = c10::make_intrusive<c10d::FileStore>((scratch / "store").string(), -1);
  c10d::PrefixStore("reverie", file).set("who.1", std::string("there, process 7"));
  note_end(scratch / "store", 1, "it was ended by SIGKILL");
  EXPECT_EQ(said_without_rank_1(scratch / "store"),
            "rank 1 of 2 (there, process 7) has ended: it was ended by SIGKILL");
}

}  // namespace
}  // namespace reverie::distributed
