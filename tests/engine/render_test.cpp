// The render loop with plugins made for the occasion: how often it asks them what, and when it ends.

#include "engine/render.h"

#include <gtest/gtest.h>

#include "engine/progress.h"
#include "settings/reader.h"
#include "settings/resolve.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

/// The pixels themselves.
class Pixels final : public ImageModel {
 public:
  Pixels() : pixels_(at::full({1, 3, 12, 16}, 0.5).set_requires_grad(true)) {}
  void randomise() override {}
  void encode(const at::Tensor&) override {}
  std::vector<at::Tensor> parameters() override { return {pixels_}; }
  double learning_rate() const override { return 0.05; }
  at::Tensor decode() override { return pixels_ * 1; }
  at::Tensor decode_final() override { return pixels_.detach().clone(); }
  std::vector<Regulariser> regularisers() override { return {}; }
  void after_step() override { ++steps; }
  std::optional<at::Tensor> canvas() const override { return std::nullopt; }
  void set_canvas(const at::Tensor&) override {}
  std::map<std::string, at::Tensor> state() const override { return {}; }
  void load_state(const std::map<std::string, at::Tensor>&) override {}

  at::Tensor pixels_;
  int steps = 0;
};

/// Sees nothing but the mean colour; "red", "green" and "blue" are the axes.
class ColourSense final : public Perceptor {
 public:
  std::int64_t input_size() const override { return 8; }
  std::int64_t embedding_size() const override { return 3; }
  at::Tensor embed_images(const at::Tensor& images) override {
    batches.push_back(images.size(0));
    if (on_look) on_look();
    return images.mean({2, 3}) * factor;
  }
  at::Tensor embed_texts(const std::vector<std::string>& texts) override {
    at::Tensor result = at::zeros({static_cast<std::int64_t>(texts.size()), 3});
    for (std::size_t i = 0; i < texts.size(); ++i)
      result[static_cast<std::int64_t>(i)][texts[i] == "red" ? 0 : texts[i] == "green" ? 1 : 2] = 1;
    return result;
  }
  void release_text_encoder() override { released = true; }

  std::vector<std::int64_t> batches;  ///< pictures in each look
  std::function<void()> on_look;
  double factor = 1;
  bool released = false;
};

class Shelf final : public OutputSink {
 public:
  std::filesystem::path write(const at::Tensor& image, std::int64_t number) override {
    frames.emplace_back(number, image.clone());
    return "frame_" + std::to_string(number);
  }
  std::vector<std::pair<std::int64_t, at::Tensor>> frames;
};

struct Studio {
  explicit Studio(const std::string& settings_text) {
    std::vector<Problem> problems;
    std::vector<RawEntry> entries;
    std::istringstream lines(settings_text);
    for (std::string line; std::getline(lines, line, ';');)
      for (RawEntry& entry : read_override(line, problems)) entries.push_back(std::move(entry));
    Resolution resolution = resolve(entries, problems, {}, {});
    EXPECT_EQ(report(resolution.problems), "");
    settings = resolution.settings;
    std::vector<std::string> wrong;
    scenes = parse_scenes(settings.get<std::string>("scenes"), "", "", wrong);
    EXPECT_TRUE(wrong.empty());
    ensemble.model = {"image_models/pixels", model};
    ensemble.perceptors.push_back({"perceptors/colour_sense", sense});
    ensemble.sinks.push_back({"io/shelf", shelf});
  }
  ~Studio() { interrupted = false; }

  RenderResult run() {
    HostServices host({"cpu", 3, "", ""});
    Render render(host, ensemble, settings, scenes);
    Progress progress(
        settings.get<std::int64_t>("steps_per_scene") * static_cast<std::int64_t>(scenes.size()), false);
    return render.run(progress);
  }
  double mean(std::int64_t channel) const { return model->pixels_.select(1, channel).mean().item<double>(); }

  Settings settings;
  std::vector<Scene> scenes;
  std::shared_ptr<Pixels> model = std::make_shared<Pixels>();
  std::shared_ptr<ColourSense> sense = std::make_shared<ColourSense>();
  std::shared_ptr<Shelf> shelf = std::make_shared<Shelf>();
  Ensemble ensemble;
};

TEST(RenderFrames, AreSavedWhenDueAndAtTheEnd) {
  Studio studio("scenes=red;steps_per_scene=7;save_every=3;cutouts=2");
  const RenderResult result = studio.run();
  EXPECT_EQ(result.steps, 7);
  EXPECT_EQ(result.frames, 3);
  EXPECT_EQ(result.last_frame, "frame_3");
  EXPECT_FALSE(result.interrupted);
  ASSERT_EQ(studio.shelf->frames.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(studio.shelf->frames[i].first, static_cast<std::int64_t>(i + 1));
  EXPECT_TRUE(at::equal(studio.shelf->frames[2].second, studio.model->pixels_.detach()));
}

TEST(RenderFrames, CountOverScenes) {
  Studio studio("scenes=red || green;steps_per_scene=3;save_every=2;cutouts=2");
  const RenderResult result = studio.run();
  EXPECT_EQ(result.steps, 6);
  EXPECT_EQ(result.frames, 3) << "after steps 2, 4 and 6, and not again at the end";
}

TEST(RenderSteps, LeadTowardsAndAwayFromThePrompt) {
  Studio towards("scenes=red;steps_per_scene=20;cutouts=4"),
      away("scenes=red:-1;steps_per_scene=20;cutouts=4");
  towards.run();
  away.run();
  EXPECT_GT(towards.mean(0), towards.mean(1) + 0.2);
  EXPECT_LT(away.mean(0), away.mean(1) - 0.2);
}

TEST(RenderSteps, EachCallsTheModelOnceAndShowsAllCutouts) {
  Studio studio("scenes=red;steps_per_scene=5;cutouts=6");
  studio.run();
  EXPECT_EQ(studio.model->steps, 5);
  EXPECT_EQ(studio.sense->batches, std::vector<std::int64_t>(5, 6));
  EXPECT_TRUE(studio.sense->released);
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
  EXPECT_EQ(studio.run().steps, 4);
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
  EXPECT_EQ(held.run().steps, 1 + 5);
  Studio half("scenes=red:1:10 | green || blue;steps_per_scene=5;cutouts=2");
  EXPECT_EQ(half.run().steps, 10);
}

TEST(RenderScenes, FadeFromThePreviousOne) {
  // In the first step of the second scene its own share is 0: only the first scene's prompt leads.
  Studio studio("scenes=red:0 || green;steps_per_scene=3;interpolation_steps=3;cutouts=2;smoothing_weight=0");
  studio.run();
  EXPECT_EQ(studio.sense->batches.size(), 2u) << "looks in the second scene's steps 1 and 2 only";
}

TEST(RenderEnd, InterruptionKeepsWhatWasMade) {
  Studio studio("scenes=red;steps_per_scene=100;cutouts=2");
  studio.sense->on_look = [&] { interrupted = studio.sense->batches.size() >= 4; };
  const RenderResult result = studio.run();
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(result.steps, 4) << "the step that runs is finished";
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
