// How the program's threads wait for each other, by libgomp's own report.

#include "cli/real_program.h"

namespace reverie::test {
namespace {

/// What libgomp says of itself when it is loaded, with these variables set.
std::string openmp(const Words& variables) {
  const Scratch scratch;
  Words words = {"/usr/bin/env",    "-u", "OMP_NUM_THREADS", "-u",
                 "OMP_WAIT_POLICY", "-u", "GOMP_SPINCOUNT",  "OMP_DISPLAY_ENV=verbose"};
  words.insert(words.end(), variables.begin(), variables.end());
  words.insert(words.end(), {REVERIE_PROGRAM, "--version"});
  const Outcome outcome = run(words, scratch.path());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.out, "reverie ")) << outcome.out;
  return outcome.err;
}

TEST(WaitPolicy, IsAShortWaitUnlessSomebodyHasChosen) {
  EXPECT_TRUE(holds(openmp({}), "GOMP_SPINCOUNT = '1000'")) << openmp({});
  EXPECT_TRUE(holds(openmp({"OMP_NUM_THREADS=2"}), "GOMP_SPINCOUNT = '1000'"));
  EXPECT_TRUE(holds(openmp({"OMP_WAIT_POLICY=active"}), "OMP_WAIT_POLICY = 'ACTIVE'"));
  EXPECT_FALSE(holds(openmp({"OMP_WAIT_POLICY=active"}), "GOMP_SPINCOUNT = '1000'"));
  EXPECT_TRUE(holds(openmp({"GOMP_SPINCOUNT=77"}), "GOMP_SPINCOUNT = '77'"));
}

TEST(WaitPolicy, IsChosenBeforeTheLibraryIsLoadedForGood) {
  const std::string said = openmp({});
  EXPECT_EQ(said.find("OPENMP DISPLAY ENVIRONMENT BEGIN"), said.rfind("OPENMP DISPLAY ENVIRONMENT BEGIN"))
      << "loaded once, not twice";
}

TEST(WaitPolicy, LeavesTheCommandLineAsItWas) {
  const Scratch scratch;
  const Outcome outcome = run({"/usr/bin/env", "-u", "OMP_NUM_THREADS", REVERIE_PROGRAM, "config",
                               "scenes=a  b 'c' \"d\" $HOME", "seed=1"},
                              scratch.path());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.out, "scenes: \"a  b 'c' \\\"d\\\" $HOME\"")) << outcome.out;
}

}  // namespace
}  // namespace reverie::test
