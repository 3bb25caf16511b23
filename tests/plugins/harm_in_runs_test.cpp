// Runs of the real program with plugins that do harm: each ends with the plugin's name and a status that is
// not 0.

#include "cli/real_program.h"
#include "fixtures/plugins_under_test.h"

namespace reverie::test {
namespace {

class Harm : public testing::Test {
 protected:
  test::Outcome render(const Words& more) {
    Words words = {REVERIE_PROGRAM, "--plugin-path", (kFixtures / "faulty").string(), "render"};
    for (const std::string& word : tiny("x", {"image_model=faulty_model", "width=32", "height=32"}))
      words.push_back(word);
    words.insert(words.end(), more.begin(), more.end());
    return run(words, folder_.path());
  }
  void expect_blame(const test::Outcome& outcome, const Words& words) {
    EXPECT_TRUE(outcome.status != 0 || outcome.signal != 0);
    for (const std::string& word : words)
      EXPECT_TRUE(holds(outcome.err, word)) << "'" << word << "' in: " << outcome.err;
  }

  TemporaryFolder folder_;
};

TEST_F(Harm, NoneWithoutAFault) {
  const test::Outcome outcome = render({});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_FALSE(holds(outcome.err, "faulty")) << outcome.err;
}

TEST_F(Harm, WrongPictureNamesTheModelAndTheStep) {
  const test::Outcome outcome = render({"model_fault=four channels"});
  EXPECT_EQ(outcome.status, 1);
  expect_blame(outcome,
               {"image_models/faulty_model", "decode()", "step 1", "[1, 4, 32, 32]", "[1, 3, H, W]"});
  EXPECT_FALSE(holds(outcome.err, "png_sequence")) << outcome.err;
  expect_blame(render({"model_fault=nothing"}), {"image_models/faulty_model", "[1, 3, 0, 0]"});
  const test::Outcome nan = render({"model_fault=nan"});
  expect_blame(nan, {"image_models/faulty_model", "decode()", "NaN"});
  EXPECT_FALSE(holds(nan.err, "learning_rate")) << nan.err;
}

TEST_F(Harm, LossesAndOptimisersAreNamed) {
  expect_blame(render({"losses=[{name: faulty_loss, loss_fault: nan}]"}),
               {"losses/faulty_loss", "evaluate()", "step 1", "NaN"});
  expect_blame(render({"losses=[{name: faulty_loss, loss_fault: throws}]"}),
               {"losses/faulty_loss", "evaluate()", "the scales are stuck"});
  expect_blame(render({"optimiser=faulty_optimiser", "optimiser_fault=throws"}),
               {"optimisers/faulty_optimiser", "step()", "step 1", "the hill is too steep"});
  EXPECT_EQ(render({"losses=faulty_loss", "optimiser=faulty_optimiser"}).status, 0) << "without a fault";
}

TEST_F(Harm, ExitIsNoSuccess) {
  for (const char* fault : {"exit in its constructor", "exit in decode", "exit in its destructor"}) {
    const test::Outcome outcome = render({std::string("model_fault=") + fault});
    EXPECT_EQ(outcome.status, 1) << fault;
    const std::string place = std::string(fault).substr(std::string("exit in ").size());
    expect_blame(outcome, {"image_models/faulty_model", place});
  }
  expect_blame(render({"outputs=[png_sequence,faulty_sink]", "sink_fault=close exits"}),
               {"io/faulty_sink", "close()"});
  const test::Outcome outcome = render({"outputs=[png_sequence,faulty_sink]", "sink_fault=write exits"});
  EXPECT_EQ(outcome.status, 1);
  expect_blame(outcome, {"io/faulty_sink", "write()"});
}

TEST_F(Harm, EveryWayToEndTheProgramIsNoSuccess) {
  for (const char* way : {"_exit", "_Exit", "quick_exit"}) {
    const test::Outcome outcome = render({std::string("model_fault=") + way + " in decode"});
    EXPECT_EQ(outcome.status, 1) << way;
    expect_blame(outcome, {"image_models/faulty_model", "decode()", "exit()"});
  }
}

// No call of a plugin is at work on such a thread.
TEST_F(Harm, AThreadOfAPluginIsNamed) {
  for (const char* way : {"exit", "_exit"}) {
    const test::Outcome outcome = render({std::string("model_fault=") + way + " on a thread"});
    EXPECT_EQ(outcome.status, 1) << way;
    expect_blame(outcome, {"image_models/faulty_model", "thread of its own", way});
  }
  const test::Outcome crash = render({"model_fault=crash on a thread"});
  EXPECT_EQ(crash.signal, SIGSEGV);
  expect_blame(crash, {"image_models/faulty_model", "thread of its own", "segmentation fault"});
  const test::Outcome thrown = render({"model_fault=exception on a thread"});
  EXPECT_EQ(thrown.signal, SIGABRT);
  expect_blame(thrown, {"image_models/faulty_model", "thread of its own", "abort()"});
}

TEST_F(Harm, ACrashIsNamed) {
  const test::Outcome outcome = render({"model_fault=crash in decode"});
  EXPECT_EQ(outcome.signal, SIGSEGV);
  EXPECT_TRUE(holds(outcome.err, "image_models/faulty_model")) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "decode()")) << outcome.err;
  for (const char* fault : {"write crashes", "write without end"}) {
    const test::Outcome sink = render({"outputs=[faulty_sink]", std::string("sink_fault=") + fault});
    EXPECT_EQ(sink.signal, SIGSEGV) << fault;
    expect_blame(sink, {"io/faulty_sink crashed in write()", "segmentation fault"});
  }
}

