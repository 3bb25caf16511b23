// When the picture is moved, with what, and what holds on to it then.

#include <ATen/core/grad_mode.h>

#include "studio.h"

namespace reverie::test {
namespace {

/// Paints the picture over at every move, in the next of its colours.
class Painter final : public AnimationMode {
 public:
  explicit Painter(std::shared_ptr<Pixels> model) : model_(std::move(model)) {}
  Needs needs() const override { return {}; }
  std::map<std::string, double> variables(ImageModel&, const Tools&) override { return {{"mu", 7}}; }
  Move advance(const FrameContext& context, ImageModel&, const Tools&) override {
    moves.push_back(context);
    Move move;
    move.finished = moves.size() > last_;
    if (move.finished) return move;
    move.image = paint;
    {
      at::NoGradGuard no_grad;
      model_->pixels_.copy_(paint);
    }
    return move;
  }

  std::vector<FrameContext> moves;
  at::Tensor paint = colour(0.5, 0.5, 0.5);
  std::size_t last_ = 1000;

 private:
  std::shared_ptr<Pixels> model_;
};

struct MovingStudio : Studio {
  explicit MovingStudio(const std::string& settings_text) : Studio(settings_text) {
    constexpr ParamSpec kParams[] = {number("slide", 0).is_animatable("mu"),
                                     list("turn", "1,0").is_animatable()};
    std::vector<Problem> problems;
    std::vector<std::string> notices;
    script = parse_script(settings, problems, notices, {}, /*moving=*/true);
    choose_losses(script.losses, settings, plugins(), {}, problems);
    Settings motion;
    for (const auto& [spec, text] : {std::pair{kParams[0], "mu*t"}, {kParams[1], "[1, t]"}}) {
      SettingValue value = default_value(spec);
      value.text = text;
      motion.set(spec.name, value);
    }
    script.motion = parse_motion(motion, kParams, {}, problems);
    EXPECT_EQ(report(problems), "");
    ensemble.animation = {"animation/painter", painter};
  }
  std::shared_ptr<Painter> painter = std::make_shared<Painter>(model);
};

const std::string kScene =
    "scenes=red;cutouts=2;pre_animation_steps=3;steps_per_frame=2;frames_per_second=4;";

TEST(Motion, MovesComeAfterTheFirstStepsAndThenEveryFrame) {
  MovingStudio studio(kScene + "steps_per_scene=8;smoothing_weight=0");
  studio.run();
  ASSERT_EQ(studio.painter->moves.size(), 3u);  // before steps 3, 5 and 7
  for (std::size_t i = 0; i < 3; ++i) {
    const FrameContext& move = studio.painter->moves[i];
    const double t = static_cast<double>(i) / 4;  // (step - 3) / (2 * 4)
    EXPECT_EQ(move.step, 3 + 2 * static_cast<std::int64_t>(i));
    EXPECT_EQ(move.frame, static_cast<std::int64_t>(i));
    EXPECT_DOUBLE_EQ(move.t, t);
    EXPECT_DOUBLE_EQ(move.parameter("slide"), 7 * t);
    EXPECT_EQ(move.numbers("turn"), (std::vector<double>{1, t}));
  }
}

// Motion is of a frame; weights and stops have the t of each step: (step - 3) / (2 * 4), here -0.375, -0.25,
// -0.125.
TEST(Motion, WeightsAndStopsFollowTimeFromStepToStep) {
  const auto names = [](int steps) {
    MovingStudio studio(
        "scenes=red|green:1 if t > -0.2 else 0|blue:1:9 if t < -0.3 else -9;direct_image_prompts=half.png:1 "
        "if t > -0.3 "
        "else 0;cutouts=2;pre_animation_steps=3;steps_per_frame=2;frames_per_second=4;steps_per_scene=" +
        std::to_string(steps));
    studio.footage["half.png"] = {colour(0.2, 0.4, 0.8)};
    studio.run();
    return studio.losses;
  };
  const auto one = names(1), two = names(2), three = names(3);
  EXPECT_FALSE(one.count("green") || two.count("green"));
  EXPECT_TRUE(three.count("green"));
  EXPECT_FALSE(one.count("half.png"));
  EXPECT_TRUE(two.count("half.png"));
  EXPECT_EQ(one.at("blue"), 9) << "what its stop holds it at";
  EXPECT_LT(two.at("blue"), 9);
}

TEST(Motion, IsToldWhatMayMove) {
  MovingStudio studio(kScene +
                      "steps_per_scene=8;smoothing_weight=0;flow_stabilization_weight=1_-mask.mp4;"
                      "frame_stride=2");
  // Black, ever brighter grey, and none after the fifth: the last stays.
  for (int i = 0; i < 5; ++i) studio.footage["mask.mp4"].push_back(colour(i / 8.0, i / 8.0, i / 8.0));
  studio.run();
  ASSERT_EQ(studio.painter->moves.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(studio.painter->moves[i].may_move) << i;
    const at::Tensor mask = *studio.painter->moves[i].may_move;
    EXPECT_EQ(mask.sizes(), at::IntArrayRef({1, 1, 12, 16}));
    const std::size_t frame = std::min<std::size_t>(2 * (i + 1), 4);
    EXPECT_LT(largest(mask - (1 - static_cast<double>(frame) / 8)), 1e-6) << i;
  }
  MovingStudio free(kScene + "steps_per_scene=4;smoothing_weight=0;flow_stabilization_weight=1");
  free.run();
  EXPECT_FALSE(free.painter->moves.at(0).may_move);
}

TEST(Motion, TheOptimiserStartsAnewUnlessToldOtherwise) {
  // With Adam, a first step has the length of the learning rate, whatever came before.
  const auto change = [](const std::string& reset) {
    MovingStudio studio(kScene + "steps_per_scene=4;smoothing_weight=0;direct_image_prompts=blue.png:1;" +
                        reset);
    studio.footage["blue.png"] = {colour(0, 0, 1)};
    studio.painter->paint = colour(0, 0, 0.99);  // nearly there: the gradient is small
    studio.run();
    return largest(studio.model->pixels_.detach() - studio.painter->paint);
  };
  EXPECT_NEAR(change("reset_lr_each_frame=true"), 0.05, 1e-3);
  EXPECT_GT(std::abs(change("reset_lr_each_frame=false") - 0.05), 2e-3) << "old momentum carries it";
}

TEST(Motion, StabilisationHoldsOnToTheMovedFrameOnly) {
  const auto distance = [](const std::string& weights) {
    MovingStudio studio(kScene + "steps_per_scene=5;smoothing_weight=0;" + weights);
    studio.painter->paint = colour(0.2, 0.4, 0.6);
    studio.run();
    return largest(studio.model->pixels_.detach() - studio.painter->paint);
  };
  EXPECT_GT(distance(""), 0.04);
  EXPECT_LT(distance("direct_stabilization_weight=1000"), distance("") - 0.01);
  MovingStudio before(kScene + "steps_per_scene=3;smoothing_weight=0;direct_stabilization_weight=1000");
  before.run();
  EXPECT_TRUE(before.painter->moves.empty());
  EXPECT_FALSE(before.losses.count("last frame's pixels")) << "nothing has moved yet";
}

TEST(Motion, WhatHoldsOnToTheStartEndsWithTheFirstMove) {
  MovingStudio still(
      kScene +
      "steps_per_scene=3;init_image=half.png;direct_init_weight=1;semantic_init_weight=1;"
      "direct_stabilization_weight=1;semantic_stabilization_weight=1;edge_stabilization_weight=1");
  still.footage["half.png"] = {colour(0.2, 0.4, 0.8)};
  still.run();
  EXPECT_TRUE(still.losses.count("half.png"));
  EXPECT_FALSE(still.losses.count("last frame"));

  MovingStudio moving(
      kScene +
      "steps_per_scene=4;init_image=half.png;direct_init_weight=1;semantic_init_weight=1;"
      "direct_stabilization_weight=1;semantic_stabilization_weight=1;edge_stabilization_weight=1");
  moving.footage["half.png"] = {colour(0.2, 0.4, 0.8)};
  std::vector<std::map<std::string, double>> reported;
  engine::HostServices host({"cpu", 3, "", ""});
  moving.choose_cutouts(host);
  engine::Render render(host, moving.ensemble, moving.settings, moving.script, [&](const std::string& path) {
    return media::Footage(std::make_shared<Reel>(moving.footage.at(path), moving.read_frames[path]));
  });
  engine::RunEvents events;
  events.subscribe([&](const engine::RunEvent& event) {
    const auto* step = std::get_if<RunUpdate::Step>(&event);
    if (!step) return;
    reported.emplace_back();
    for (const RunUpdate::Loss& loss : step->losses) reported.back()[loss.name] = loss.value;
  });
  engine::RequestedControl control;
  engine::FrameWriter frames(host, moving.ensemble.sinks, nullptr, events);
  render.run(events, frames, control);
  ASSERT_EQ(reported.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(reported[i].count("half.png"), i < 3) << i;
    for (const char* name : {"last frame", "last frame's pixels", "last frame's edges"})
      EXPECT_EQ(reported[i].count(name), i == 3) << name << " in step " << i;
  }
}

TEST(Motion, EndsTheRunWhenItsSourceEnds) {
  MovingStudio studio(kScene + "steps_per_scene=100;smoothing_weight=0;save_every=2");
  studio.painter->last_ = 2;
  const engine::RenderResult result = studio.run();
  EXPECT_EQ(result.moment.steps, 3 + 2 * 2) << "two frames were moved to, the third is not there";
  EXPECT_FALSE(result.interrupted);
  EXPECT_EQ(studio.shelf->frames.size(), 4u) << "also the step behind the last multiple of save_every";
}

TEST(Motion, SaysWhichSettingHasTheWrongNumbersAndWhen) {
  MovingStudio studio(kScene + "steps_per_scene=8;smoothing_weight=0");
  for (MotionSetting& motion : studio.script.motion)
    if (motion.name == "turn") motion.expression = Expression::compile("[1] if t > 0.2 else [1, 2]", {"t"});
  try {
    studio.run();
    ADD_FAILURE() << "one number was taken for two";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::settings);
    EXPECT_NE(std::string(error.what()).find("'turn' at t = 0.25"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace reverie::test
