// What is written beside a run: in which order, how much may wait, and what becomes of failures.

#include "engine/frame_writer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <optional>

#include "engine/activity.h"
#include "engine/host_services.h"
#include "support/in_scratch.h"

namespace reverie::test {
namespace {

namespace fs = std::filesystem;

/// A sink that does what it is given to do.
class Doer final : public OutputSink {
 public:
  using Work = std::function<void(const at::Tensor&, std::int64_t)>;
  explicit Doer(Work work) : work_(std::move(work)) {}
  fs::path write(const at::Tensor& image, std::int64_t number) override {
    work_(image, number);
    return "frame_" + std::to_string(number);
  }
  void display(const Picture& image, const std::optional<at::Tensor>&, std::int64_t step) override {
    displayed.emplace_back(step, image().mean().item<double>());
  }
  std::vector<std::pair<std::int64_t, double>> displayed;

 private:
  Work work_;
};

class FrameWriterTest : public InScratch {
 protected:
  void add(const std::string& name, Doer::Work work) {
    sinks_.push_back({name, std::make_shared<Doer>(std::move(work))});
  }
  static at::Tensor picture(double value) { return at::full({1, 3, 4, 4}, value); }
  static engine::Backup backup() { return {{{"model.x", at::ones({2})}}, {{"steps", "1"}}}; }
  bool backed_up(int number) const {
    return fs::exists("backup/hill/hill_" + std::to_string(number) + ".bak");
  }

  engine::HostServices host_{{"cpu", 1, "", ""}};
  std::vector<engine::Member<OutputSink>> sinks_;
  engine::Backups backups_{engine::RunPlace("hill"), "hill", std::nullopt};
  engine::RunEvents events_;
};

TEST_F(FrameWriterTest, KeepsTheOrderAndWritesABackupOnlyBehindItsFrame) {
  std::promise<void> gate;
  std::shared_future<void> open = gate.get_future();
  std::promise<void> at_work;
  std::vector<std::pair<std::int64_t, bool>> seen;  // frames, and whether their backup was there
  add("io/slow", [&](const at::Tensor&, std::int64_t number) {
    if (number == 1) {
      at_work.set_value();
      open.wait();
    }
    seen.emplace_back(number, backed_up(static_cast<int>(number)));
  });
  std::vector<std::int64_t> told;
  events_.subscribe([&](const engine::RunEvent& event) {
    if (const auto* file = std::get_if<RunUpdate::File>(&event)) told.push_back(file->number);
  });
  engine::FrameWriter frames(host_, sinks_, &backups_, events_);
  for (std::int64_t number = 1; number <= 2; ++number) {
    frames.save(picture(0), {number, number - 1});
    frames.back_up(number, backup());
  }
  at_work.get_future().wait();
  EXPECT_FALSE(backed_up(1));
  EXPECT_TRUE(told.empty());
  gate.set_value();
  frames.wait();
  EXPECT_TRUE(backed_up(1) && backed_up(2));
  EXPECT_EQ(seen, (std::vector<std::pair<std::int64_t, bool>>{{1, false}, {2, false}}));
  EXPECT_EQ(told, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(frames.last_frame(), "frame_2");
}

TEST_F(FrameWriterTest, NoMorePicturesWaitThanMay) {
  constexpr std::int64_t kFrames = 50;
  std::atomic<std::int64_t> handed_over = 0;
  std::int64_t most = 0;
  add("io/counter", [&](const at::Tensor&, std::int64_t number) {
    most = std::max(most, handed_over - (number - 1));  // this one, those behind it, and one on its way
  });
  engine::FrameWriter frames(host_, sinks_, nullptr, events_);
  for (std::int64_t number = 1; number <= kFrames; ++number) {
    ++handed_over;
    frames.save(picture(0), {number, number - 1});
  }
  frames.wait();
  EXPECT_LE(most, static_cast<std::int64_t>(engine::FrameWriter::kMostWaiting) + 2);
}

TEST_F(FrameWriterTest, AFailureIsThrownOnceWithThePluginAndTheMomentAndNothingFollows) {
  std::vector<std::int64_t> written;
  add("io/clumsy", [&](const at::Tensor&, std::int64_t number) {
    if (number == 2) throw std::runtime_error("the shelf is full");
    written.push_back(number);
  });
  engine::FrameWriter frames(host_, sinks_, &backups_, events_);
  std::string what;
  try {
    for (std::int64_t number = 1; number <= 20; ++number) {
      frames.save(picture(0), {10 * number, number - 1});
      frames.back_up(number, backup());
    }
    frames.wait();
  } catch (const Error& error) {
    what = error.what();
  }
  for (const char* part : {"io/clumsy", "step 20 (frame 2)", "the shelf is full"})
    EXPECT_NE(what.find(part), std::string::npos) << what;
  EXPECT_NO_THROW(frames.check());
  EXPECT_NO_THROW(frames.wait());
  EXPECT_EQ(written, std::vector<std::int64_t>{1});
  EXPECT_TRUE(backed_up(1));
  EXPECT_FALSE(backed_up(2)) << "its frame is not there";
}

TEST_F(FrameWriterTest, AtTheEndEverythingIsWrittenAndAFailureThatNobodyHeardOfIsAWarning) {
  std::vector<std::int64_t> written;
  add("io/clumsy", [&](const at::Tensor&, std::int64_t number) {
    if (number == 3) throw std::runtime_error("the shelf is full");
    written.push_back(number);
  });
  ::testing::internal::CaptureStderr();
  {
    engine::FrameWriter frames(host_, sinks_, nullptr, events_);
    for (std::int64_t number = 1; number <= 3; ++number) frames.save(picture(0), {number, number - 1});
  }
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(written, (std::vector<std::int64_t>{1, 2}));
  EXPECT_NE(said.find("the shelf is full"), std::string::npos) << said;
}

TEST_F(FrameWriterTest, WhatASinkDoesToItsPictureTheNextOneDoesNotSee) {
  double seen = 0;
  add("io/vandal", [](const at::Tensor& image, std::int64_t) { at::Tensor(image).zero_(); });
  add("io/witness", [&](const at::Tensor& image, std::int64_t) { seen = image.mean().item<double>(); });
  engine::FrameWriter frames(host_, sinks_, nullptr, events_);
  frames.save(picture(0.25), {1, 0});
  frames.wait();
  EXPECT_EQ(seen, 0.25);
  events_.publish(engine::RunDisplay{{7, 1}, [] { return picture(0.5); }, std::nullopt});
  for (const auto& [name, sink] : sinks_)
    EXPECT_EQ(static_cast<Doer&>(*sink).displayed, (std::vector<std::pair<std::int64_t, double>>{{7, 0.5}}));
}

TEST_F(FrameWriterTest, IsWrittenDownApartFromTheRender) {
  static engine::ActivityPage page;
  engine::write_activity_to(page);
  std::string here;
  add("io/slow", [&](const at::Tensor&, std::int64_t) { here = page.at_work(); });
  {
    engine::FrameWriter frames(host_, sinks_, nullptr, events_);
    const engine::MemoryScope render("perceptors/one");
    frames.save(picture(0), {1, 0});
    frames.wait();
    EXPECT_EQ(here, "perceptors/one, and beside it io/slow");
    EXPECT_EQ(page.at_work(), "perceptors/one");
  }
  EXPECT_EQ(page.at_work(), "");
}

}  // namespace
}  // namespace reverie::test