TEST_F(Harm, WhateverIsThrownIsNamed) {
  expect_blame(render({"model_fault=number thrown"}), {"image_models/faulty_model", "randomise()"});
  expect_blame(render({"perceptor_fault=number thrown"}),
               {"perceptors/a_faulty_perceptor", "embed_images()"});
  for (const char* fault : {"close throws", "close throws a number"})
    expect_blame(render({"outputs=[faulty_sink]", std::string("sink_fault=") + fault}),
                 {"io/faulty_sink", "close()"});
}

TEST_F(Harm, LinesOfAnExceptionAreNoMessagesOfTheProgram) {
  const test::Outcome outcome = render({"model_fault=several lines"});
  EXPECT_EQ(outcome.status, 1);
  expect_blame(outcome, {"image_models/faulty_model", "pixel 7\\nreverie: done \\x1b[31m\n"});
  const test::Outcome file = render({"model_fault=file of several lines"});
  EXPECT_EQ(file.status, 1);
  expect_blame(file, {": map.png is gone\\nreverie: done \\x1b[31m\n         look\\nreverie: there\n"});
}

TEST_F(Harm, LinesOfANoteAreNoMessagesOfTheProgram) {
  const test::Outcome outcome = render({"model_fault=notes of several lines"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "well\\nreverie: done\n")) << outcome.err;
}

TEST_F(Harm, AFileThatIsNotThereIsNotReported) {
  const test::Outcome outcome = render({"outputs=[faulty_sink]", "sink_fault=no file"});
  expect_blame(outcome, {"io/faulty_sink", "write()", ".empty"});
}

TEST_F(Harm, AnOutputCannotSpoilThePictureOfTheNext) {
  const auto means_of = [&](const std::string& folder, const Words& more) {
    Words words = {"file_namespace=" + folder};
    words.insert(words.end(), more.begin(), more.end());
    const test::Outcome outcome = render(words);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return read_png(folder_ / "images_out" / folder / (folder + "_1.png")).mean;
  };
  const Words spoils = {"outputs=[faulty_sink,png_sequence]", "sink_fault=writes into its picture"};
  EXPECT_EQ(means_of("a", spoils), means_of("b", {"outputs=[png_sequence]"}));
}

TEST_F(Harm, AVariableWithoutAValueIsNamed) {
  const Words moving = {"animation_mode=faulty_mode", "drift=v", "pre_animation_steps=1",
                        "steps_per_frame=1"};
  Words words = moving;
  words.push_back("mode_fault=no variable");
  expect_blame(render(words), {"animation/faulty_mode", "variables()", "'v'"});
  const test::Outcome outcome = render(moving);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
}

TEST_F(Harm, AViewerThatThrowsIsLeftBehind) {
  for (const char* fault : {"update throws a number", "progress throws a number"}) {
    const test::Outcome outcome = render({"viewers=[faulty_viewer]", std::string("viewer_fault=") + fault});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_TRUE(holds(outcome.err, "viewers/faulty_viewer")) << outcome.err;
  }
}

TEST_F(Harm, AParameterThatIsNotReadIsAWarning) {
  const test::Outcome outcome = render({"model_fault=unread"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "image_models/faulty_model")) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "'never_read'")) << outcome.err;
}

// at::rand() without a generator is reproducible, also from a backup on.
TEST_F(Harm, LibTorchsOwnRandomNumbersFollowTheSeed) {
  const auto picture = [&](const std::string& folder, const Words& more) {
    Words words = {"model_fault=default generator", "save_every=2", "steps_per_scene=4",
                   "file_namespace=" + folder};
    words.insert(words.end(), more.begin(), more.end());
    const test::Outcome outcome = render(words);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    std::string last;
    for (const std::string& file : files_below(folder_ / "images_out" / folder))
      if (fs::path(file).extension() == ".png") last = file;
    return read_png(folder_ / "images_out" / folder / last).mean;
  };
  const auto whole = picture("a", {});
  EXPECT_EQ(picture("b", {}), whole);
  EXPECT_NE(picture("c", {"seed=2"}), whole);
  picture("d", {"steps_per_scene=2"});
  EXPECT_EQ(picture("d", {"restore=true"}), whole);
}

}  // namespace
}  // namespace reverie::test
