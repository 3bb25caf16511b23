// Whole runs on a card. Without one, everything here is skipped.

#include <ATen/ATen.h>

#include "cli/real_program.h"
#include "support/device.h"

namespace reverie::test {
namespace {

struct RunsOnCard : testing::Test {
  void SetUp() override {
    if (!there_is_a_card()) GTEST_SKIP() << "there is no card";
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

TEST_F(RunsOnCard, DeterministicAlgorithmsGiveTheSameBytesOrNameTheOperator) {
  for (const char* border : {"clamp", "mirror", "smear"}) {
    const Scratch one, other;
    for (const Scratch* folder : {&one, &other}) {
      const Outcome outcome = render(
          folder->path(),
          tiny("a red heart", {"device=cuda", "deterministic=true", std::string("border_mode=") + border}));
      if (outcome.status != 0) {
        EXPECT_TRUE(holds(outcome.err, "LibTorch's operator '") && holds(outcome.err, "deterministic=false"))
            << outcome.err;
        EXPECT_STRNE(border, "clamp") << outcome.err;
        break;
      }
      if (folder == &other) {
        EXPECT_EQ(last_picture(one.path()), last_picture(other.path())) << border;
      }
    }
  }
}

TEST_F(RunsOnCard, RecordedStepsAreUsedWhereTheProgramHasThem) {
  const Scratch folder;
  const Outcome outcome = render(folder.path(), tiny("a red heart", {"device=cuda", "cuda_graphs=true"}));
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_FALSE(holds(outcome.err, "cannot be used")) << outcome.err;
}

/// 4 million cutouts of 64 x 64 take 200 GB.
TEST_F(RunsOnCard, OutOfMemoryIsOneMessageThatSaysWhatWouldFit) {
  const Scratch folder;
  const Outcome outcome = render(folder.path(), tiny("a red heart", {"device=cuda", "cutouts=4000000"}));
  EXPECT_EQ(outcome.status, 1);
  EXPECT_TRUE(holds(outcome.err, "do not fit into the memory of cuda:0") &&
              holds(outcome.err, "gradient_accumulation_steps=2 takes 2000000"))
      << outcome.err;
}

TEST_F(RunsOnCard, TwoRanksOnOneCardMakeTheSameBytesAsOne) {
  const Scratch one, two;
  const Words words = tiny("a red heart", {"device=cuda", "cutouts=19", "save_every=4"});
  for (const auto& [folder, ranks] : {std::pair{&one, "1"}, {&two, "2"}}) {
    Words all = words;
    all.insert(all.end(), {"--ranks", ranks});
    const Outcome outcome = render(folder->path(), all);
    ASSERT_EQ(outcome.status, 0) << outcome.err;
  }
  EXPECT_EQ(last_picture(one.path()), last_picture(two.path()));
}

}  // namespace
}  // namespace reverie::test
