// The render loop with plugins made for the occasion: how often it asks them what, and when it ends.

#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <future>

#include "engine/studio.h"

namespace reverie::test {
namespace {

TEST(RenderFrames, AreSavedWhenDueAndAtTheEnd) {
  Studio studio("scenes=red;steps_per_scene=7;save_every=3;cutouts=2");
  const engine::RenderResult result = studio.run();
  EXPECT_EQ(result.moment.steps, 7);
  EXPECT_EQ(result.moment.frames, 3);
  EXPECT_EQ(result.last_frame, "frame_3");
  EXPECT_FALSE(result.interrupted);
  ASSERT_EQ(studio.shelf->frames.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(studio.shelf->frames[i].first, static_cast<std::int64_t>(i + 1));
  EXPECT_TRUE(at::equal(studio.shelf->frames[2].second, studio.model->pixels_.detach()));
}

TEST(RenderFrames, AreThoseOfTheirStepsHoweverLateTheyAreWritten) {
  const std::string run = "scenes=red;steps_per_scene=6;save_every=2;cutouts=2";
  Studio copies(run), shares(run);
  copies.run();
  shares.model->shares = true;
  // The first frame is written when the last step has been looked at.
  std::promise<void> gate;
  shares.shelf->before = [open = gate.get_future().share()] { open.wait(); };
  shares.sense->on_look = [&] {
    if (shares.sense->batches.size() == 6) gate.set_value();
  };
  shares.run();
  ASSERT_EQ(shares.shelf->frames.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_TRUE(at::equal(shares.shelf->frames[i].second, copies.shelf->frames[i].second)) << i;
}

TEST(RenderFrames, CountOverScenes) {
  Studio studio("scenes=red || green;steps_per_scene=3;save_every=2;cutouts=2");
  const engine::RenderResult result = studio.run();
  EXPECT_EQ(result.moment.steps, 6);
  EXPECT_EQ(result.moment.frames, 3) << "after steps 2, 4 and 6, and not again at the end";
}

TEST(RenderSteps, LeadTowardsAndAwayFromThePrompt) {
  Studio towards("scenes=red;steps_per_scene=20;cutouts=4"),
      away("scenes=red:-1;steps_per_scene=20;cutouts=4");
  towards.run();
  away.run();
  EXPECT_GT(towards.mean(0), towards.mean(1) + 0.2);
  EXPECT_LT(away.mean(0), away.mean(1) - 0.2);
}

// Half way, by weight both want something that the other does not; by embedding one prompt is met wholly.
TEST(RenderSteps, LeadToWhatIsBetweenTwoPromptsByEmbedding) {
  const std::string run =
      "prompts={-200: red, -50: blue};prompt_fade=100;pre_animation_steps=0;steps_per_frame=1000;"
      "steps_per_scene=80;cutouts=4;smoothing_weight=0;prompt_fade_by=";
  Studio both(run + "weight"), between(run + "embedding");
  both.run();
  between.run();
  // 45 degrees from each: 2 asin(sin(22.5))^2 = 0.308, times its weight, a half.
  EXPECT_GT(both.losses.at("red"), 0.125);
  EXPECT_GT(both.losses.at("blue"), 0.125);
  EXPECT_EQ(between.losses.count("blue"), 0u);
  EXPECT_LT(between.losses.at("red"), 0.1);
  EXPECT_NEAR(between.mean(0), between.mean(2), 0.03);
  EXPECT_GT(between.mean(0), between.mean(1) + 0.2);
}

TEST(RenderSteps, BecomeShorterWhereTheLearningRateFalls) {
  const std::string wish = "scenes=red;steps_per_scene=20;cutouts=8;smoothing_weight=0;learning_rate=0.002;";
  Studio steady(wish + "learning_rate_decay=0"), falling(wish + "learning_rate_decay=1");
  steady.run();
  falling.run();
  // Far from the goal all of Adam's steps are about as long as the rate, which is (1 + cos(pi s / 20)) / 2 of
  // the first one at step s: 10.5 in sum.
  EXPECT_NEAR((falling.mean(0) - 0.5) / (steady.mean(0) - 0.5), 10.5 / 20, 0.03);
}

TEST(RenderSteps, EachCallsTheModelOnceAndShowsAllCutouts) {
  Studio studio("scenes=red;steps_per_scene=5;cutouts=6");
  studio.run();
  EXPECT_EQ(studio.model->steps, 5);
  EXPECT_EQ(studio.sense->batches, std::vector<std::int64_t>(5, 6));
  EXPECT_TRUE(studio.sense->released);
}

/// A perceptor for which the memory suffices for `most` pictures at a time.
void limit_memory(Studio& studio, std::int64_t most) {
  studio.sense->on_look = [sense = studio.sense.get(), most] {
    if (sense->batches.back() > most)
      throw c10::OutOfMemoryError({__func__, __FILE__, __LINE__}, "CUDA out of memory.");
  };
}

TEST(OutOfMemory, AutomaticAccumulationTakesTheLargestBatchThatFits) {
  const std::string run = "scenes=red | green:0.5;steps_per_scene=6;cutouts=12;";
  Studio limited(run + "gradient_accumulation=auto"), fixed(run + "gradient_accumulation_steps=3");
  limit_memory(limited, 5);
  limited.run();
  fixed.run();
  // 12 and 6 at a time do not fit; then there are 4, from the first step to the last.
  std::vector<std::int64_t> looks = {12, 6};
  looks.insert(looks.end(), 18, 4);
  EXPECT_EQ(limited.sense->batches, looks);
  EXPECT_TRUE(at::equal(limited.model->pixels_, fixed.model->pixels_)) << "as if it had been known before";
}

TEST(OutOfMemory, AutomaticAccumulationChangesNothingWhereAllFits) {
  const std::string run = "scenes=red | green:0.5;steps_per_scene=6;cutouts=12;";
  Studio automatic(run + "gradient_accumulation=auto"), fixed(run);
  automatic.run();
  fixed.run();
  EXPECT_EQ(automatic.sense->batches, std::vector<std::int64_t>(6, 12));
  EXPECT_TRUE(at::equal(automatic.model->pixels_, fixed.model->pixels_));
}

TEST(OutOfMemory, TheMessageSaysWhatWouldFit) {
  const auto message_of = [](const std::string& settings, std::int64_t most) {
    Studio studio("scenes=red;steps_per_scene=2;cutouts=10;" + settings);
    limit_memory(studio, most);
    try {
      studio.run();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::device);
      return std::string(error.what()) + " / " + error.advice();
    }
    return std::string("no error");
  };
  const std::string fixed = message_of("", 5);
  EXPECT_NE(fixed.find("10 cutouts at a time"), std::string::npos) << fixed;
  EXPECT_NE(fixed.find("gradient_accumulation_steps=2 takes 5"), std::string::npos) << fixed;
  EXPECT_NE(fixed.find("colour_sense"), std::string::npos) << "who needed it: " << fixed;
  EXPECT_NE(fixed.find("--restore"), std::string::npos) << fixed;
  const std::string hopeless = message_of("gradient_accumulation=auto", 0);
  EXPECT_NE(hopeless.find("even one cutout"), std::string::npos) << hopeless;
}

TEST(OutOfMemory, MoreBatchesDivideTheCutouts) {
  EXPECT_EQ(engine::more_batches(12, 1), 2);
  EXPECT_EQ(engine::more_batches(12, 4), 6);
  EXPECT_EQ(engine::more_batches(7, 1), 7);
  EXPECT_EQ(engine::more_batches(7, 7), 0);
  EXPECT_EQ(engine::more_batches(1, 1), 0);
}

TEST(RenderSteps, AccumulationSplitsTheCutouts) {
  Studio whole("scenes=red | green:0.5;steps_per_scene=20;cutouts=12");
  Studio split("scenes=red | green:0.5;steps_per_scene=20;cutouts=12;gradient_accumulation_steps=4");
  whole.run();
  split.run();
  EXPECT_EQ(split.sense->batches, std::vector<std::int64_t>(80, 3));
  // The draws differ, what they are drawn for does not.
  for (const std::int64_t channel : {0, 1, 2}) EXPECT_NEAR(split.mean(channel), whole.mean(channel), 0.1);
}

TEST(RenderSteps, APromptWithoutWeightCostsNothing) {
  Studio studio("scenes=red:0;steps_per_scene=4;cutouts=2;smoothing_weight=0");
  EXPECT_EQ(studio.run().moment.steps, 4);
  EXPECT_TRUE(studio.sense->batches.empty());
  EXPECT_EQ(largest(studio.model->pixels_ - 0.5), 0);
}

TEST(RenderSteps, SmoothingWorksWithoutPrompts) {
  Studio studio("scenes=red:0;steps_per_scene=4;cutouts=2;smoothing_weight=1");
  studio.model->pixels_.detach().narrow(3, 0, 8).fill_(0.0);
  const double before = studio.model->pixels_.std().item<double>();
  studio.run();
  EXPECT_LT(studio.model->pixels_.std().item<double>(), before);
}

TEST(RenderScenes, EndEarlyWhenEveryPromptIsHeld) {
  // No distance is above pi^2 / 2.
  Studio held("scenes=red:1:10 | green:2:10 || blue;steps_per_scene=5;cutouts=2;save_every=100");
  EXPECT_EQ(held.run().moment.steps, 1 + 5);
  Studio half("scenes=red:1:10 | green || blue;steps_per_scene=5;cutouts=2");
  EXPECT_EQ(half.run().moment.steps, 10);
}

TEST(RenderScenes, FadeFromThePreviousOne) {
  // In the first step of the second scene its own share is 0: only the first scene's prompt leads.
  Studio studio("scenes=red:0 || green;steps_per_scene=3;interpolation_steps=3;cutouts=2;smoothing_weight=0");
  studio.run();
  EXPECT_EQ(studio.sense->batches.size(), 2u) << "looks in the second scene's steps 1 and 2 only";
}

TEST(RenderLosses, OfTheSettingActOnThePicture) {
  // A red half and a blue one become alike; nothing else does anything.
  Studio studio(
      "scenes=red:0;losses=[symmetry,{name: contrast, weight: 2, limit: 0.4-0.1*t}]"
      ";steps_per_scene=30;smoothing_weight=0;pre_animation_steps=0;frames_per_second=1");
  {
    const at::NoGradGuard no_grad;
    studio.model->pixels_.copy_(
        at::cat({colour(1, 0, 0).narrow(3, 0, 8), colour(0, 0, 1).narrow(3, 0, 8)}, 3));
  }
  studio.run();
  const at::Tensor pixels = studio.model->pixels_.detach();
  EXPECT_LT(largest(pixels - pixels.flip(3)), 0.2) << "it was 1";
  EXPECT_TRUE(studio.losses.count("symmetry"));
  EXPECT_TRUE(studio.losses.count("contrast"));
  EXPECT_TRUE(studio.sense->batches.empty());
}

TEST(RenderLosses, WithAStopHoldTheSceneAndWithoutDoNot) {
  // The picture is even: its symmetry is perfect, a stop at 0.1 holds at once.
  const std::string scene = "scenes=red:1:10;steps_per_scene=5;cutouts=2;smoothing_weight=0;losses=";
  Studio without(scene + "symmetry"), held(scene + "{name: symmetry, stop: 0.1}"),
      open(scene + "{name: symmetry, stop: -0.1}");
  EXPECT_EQ(without.run().moment.steps, 1);
  EXPECT_EQ(held.run().moment.steps, 1);
  EXPECT_EQ(open.run().moment.steps, 5);
}

TEST(RenderLosses, WeightsAreExpressions) {
  const auto after = [](const std::string& weight) {
    Studio studio(
        "scenes=red:0;steps_per_scene=4;smoothing_weight=0;pre_animation_steps=0;steps_per_frame=1;"
        "frames_per_second=1;losses={name: symmetry, weight: " +
        weight + "}");
    {
      const at::NoGradGuard no_grad;
      studio.model->pixels_.narrow(3, 0, 8).fill_(1);
    }
    studio.run();
    const at::Tensor pixels = studio.model->pixels_.detach();
    return largest(pixels - pixels.flip(3));
  };
  EXPECT_EQ(after("0"), 0.5);
  EXPECT_EQ(after("1 if t >= 4 else 0"), 0.5) << "t has not come so far";
  EXPECT_LT(after("1 if t >= 2 else 0"), 0.45);
  EXPECT_LT(after("1"), after("1 if t >= 2 else 0"));
  EXPECT_GT(after("-1"), 0.6) << "pushes away";
}

TEST(RenderOptimiser, IsTheOneThatIsChosen) {
  // Plain descent: the pixels go where the gradient points, in proportion to it. The squared difference of
  // the halves has the gradient 2 * 2 * difference / pixels.
  Studio studio(
      "scenes=red:0;steps_per_scene=1;smoothing_weight=0;losses=symmetry;optimiser=sgd;"
      "learning_rate=14.4");
  {
    const at::NoGradGuard no_grad;
    studio.model->pixels_.narrow(3, 0, 8).fill_(1);
  }
  studio.run();
  const double step = 14.4 * 2 * 2 * 0.5 / (3 * 12 * 16);
  EXPECT_NEAR(largest(studio.model->pixels_.detach().narrow(3, 0, 8) - (1 - step)), 0, 1e-6);
  EXPECT_NEAR(largest(studio.model->pixels_.detach().narrow(3, 8, 8) - (0.5 + step)), 0, 1e-6);
}

TEST(RenderOptimiser, TheLearningRateFollowsTheSteps) {
  // As above: each step takes rate / 72 of the difference away, which is 0.5 at first.
  Studio studio(
      "scenes=red:0;steps_per_scene=2;smoothing_weight=0;losses=symmetry;optimiser=sgd;pre_animation_steps=0;"
      "steps_per_frame=1;frames_per_second=1;learning_rate=7.2*(1+t)");
  {
    const at::NoGradGuard no_grad;
    studio.model->pixels_.narrow(3, 0, 8).fill_(1);
  }
  studio.run();
  // The second step goes on with 0.9 of the first one's velocity.
  const double first = 0.5 * (1 - 7.2 / 72), difference = first - 14.4 / 72 * (0.9 * 0.5 + first);
  EXPECT_NEAR(largest(studio.model->pixels_.detach().narrow(3, 0, 8) - (0.75 + difference / 2)), 0, 1e-6);
}

/// A run with two perceptors that see colours, and the settings `perceptors` of their weights.
struct Pair : Studio {
  explicit Pair(const std::string& perceptors, const std::string& more = "")
      : Studio(
            "scenes=red;steps_per_scene=4;cutouts=3;smoothing_weight=0;pre_animation_steps=0;"
            "steps_per_frame=1;perceptors=" +
            perceptors + ";" + more) {
    ensemble.perceptors.push_back({"perceptors/other_sense", other});
    ensemble.perceptor_weights = script.perceptor_weights;
  }
  at::Tensor picture() {
    run();
    return model->pixels_.detach().clone();
  }
  std::shared_ptr<ColourSense> other = std::make_shared<ColourSense>();
};

TEST(RenderPerceptors, LossesAreMultipliedByTheirWeights) {
  const auto loss = [](const std::string& perceptors, const std::string& more) {
    Pair pair(perceptors, more);
    pair.sense->ignores_brightness = pair.other->ignores_brightness = true;
    pair.run();
    return pair.losses.at("red");
  };
  for (const std::string more : {"", "gradient_accumulation_steps=3", "cutout_groups=2"}) {
    // All colours look grey, so each perceptor says the same: 2 asin(|grey - red| / 2)^2.
    const double each = 2 * std::pow(std::asin(std::sqrt(2 - 2 / std::sqrt(3.0)) / 2), 2);
    EXPECT_NEAR(loss("[a, b]", more), each, 1e-5) << "their mean";
    EXPECT_NEAR(loss("[{name: a, weight: 0.5}, b]", more), 0.75 * each, 1e-5);
    EXPECT_NEAR(loss("[{name: a, weight: 0.5}, {name: b, weight: 3}]", more), 1.75 * each, 1e-5);
    EXPECT_NEAR(loss("[{name: a, weight: 0}, {name: b, weight: \"0: 0, 4: 2\"}]", more), 0.75 * each, 1e-5)
        << "at the fourth step, f = 3";
  }
}

TEST(RenderPerceptors, TheWeightsOneAndNoneAreTheSameBytes) {
  const at::Tensor plain = Pair("[a, b]").picture();
  EXPECT_TRUE(at::equal(plain, Pair("[{name: a, weight: 1}, b]").picture()));
  EXPECT_TRUE(at::equal(plain, Pair("[{name: a, weight: 1 + 0*t}, {name: b}]").picture()));
  EXPECT_FALSE(at::equal(plain, Pair("[{name: a, weight: 0.25}, b]").picture()));
}

TEST(RenderPerceptors, OneWithoutWeightSeesNothing) {
  Pair pair("[{name: a, weight: \"(f == 0) + (f == 3)\"}, b]");
  pair.run();
  EXPECT_EQ(pair.sense->batches, std::vector<std::int64_t>(2, 3));
  EXPECT_EQ(pair.other->batches, std::vector<std::int64_t>(4, 3));
  // It draws nothing either: the other one alone, with the same share, makes the same picture.
  Studio alone(
      "scenes=red;steps_per_scene=4;cutouts=3;smoothing_weight=0;pre_animation_steps=0;steps_per_frame=1");
  alone.run();
  EXPECT_TRUE(at::equal(Pair("[{name: a, weight: 0}, {name: b, weight: 2}]").picture(),
                        alone.model->pixels_.detach()));
  Pair none("[{name: a, weight: 0}, {name: b, weight: 0}]");
  EXPECT_EQ(largest(none.picture() - 0.5), 0);
  EXPECT_EQ(none.model->steps, 4) << "nothing holds the scene";
}

TEST(RenderSchedules, TheNumberOfCutoutsFollowsTheSteps) {
  const auto looks = [](const std::string& more) {
    Studio studio("scenes=red;steps_per_scene=4;pre_animation_steps=0;steps_per_frame=1;smoothing_weight=0;" +
                  more);
    studio.run();
    return studio.sense->batches;
  };
  using Looks = std::vector<std::int64_t>;
  EXPECT_EQ(looks("cutouts=3"), (Looks{3, 3, 3, 3}));
  EXPECT_EQ(looks("cutouts=3 + f"), (Looks{3, 4, 5, 6}));
  EXPECT_EQ(looks("cutouts=2.4 + 0.2*f"), (Looks{2, 3, 3, 3})) << "rounded";
  // In two batches, those that can be halved: 3 is as near to 2 as to 4, and 5 to 4 as to 6.
  const Looks halves = looks("cutouts=2 + 3*f;gradient_accumulation_steps=2");
  EXPECT_EQ(halves, (Looks{1, 1, 3, 3, 4, 4, 6, 6}));
}

TEST(RenderSchedules, APictureInAPromptIsSeenAgainWhenTheNumberOfCutoutsChanges) {
  Studio studio(
      "scenes=[red.png];steps_per_scene=3;pre_animation_steps=0;steps_per_frame=1;smoothing_weight=0;"
      "cutouts=2 + f");
  studio.footage["red.png"] = {colour(1, 0, 0)};
  studio.run();
  EXPECT_EQ(studio.sense->batches, (std::vector<std::int64_t>{2, 2, 3, 3, 4, 4}));
}

TEST(RenderSchedules, SettingsOfCutoutsFollowTheSteps) {
  const auto after = [](const std::string& more) {
    Studio studio("scenes=red:1_l;steps_per_scene=4;cutouts=6;pre_animation_steps=0;steps_per_frame=1;" +
                  more);
    studio.run();
    return studio.model->pixels_.detach().clone();
  };
  const at::Tensor plain = after("cut_pow=3;cutout_erasing=0.2");
  EXPECT_TRUE(at::equal(plain, after("cut_pow=3 + 0*t;cutout_erasing=0: 0.2, 9: 0.2")));
  // One that is the same in the first two steps alone.
  const at::Tensor other = after("cut_pow=3 if f < 2 else 1;cutout_erasing=0.2");
  EXPECT_FALSE(at::equal(plain, other));
}

TEST(RenderSchedules, TheWeightOfSmoothingFollowsTheSteps) {
  const auto last = [](const std::string& weight) {
    Studio studio(
        "scenes=red:0;steps_per_scene=3;cutouts=2;pre_animation_steps=0;steps_per_frame=1;"
        "smoothing_weight=" +
        weight);
    {
      const at::NoGradGuard no_grad;
      studio.model->pixels_.narrow(3, 0, 8).fill_(1);
    }
    studio.run();
    return studio.losses;
  };
  EXPECT_EQ(last("2 if f < 2 else 0").count("smoothing"), 1u) << "of the second step";
  EXPECT_EQ(last("0 if f < 5 else 1").count("smoothing"), 0u);
  EXPECT_EQ(last("0").count("smoothing"), 0u);
  EXPECT_EQ(last("2").at("smoothing"), last("0: 2, 9: 2").at("smoothing"));
}

class RenderRestore : public testing::Test {
 protected:
  Studio studio{"scenes=red || green;steps_per_scene=5;cutouts=2"};
  engine::HostServices host{{"cpu", 3, "", ""}};
  engine::Render render{host, studio.ensemble, studio.settings, studio.script,
                        [](const std::string&) -> media::Footage { throw std::runtime_error("no footage"); }};
};

TEST_F(RenderRestore, NeedsTheOptimiserOfTheBackup) {
  engine::Backup backup;
  backup.metadata = {{"image_model", studio.ensemble.model.name},
                     {"optimiser", "optimisers/sgd"},
                     {"scene", "0"},
                     {"step", "1"},
                     {"steps", "1"},
                     {"frames", "0"}};
  const Error error = error_of([&] { render.restore(backup); });
  EXPECT_EQ(error.kind(), ErrorKind::model);
  EXPECT_NE(std::string(error.what()).find("a run with optimisers/sgd, not with optimisers/adam"),
            std::string::npos)
      << error.what();
}

TEST_F(RenderRestore, NeedsTheScenesThatWereDone) {
  engine::Backup backup;
  backup.metadata = {{"image_model", studio.ensemble.model.name},
                     {"scene", "2"},
                     {"step", "1"},
                     {"steps", "11"},
                     {"frames", "0"}};
  try {
    render.restore(backup);
    ADD_FAILURE() << "scene 3 of 2 was restored";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::settings);
    EXPECT_NE(std::string(error.what()).find("the backup is of scene 3, but 'scenes' has only 2"),
              std::string::npos)
        << error.what();
  }
}

TEST(RenderMasks, HoldAPromptBackWhereItDoesNotCount) {
  // Cutouts of a mask by letter that all lie on the wrong side never lead anywhere.
  Studio held("scenes=red:1_r_2;steps_per_scene=4;cutouts=4;smoothing_weight=0");
  EXPECT_EQ(held.run().moment.steps, 4) << "no centre lies beyond 2; but no stop of the prompt's holds";
  EXPECT_EQ(largest(held.model->pixels_ - 0.5), 0);
  Studio free("scenes=red:1_r_-1;steps_per_scene=4;cutouts=4;smoothing_weight=0");
  EXPECT_EQ(free.run().moment.steps, 4);
  EXPECT_GT(largest(free.model->pixels_ - 0.5), 0);
}

TEST(RenderMasks, LeadOnlyTheirPartOfThePicture) {
  // Small cutouts, of which those of the left half alone count.
  Studio studio("scenes=red:1_l;steps_per_scene=20;cutouts=64;cut_pow=8;smoothing_weight=0");
  studio.run();
  const at::Tensor change = (studio.model->pixels_.detach() - 0.5).abs().mean({0, 1, 2});
  EXPECT_GT(change[0].item<double>(), 0.05);
  EXPECT_EQ(change[15].item<double>(), 0) << "no cutout centred left reaches the right edge";
}

TEST(RenderTime, WeightsFollowTheFrames) {
  // t = (step - 2) / (2 * 4) at a frame's start: -0.25, then 0, 0.25, 0.5 from steps 2, 4 and 6 on.
  Studio studio(
      "scenes=red:1 if t >= 0.25 else 0;steps_per_scene=8;cutouts=1;pre_animation_steps=2;steps_per_frame=2;"
      "frames_per_second=4;smoothing_weight=0");
  studio.run();
  EXPECT_EQ(studio.sense->batches.size(), 4u) << "looks in the steps 4 to 7 only";
}

TEST(RenderTime, AnExpressionThatFailsLaterIsLocated) {
  Studio studio("scenes=red:1/t;steps_per_scene=8;cutouts=1;pre_animation_steps=2;steps_per_frame=2");
  try {
    studio.run();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::settings);
    for (const char* part : {"prompt 'red:1/t'", "t = 0.0", "division by zero"})
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(RenderEnd, InterruptionKeepsWhatWasMade) {
  Studio studio("scenes=red;steps_per_scene=100;cutouts=2");
  studio.sense->on_look = [&] { engine::interrupted = studio.sense->batches.size() >= 4; };
  const engine::RenderResult result = studio.run();
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(result.moment.steps, 4) << "the step that runs is finished";
  ASSERT_EQ(studio.shelf->frames.size(), 1u);
  EXPECT_TRUE(at::equal(studio.shelf->frames[0].second, studio.model->pixels_.detach()));
}

TEST(RenderEnd, NumbersThatAreNoneEndTheRun) {
  Studio studio("scenes=red;steps_per_scene=10;cutouts=2");
  studio.sense->on_look = [&] {
    studio.sense->factor = studio.sense->batches.size() == 3 ? std::nan("") : 1;
  };
  try {
    studio.run();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::model);
    EXPECT_NE(std::string(error.what()).find("step 3"), std::string::npos) << error.what();
  }
  EXPECT_TRUE(studio.model->pixels_.isfinite().all().item<bool>()) << "the picture is left as it was";
}

TEST(RenderEnd, APluginThatFailsIsNamedWithTheStep) {
  Studio studio("scenes=red;steps_per_scene=10;cutouts=2");
  studio.sense->on_look = [&] {
    if (studio.sense->batches.size() == 2) throw std::runtime_error("lost its glasses");
  };
  try {
    studio.run();
    FAIL() << "no error";
  } catch (const Error& error) {
    const std::string what = error.what();
    for (const char* part : {"perceptors/colour_sense", "step 2", "lost its glasses"})
      EXPECT_NE(what.find(part), std::string::npos) << what;
  }
}

}  // namespace
}  // namespace reverie::test
