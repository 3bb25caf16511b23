// reverie plugins test: what it says of plugins that keep their promises, and of those that break them.

#include "conformance/report.h"
#include "fixtures/plugins_under_test.h"
#include "support/process.h"

namespace reverie::test {
namespace {

Outcome tested(const fs::path& library, const std::vector<std::string>& more = {}) {
  std::vector<std::string> command = {REVERIE_PROGRAM, "plugins", "test", library.string()};
  command.insert(command.end(), more.begin(), more.end());
  return run(command, "/");
}

Outcome faulty_model(const std::string& fault, const std::vector<std::string>& more = {}) {
  std::vector<std::string> words = {"model_fault=" + fault};
  words.insert(words.end(), more.begin(), more.end());
  return tested(kFixtures / "faulty/image_models/faulty_model.so", words);
}

void expect(const Outcome& outcome, const std::string& words) {
  EXPECT_NE(outcome.out.find(words), std::string::npos) << "'" << words << "' in:\n"
                                                        << outcome.out << outcome.err;
}

TEST(PluginsTest, PassesASoundPlugin) {
  const Outcome outcome = tested(kFixtures / "reference/image_models/soft_grid.so");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  expect(outcome, "image_models/soft_grid 1.0: a coarse grid of colours, enlarged smoothly\n");
  expect(outcome, "PASSED: ");
}

TEST(PluginsTest, FindsTheKindOfALibraryThatLiesAnywhere) {
  TemporaryFolder folder;
  fs::copy_file(kFixtures / "reference/losses/mean_colour.so", folder / "mean_colour.so");
  const Outcome outcome = tested(folder / "mean_colour.so");
  EXPECT_EQ(outcome.status, 0) << outcome.out;
  expect(outcome, "losses/mean_colour 1.0");
}

TEST(PluginsTest, SaysWhatCameAndWhatTheHeaderPromises) {
  const Outcome outcome = faulty_model("four channels");
  EXPECT_EQ(outcome.status, 1);
  expect(outcome,
         "decode(): it gave float32 [1, 4, 48, 64] on cpu; image_model.h promises float32 [1, 3, H, W] on "
         "cpu\n");
  expect(outcome, "FAILED: ");
}

TEST(PluginsTest, SaysWhichPromiseATestIsAbout) {
  const Outcome outcome = faulty_model("none");
  EXPECT_EQ(outcome.status, 1);
  expect(outcome,
         "load_state(): it gave an Error(plugin), not an Error(model) (an empty state)\n"
         "    image_model.h promises: throws Error(model) when the state does not fit\n");
}

TEST(PluginsTest, NamesParametersThatAreNeverRead) {
  const Outcome outcome = faulty_model("unread");
  EXPECT_EQ(outcome.status, 1);
  expect(outcome, "never_read is declared but never read\n");
}

TEST(PluginsTest, SurvivesCrashesAndExitsAndTestsTheRest) {
  const Outcome crash = faulty_model("crash in decode");
  EXPECT_EQ(crash.status, 1);
  expect(crash, "decode(): it crashed: a segmentation fault\n");
  const Outcome exit = faulty_model("exit in decode");
  EXPECT_EQ(exit.status, 1);
  expect(exit, "decode(): it ended the program, by exit()\n");
  // One method that ends the program leaves the others to be tested.
  expect(faulty_model("exit in its destructor"), "its destructor: it ended the program, by exit()\n");
}

TEST(PluginsTest, EndsWhatDoesNotComeBack) {
  const Outcome outcome = faulty_model("no end in decode", {"--limit", "2"});
  EXPECT_EQ(outcome.status, 1);
  expect(outcome, "decode(): it did not return within 2 s\n");
  expect(outcome, "The rest was not tested: ");
}

TEST(PluginsTest, SaysWhyALibraryCannotBeUsed) {
  const Outcome old = tested(kFixtures / "broken/image_models/other_libtorch.so");
  EXPECT_EQ(old.status, 1);
  expect(old, "It cannot be used: LibTorch: plugin 1.13.1, host " TORCH_VERSION "\n");
  const Outcome aborts = tested(kFixtures / "at_load/image_models/aborts.so");
  EXPECT_EQ(aborts.status, 1);
  expect(aborts, "It cannot be used: it crashes when it is loaded: Aborted\n");
}

TEST(PluginsTest, RefusesParametersThatThereAreNot) {
  const Outcome outcome = tested(kFixtures / "reference/image_models/soft_grid.so", {"cel=8"});
  EXPECT_EQ(outcome.status, 1);
  expect(outcome, "it has no parameter 'cel'\n");
}

TEST(PluginsTest, MissingFilesAreMistakesOfTheCommandLine) {
  const Outcome outcome = tested("/nowhere/model.so");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_NE(outcome.err.find("there is no file '/nowhere/model.so'"), std::string::npos) << outcome.err;
}

TEST(PluginsTest, EveryTestOfTheSuiteSaysWhatItIsAbout) {
  // Verbose, each line is "kept METHOD: PROMISE"; without a promise it would end with the colon.
  for (const auto& library :
       {"reference/image_models/soft_grid.so", "reference/animation/shift_canvas.so",
        "reference/depth_estimators/plane.so", "reference/flow_estimators/zero_flow.so",
        "reference/audio/peak.so", "reference/losses/mean_colour.so", "reference/optimisers/sign_descent.so",
        "reference/frame_sources/single_colour.so"}) {
    const Outcome outcome = tested(kFixtures / library, {"--verbose"});
    EXPECT_EQ(outcome.status, 0) << outcome.out;
    EXPECT_EQ(outcome.out.find("kept     : "), std::string::npos) << outcome.out;
  }
}

TEST(ConformanceReport, LinesKeepBreaksTabsAndBackslashes) {
  const std::vector<std::string> fields = {"failure", "two\nlines\tand \\ a tab", ""};
  const std::string line = conformance::line_of(fields);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_EQ(conformance::fields_of(line), fields);
}

TEST(ConformanceReport, FailuresBecomeOneLineInWords) {
  using conformance::plain_words;
  EXPECT_EQ(plain_words("C++ exception with description \"out of paint\" thrown in the test body."),
            "out of paint");
  EXPECT_EQ(plain_words("Expected equality of these values:\n  a.b()\n    Which is: 3\n  4\nafter a step"),
            "it gave 3, not 4 (after a step)");
  EXPECT_EQ(plain_words("Value of: is_picture(x)\n  Actual: false (it is undefined)\nExpected: true\n"
                        "Google Test trace:\n/src/a_test.cpp:7: 1x9"),
            "it is undefined (1x9)");
}

}  // namespace
}  // namespace reverie::test
