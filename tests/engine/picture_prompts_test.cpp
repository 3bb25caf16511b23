// Pictures and videos in prompts and masks, in the render loop with plugins made for the occasion.

#include <gtest/gtest.h>

#include "engine/studio.h"

namespace reverie::test {
namespace {

TEST(PicturePrompts, LeadTowardsThePicture) {
  Studio studio("scenes=[red.png];steps_per_scene=30;cutouts=4;smoothing_weight=0");
  studio.footage["red.png"] = {colour(0.9, 0.1, 0.1)};
  studio.run();
  EXPECT_GT(studio.mean(0), studio.mean(1) + 0.2);
  EXPECT_NEAR(studio.mean(1), studio.mean(2), 0.1);
}

TEST(PicturePrompts, CountSeventyPercentMore) {
  // The picture is what the prompt shows already: the distance is the offset alone.
  Studio studio("scenes=[grey.png];steps_per_scene=1;cutouts=4;smoothing_weight=0");
  studio.footage["grey.png"] = {colour(0.5, 0.5, 0.5)};
  studio.sense->ignores_brightness = true;
  studio.run();
  EXPECT_NEAR(studio.losses.at("grey.png"), 0.7, 1e-3);
}

TEST(PicturePrompts, OfMaskedVideosFollowTheFrames) {
  // The mask's first frame is black, so the prompt counts for nothing until the second.
  Studio studio(
      "scenes=red:1_[m.mp4];steps_per_scene=4;cutouts=2;smoothing_weight=0;pre_animation_steps=2;"
      "steps_per_frame=2");
  studio.footage["m.mp4"] = {colour(0, 0, 0), colour(1, 1, 1)};
  std::vector<double> moved;
  studio.sense->on_look = [&] { moved.push_back(largest(studio.model->pixels_ - 0.5)); };
  studio.run();
  ASSERT_EQ(moved.size(), 4u);
  EXPECT_EQ(moved[2], 0) << "two steps under a black mask";
  EXPECT_GT(moved[3], 0) << "one under a white one";
}

TEST(PicturePrompts, VideosStepByTheStrideAndHoldTheirLastFrame) {
  Studio studio(
      "scenes=[v.mp4];steps_per_scene=8;cutouts=1;smoothing_weight=0;pre_animation_steps=2;steps_per_frame=2;"
      "frame_stride=2");
  studio.footage["v.mp4"] = {colour(1, 0, 0), colour(0, 1, 0), colour(0, 0, 1), colour(1, 1, 0),
                             colour(1, 0, 1)};
  studio.run();
  // Past the end it is read on from the last frame shown, and then no more.
  EXPECT_EQ(studio.read_frames.at("v.mp4"), (std::vector<std::int64_t>{0, 2, 4, 6, 5}));
}

TEST(PicturePrompts, OfOtherScenesCostNothing) {
  Studio studio(
      "scenes=red || [v.mp4]:1/(t+0.5) | [w.mp4]:0;steps_per_scene=2;cutouts=1;smoothing_weight=0;"
      "pre_animation_steps=2;steps_per_frame=2;frames_per_second=1");
  studio.footage["v.mp4"] = {colour(1, 0, 0), colour(0, 1, 0)};
  studio.footage["w.mp4"] = {colour(1, 0, 0), colour(0, 1, 0)};
  // t = -1 in the first scene, where 1 / (t + 0.5) is fine, and 0 in the second.
  studio.run();
  EXPECT_EQ(studio.sense->batches.size(), 2u + 1u + 2u)
      << "a look a step, and one at the first prompt's picture";
  Studio later(
      "scenes=red || green:1/(t+1);steps_per_scene=2;cutouts=1;smoothing_weight=0;"
      "pre_animation_steps=2;steps_per_frame=2;frames_per_second=1");
  EXPECT_NO_THROW(later.run()) << "at t = -1 it divides by zero, but nobody asks it then";
}

TEST(DirectPrompts, KeepASceneGoingUntilTheyAreHeldToo) {
  const std::string scene = ";steps_per_scene=5;cutouts=2;smoothing_weight=0";
  Studio pulling("scenes=red:1:10;direct_image_prompts=half.png:1" + scene);
  Studio held("scenes=red:1:10;direct_image_prompts=half.png:1:10" + scene);
  pulling.footage["half.png"] = held.footage["half.png"] = {colour(0.2, 0.4, 0.8)};
  EXPECT_EQ(pulling.run().moment.steps, 5);
  EXPECT_EQ(held.run().moment.steps, 1);
}

TEST(DirectPrompts, LeadTowardsThePixels) {
  Studio studio("scenes=red:0;direct_image_prompts=half.png:1;steps_per_scene=40;smoothing_weight=0");
  at::Tensor half = colour(0.2, 0.4, 0.8);
  half.narrow(3, 8, 8).fill_(0.7);
  studio.footage["half.png"] = {half};
  studio.run();
  EXPECT_LT(largest(studio.model->pixels_.detach() - half), 0.1);
  EXPECT_TRUE(studio.sense->batches.empty()) << "no prompt asks the perceptors anything";
}

TEST(DirectPrompts, MasksAndStopsLimitThem) {
  Studio masked(
      "scenes=red:0;direct_image_prompts=blue.png:1_left.png;steps_per_scene=20;smoothing_weight=0");
  masked.footage["blue.png"] = {colour(0, 0, 1)};
  at::Tensor left = colour(0, 0, 0);
  left.narrow(3, 0, 8).fill_(1);
  masked.footage["left.png"] = {left};
  masked.run();
  const at::Tensor change = masked.model->pixels_.detach() - 0.5;
  EXPECT_GT(change.narrow(3, 0, 8).abs().min().item<double>(), 0.2);
  EXPECT_EQ(largest(change.narrow(3, 8, 8)), 0);

  // The MSE over R, G, B, S, V of grey and blue is (1/4 + 1/4 + 1/4 + 1 + 1/4) / 5 = 0.4: a stop above holds
  // at once.
  Studio stopped("scenes=red:0;direct_image_prompts=blue.png:1:0.41;steps_per_scene=3;smoothing_weight=0");
  stopped.footage["blue.png"] = {colour(0, 0, 1)};
  stopped.run();
  EXPECT_EQ(largest(stopped.model->pixels_ - 0.5), 0);
  EXPECT_NEAR(stopped.losses.at("blue.png"), 0.41, 1e-6);
}

}  // namespace
}  // namespace reverie::test
