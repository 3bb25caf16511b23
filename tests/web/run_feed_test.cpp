#include "web/run_feed.h"

#include <gtest/gtest.h>
#include <png.h>

#include <thread>

#include "web/made_run.h"

namespace reverie {
namespace {

using test::AskedControl;
using test::made_end;
using test::made_setup;
using test::made_steps;
using test::parsed;

struct Pixels {
  std::int64_t width = 0, height = 0;
  std::vector<unsigned char> values;
};

Pixels decode(const std::string& png) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  Pixels pixels;
  EXPECT_TRUE(png_image_begin_read_from_memory(&header, png.data(), png.size())) << header.message;
  header.format = PNG_FORMAT_RGB;
  pixels.width = header.width;
  pixels.height = header.height;
  pixels.values.resize(PNG_IMAGE_SIZE(header));
  EXPECT_TRUE(png_image_finish_read(&header, nullptr, pixels.values.data(), 0, nullptr)) << header.message;
  return pixels;
}

class RunFeedTest : public ::testing::Test {
 protected:
  AskedControl control;
  web::RunFeed feed{made_setup(control)};
  Json::Value state() const { return parsed(feed.state_json()); }
};

TEST_F(RunFeedTest, ANewRunTellsWhatItIs) {
  const Json::Value json = state();
  EXPECT_EQ(json["run"], "made(2)");
  EXPECT_EQ(json["folder"], "images_out/made");
  EXPECT_EQ(json["settings"]["width"], 64);
  EXPECT_EQ(json["scenes"][1], "green");
  EXPECT_EQ(json["steps"], 400);
  EXPECT_EQ(json["done_before"], 100);
  EXPECT_EQ(json["step"], 100);
  EXPECT_EQ(json["state"], "running");
  EXPECT_EQ(json["history"]["columns"].size(), 0u);
  EXPECT_TRUE(json["steps_per_second"].isNull());
  EXPECT_TRUE(json["seconds_left"].isNull());
  EXPECT_FALSE(json.isMember("picture"));
  EXPECT_FALSE(json.isMember("frames"));
  EXPECT_EQ(feed.picture(), nullptr);
  EXPECT_EQ(feed.palette(), nullptr);
  EXPECT_FALSE(feed.over());
}

// As they come from another process.
TEST_F(RunFeedTest, PicturesOf8BitsAreShownAsTheyAre) {
  at::Tensor image = at::zeros({1, 3, 2, 3}, at::kByte);
  for (int i = 0; i < 18; ++i) image.data_ptr<std::uint8_t>()[i] = static_cast<std::uint8_t>(13 * i);
  RunUpdate update;
  update.picture = RunUpdate::Picture{1, image, std::nullopt};
  feed.update(update);
  const Pixels shown = decode(*feed.picture());
  ASSERT_EQ(shown.values.size(), 18u);
  for (std::size_t place = 0; place < 6; ++place)
    for (std::size_t c = 0; c < 3; ++c) EXPECT_EQ(shown.values[3 * place + c], 13 * (6 * c + place));
}

// Two steps a second: of 400 steps 300 are left at step 100.
TEST_F(RunFeedTest, StepsGiveSpeedTimeLeftAndLosses) {
  feed.update(made_steps(101, 200));
  const Json::Value json = state();
  EXPECT_EQ(json["step"], 200);
  EXPECT_NEAR(json["steps_per_second"].asDouble(), 2, 1e-4);
  EXPECT_NEAR(json["seconds_left"].asDouble(), 100, 1e-2);
  EXPECT_EQ(json["seconds"].asDouble(), 50);
  ASSERT_EQ(json["losses"].size(), 2u);
  EXPECT_EQ(json["losses"][0]["name"], "red");
  EXPECT_EQ(json["losses"][0]["kind"], "prompt");
  EXPECT_EQ(json["losses"][0]["share"], 0.25);
  EXPECT_NEAR(json["losses"][0]["value"].asDouble(), 1.0 / 200, 1e-6);
  EXPECT_EQ(json["losses"][1]["kind"], "other");
  ASSERT_EQ(json["history"]["columns"].size(), 100u);
  EXPECT_EQ(json["history"]["columns"][0][0], 101);
}

TEST_F(RunFeedTest, TheSpeedIsThatOfTheLastSeconds) {
  feed.update(made_steps(101, 140, 10));  // 400 s, 0.1 steps/s
  RunUpdate fast;
  for (int i = 1; i <= 200; ++i) fast.steps.push_back(test::made_step(140 + i, 400 + 0.2 * i));
  feed.update(fast);  // 40 s, 5 steps/s
  EXPECT_NEAR(state()["steps_per_second"].asDouble(), 5, 1e-4);
}

TEST_F(RunFeedTest, TheFirstStepAloneHasASpeed) {
  feed.update(made_steps(101, 101, 0.25));
  EXPECT_NEAR(state()["steps_per_second"].asDouble(), 4, 1e-4);
}

TEST_F(RunFeedTest, NewsAreWhatChanged) {
  feed.update(made_steps(101, 110));
  const web::RunView::News first = feed.news(0);
  EXPECT_EQ(feed.sequence(), first.sequence);
  feed.update(made_steps(111, 112));
  EXPECT_GT(feed.sequence(), first.sequence);
  const Json::Value news = parsed(feed.news(first.sequence).json);
  EXPECT_FALSE(news["whole"].asBool());
  EXPECT_FALSE(news.isMember("settings"));
  EXPECT_EQ(news["step"], 112);
  EXPECT_EQ(news["history"]["from"], 10);
  EXPECT_EQ(news["history"]["columns"].size(), 2u);
  EXPECT_EQ(feed.news(0).json, feed.state_json());
}

TEST_F(RunFeedTest, APauseIsSeenWhoeverAskedForIt) {
  const web::RunView::Sequence before = feed.sequence();
  control.pause();
  EXPECT_GT(feed.sequence(), before);
  EXPECT_EQ(state()["state"], "paused");
  EXPECT_TRUE(feed.ask(web::RunView::Wish::resume));
  EXPECT_FALSE(control.paused());
  EXPECT_EQ(state()["state"], "running");
  EXPECT_TRUE(feed.ask(web::RunView::Wish::pause));
  EXPECT_EQ(state()["state"], "paused");
}

TEST_F(RunFeedTest, WishesReachTheRunUntilItIsOver) {
  EXPECT_TRUE(feed.ask(web::RunView::Wish::keep));
  EXPECT_EQ(control.kept, 1);
  EXPECT_FALSE(state()["stopping"].asBool());
  EXPECT_TRUE(feed.ask(web::RunView::Wish::stop));
  EXPECT_TRUE(control.stopped);
  EXPECT_TRUE(state()["stopping"].asBool());
  feed.update(made_end(RunUpdate::State::interrupted));
  EXPECT_TRUE(feed.over());
  EXPECT_EQ(state()["state"], "interrupted");
  EXPECT_FALSE(state()["stopping"].asBool());
  EXPECT_FALSE(feed.ask(web::RunView::Wish::keep));
  EXPECT_EQ(control.kept, 1);
}

TEST_F(RunFeedTest, NothingComesBehindTheEnd) {
  control.pause();
  EXPECT_EQ(state()["state"], "paused");
  feed.update(made_end(RunUpdate::State::interrupted));
  const web::RunView::News last = feed.news(0);
  EXPECT_EQ(parsed(last.json)["state"], "interrupted");
  EXPECT_EQ(feed.sequence(), last.sequence);
}

TEST_F(RunFeedTest, AFailureIsTold) {
  RunUpdate update = made_end(RunUpdate::State::failed);
  update.message = "the loss is not a number";
  feed.update(update);
  EXPECT_EQ(state()["state"], "failed");
  EXPECT_EQ(state()["message"], "the loss is not a number");
}

TEST_F(RunFeedTest, ThePictureIsThatPictureRoundedToBytes) {
  const at::Tensor image = at::rand({1, 3, 5, 7}) * 1.2 - 0.1;  // a little outside of 0..1, too
  RunUpdate update;
  update.picture = RunUpdate::Picture{20, image, at::ones({1, 3, 1, 2})};
  feed.update(update);
  const Json::Value json = state();
  EXPECT_EQ(json["picture"]["step"], 20);
  EXPECT_EQ(json["picture"]["width"], 7);
  EXPECT_EQ(json["picture"]["height"], 5);
  const Pixels pixels = decode(*feed.picture());
  ASSERT_EQ(pixels.width, 7);
  ASSERT_EQ(pixels.height, 5);
  const at::Tensor expected =
      image.clamp(0, 1).mul(255).round().to(at::kByte)[0].permute({1, 2, 0}).contiguous();
  const at::Tensor got =
      at::from_blob(const_cast<unsigned char*>(pixels.values.data()), {5, 7, 3}, at::kByte);
  // Halves may go either way.
  EXPECT_LE((expected.to(at::kInt) - got.to(at::kInt)).abs().max().item<int>(), 1);
  EXPECT_GE((expected == got).sum().item<int>(), 103);
  const Pixels palette = decode(*feed.palette());
  EXPECT_EQ(palette.width, 2);
  EXPECT_EQ(palette.values, std::vector<unsigned char>(6, 255));
}

TEST_F(RunFeedTest, APictureMayLieInMemoryInAnyOrder) {
  const at::Tensor image = at::rand({1, 4, 6, 3}).permute({0, 3, 1, 2});
  ASSERT_FALSE(image.is_contiguous());
  RunUpdate update;
  update.picture = RunUpdate::Picture{1, image, std::nullopt};
  feed.update(update);
  const std::string first = *feed.picture();
  update.picture = RunUpdate::Picture{2, image.contiguous(), std::nullopt};
  feed.update(update);
  EXPECT_EQ(*feed.picture(), first);
}

TEST_F(RunFeedTest, APictureIsEncodedOnce) {
  RunUpdate update;
  update.picture = RunUpdate::Picture{1, at::rand({1, 3, 8, 8}), std::nullopt};
  feed.update(update);
  EXPECT_EQ(feed.picture(), feed.picture());
}

TEST_F(RunFeedTest, OnlyPicturesThatWereSavedAreGiven) {
  RunUpdate update;
  update.saved = {{"images_out/made/made_11.png", 11},
                  {"images_out/made/made.mp4", 11},
                  {"images_out/made/made_12.png", 12},
                  {"images_out/made/made_step_150.png", 0}};
  feed.update(update);
  EXPECT_EQ(state()["frames"]["first"], 11);
  EXPECT_EQ(state()["frames"]["last"], 12);
  EXPECT_EQ(state()["kept"][0], "made_step_150.png");
  const std::filesystem::path folder = std::filesystem::current_path() / "images_out/made";
  EXPECT_EQ(feed.frame(12), folder / "made_12.png");
  EXPECT_EQ(feed.frame(11), folder / "made_11.png");
  EXPECT_FALSE(feed.frame(10));
  EXPECT_FALSE(feed.frame(0));
  EXPECT_EQ(feed.kept(1), folder / "made_step_150.png");
  EXPECT_FALSE(feed.kept(0));
  EXPECT_FALSE(feed.kept(2));
}

TEST_F(RunFeedTest, MemoryIsKeptUntilThereAreNews) {
  RunUpdate update;
  update.memory = {{"the image model", 1000, 4000000000}};
  feed.update(update);
  feed.update(made_steps(101, 101));
  EXPECT_EQ(state()["memory"][0]["component"], "the image model");
  EXPECT_EQ(state()["memory"][0]["bytes"], 1000);
  EXPECT_EQ(state()["memory"][0]["most"].asInt64(), 4000000000);
}

TEST_F(RunFeedTest, PagesAndTheRunMayComeAtOnce) {
  std::atomic<bool> ended = false;
  std::vector<std::thread> pages;
  std::atomic<int> reads = 0;
  for (int i = 0; i < 4; ++i)
    pages.emplace_back([&] {
      web::RunView::Sequence seen = 0;
      while (!ended) {
        const web::RunView::News news = feed.news(seen);
        EXPECT_GE(news.sequence, seen);
        EXPECT_NO_THROW(parsed(news.json));
        seen = news.sequence;
        if (const auto png = feed.picture()) {
          EXPECT_EQ(png->substr(1, 3), "PNG");
        }
        ++reads;
      }
    });
  for (std::int64_t step = 101; step <= 400 || reads < 40; ++step) {
    RunUpdate update = made_steps(step, step);
    update.picture = RunUpdate::Picture{step, at::rand({1, 3, 8, 8}), std::nullopt};
    feed.update(update);
  }
  feed.update(made_end());
  ended = true;
  for (std::thread& page : pages) page.join();
  EXPECT_EQ(state()["state"], "finished");
}

}  // namespace
}  // namespace reverie
