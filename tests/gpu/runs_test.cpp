// Whole runs on a card. Without one, everything here is skipped.

#include <ATen/ATen.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include "cli/real_program.h"

namespace reverie::test {
namespace {

struct RunsOnCard : testing::Test {
  void SetUp() override {
    if (!at::hasCUDA() || at::detail::getCUDAHooks().deviceCount() == 0) GTEST_SKIP() << "there is no card";
  }
};

std::vector<unsigned char> last_picture(const fs::path& folder) {
  fs::path last;
  for (const auto& entry : fs::directory_iterator(folder / "images_out/default"))
    if (entry.path().extension() == ".png" && (last.empty() || entry.path() > last)) last = entry.path();
  return read_png(last).pixels;
}

TEST_F(RunsOnCard, TheSameSeedGivesTheSameBytes) {
  const Scratch one, other;
  for (const Scratch* folder : {&one, &other}) {
    const Outcome outcome = render(folder->path(), tiny("a red heart", {"device=cuda", "save_every=4"}));
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.err.find("does not agree with LibTorch's operators"), std::string::npos) << outcome.err;
  }
  EXPECT_EQ(last_picture(one.path()), last_picture(other.path()));
}

TEST_F(RunsOnCard, AnInterruptedRunGoesOnToTheSameBytes) {
  const Words settings =
      tiny("a red heart", {"device=cuda", "save_every=2", "steps_per_scene=6", "backups=all"});
  const Scratch whole, part;
  ASSERT_EQ(render(whole.path(), settings).status, 0);
  ASSERT_EQ(render(part.path(), settings).status, 0);
  // As if it had ended after its second picture.
  fs::path last;
  for (const auto& entry : fs::recursive_directory_iterator(part / "backup"))
    if (entry.path().extension() == ".bak" && (last.empty() || entry.path() > last)) last = entry.path();
  ASSERT_FALSE(last.empty());
  fs::remove(last);
  Words again = settings;
  again.push_back("restore=true");
  const Outcome outcome = render(part.path(), again);
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(last_picture(whole.path()), last_picture(part.path()));
}

}  // namespace
}  // namespace reverie::test
