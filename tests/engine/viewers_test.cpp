#include "engine/viewers.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <thread>

#include "engine/host_services.h"
#include "engine/run_control.h"
#include "log/log.h"

namespace reverie {
namespace {

/// Keeps its updates, and can be held up.
class Witness final : public Viewer {
 public:
  explicit Witness(std::shared_future<void> gate = {}) : gate_(std::move(gate)) {}
  void update(const RunUpdate& update) override {
    begun.set_value();
    if (gate_.valid()) gate_.wait();
    begun = {};
    updates.push_back(update);
    if (update.state != RunUpdate::State::running) ended.set_value();
  }
  std::promise<void> begun, ended;
  std::vector<RunUpdate> updates;

 private:
  std::shared_future<void> gate_;
};

class ViewersTest : public ::testing::Test {
 protected:
  engine::HostServices host{{"cpu", 1, "", ""}};
  static void end(engine::Viewers& viewers, RunUpdate::State state, const std::string& message = "") {
    viewers.post(engine::RunEnd{state, message});
    viewers.wait();
  }
  static RunUpdate::Step step(std::int64_t number) { return {number, 0, 0, 0, {{"red", 1.0 / number}}}; }
};

TEST_F(ViewersTest, EveryStepArrivesInOrderAndTheEndComesLast) {
  const auto witness = std::make_shared<Witness>();
  {
    engine::Viewers viewers(host);
    viewers.add("witness", witness);
    for (std::int64_t n = 1; n <= 1000; ++n) viewers.post(step(n));
    end(viewers, RunUpdate::State::finished);
  }
  std::vector<std::int64_t> numbers;
  for (const RunUpdate& update : witness->updates)
    for (const RunUpdate::Step& step : update.steps) numbers.push_back(step.number);
  ASSERT_EQ(numbers.size(), 1000u);
  for (std::size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(numbers[i], static_cast<std::int64_t>(i) + 1);
  for (std::size_t i = 0; i + 1 < witness->updates.size(); ++i)
    EXPECT_EQ(witness->updates[i].state, RunUpdate::State::running);
  EXPECT_EQ(witness->updates.back().state, RunUpdate::State::finished);
}

TEST_F(ViewersTest, ASlowViewerFindsTheNewestPictureAndNoMoreStepsThanMayWait) {
  std::promise<void> gate;
  const auto witness = std::make_shared<Witness>(gate.get_future().share());
  auto begun = witness->begun.get_future();
  engine::Viewers viewers(host);
  viewers.add("witness", witness);
  viewers.post(step(1));
  begun.wait();
  const std::int64_t last = 5 * static_cast<std::int64_t>(engine::Viewers::kMostWaiting);
  for (std::int64_t n = 2; n <= last; ++n) {
    viewers.post(step(n));
    const auto picture = [n] { return at::full({1, 3, 2, 2}, static_cast<double>(n)); };
    if (n % 100 == 0) viewers.post(engine::RunDisplay{{n, 0}, picture, std::nullopt});
  }
  gate.set_value();
  end(viewers, RunUpdate::State::interrupted);
  std::vector<std::int64_t> numbers, pictures;
  for (const RunUpdate& update : witness->updates) {
    for (const RunUpdate::Step& step : update.steps) numbers.push_back(step.number);
    if (update.picture) pictures.push_back(update.picture->step);
  }
  EXPECT_EQ(pictures, std::vector<std::int64_t>{last / 100 * 100});
  EXPECT_LE(numbers.size(), engine::Viewers::kMostWaiting + 1);
  EXPECT_GE(numbers.size(), engine::Viewers::kMostWaiting / 2);
  EXPECT_EQ(numbers.back(), last);
  EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
  EXPECT_EQ(std::adjacent_find(numbers.begin(), numbers.end()), numbers.end());
}

TEST_F(ViewersTest, OneThatNeverReturnsOrThrowsDoesNotHoldUpTheOthers) {
  class Thrower final : public Viewer {
    void update(const RunUpdate&) override { throw std::runtime_error("no ink"); }
  };
  std::promise<void> gate;
  const auto stuck = std::make_shared<Witness>(gate.get_future().share());
  const auto witness = std::make_shared<Witness>();
  engine::Viewers viewers(host, std::chrono::milliseconds(1));
  auto needed = std::make_shared<int>(1);
  const std::weak_ptr<int> still_needed = needed;
  viewers.add("stuck", stuck, std::move(needed));
  viewers.add("thrower", std::make_shared<Thrower>());
  viewers.add("witness", witness);
  for (std::int64_t n = 1; n <= 10; ++n) viewers.post(step(n));
  end(viewers, RunUpdate::State::failed, "out of paint");
  EXPECT_FALSE(still_needed.expired()) << "what a viewer that was left behind may use stays with it";
  gate.set_value();
  witness->ended.get_future().wait();
  stuck->ended.get_future().wait();
  EXPECT_EQ(witness->updates.back().state, RunUpdate::State::failed);
  EXPECT_EQ(witness->updates.back().message, "out of paint");
}

TEST_F(ViewersTest, MessagesGoToOneThatShowsTheProgressAsLongAsItLives) {
  class Screen final : public Viewer {
   public:
    void update(const RunUpdate& update) override {
      for (const RunUpdate::Message& message : update.messages) {
        texts.push_back(message.text);
        if (message.text == "tear") throw std::runtime_error("the canvas tore");
      }
    }
    bool shows_progress() const override { return true; }
    std::vector<std::string> texts;
  };
  const auto screen = std::make_shared<Screen>();
  const auto witness = std::make_shared<Witness>();
  engine::Viewers viewers(host);
  viewers.add("witness", witness);
  EXPECT_FALSE(viewers.show_progress());
  viewers.add("screen", screen);
  EXPECT_TRUE(viewers.show_progress());
  const auto events = std::make_shared<engine::RunEvents>();
  events->subscribe([&](const engine::RunEvent& event) {
    const auto* message = std::get_if<RunUpdate::Message>(&event);
    if (message && !viewers.show_progress()) log::print_log(message->level, message->text);
    viewers.post(event);
  });
  std::optional<engine::LoggedAsEvents> logged(events);
  ::testing::internal::CaptureStderr();
  log::write_log(LogLevel::debug, "not asked for");
  log::write_log(LogLevel::info, "hello");
  log::write_log(LogLevel::warning, "tear");
  while (viewers.show_progress()) std::this_thread::yield();
  log::write_log(LogLevel::warning, "on paper again");
  logged.reset();
  end(viewers, RunUpdate::State::finished);
  log::write_log(LogLevel::info, "when all is over");
  const std::string written = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(screen->texts, (std::vector<std::string>{"hello", "tear"}));
  EXPECT_NE(written.find("screen shows nothing more: the canvas tore"), std::string::npos) << written;
  EXPECT_NE(written.find("on paper again"), std::string::npos) << written;
  EXPECT_NE(written.find("when all is over"), std::string::npos) << written;
  EXPECT_EQ(written.find("hello"), std::string::npos) << written;
  for (const RunUpdate& update : witness->updates) EXPECT_TRUE(update.messages.empty());
}

TEST(RunControlTest, AttendKeepsWaitsAndGoesOn) {
  engine::RequestedControl control;
  int kept = 0;
  const auto wait_while_paused = [&] { return control.wait_while_paused([&] { ++kept; }); };
  EXPECT_EQ(wait_while_paused(), 0);
  control.keep_picture();
  wait_while_paused();
  wait_while_paused();
  EXPECT_EQ(kept, 1);

  control.pause();
  EXPECT_TRUE(control.paused());
  auto waiting = std::async(std::launch::async, wait_while_paused);
  control.keep_picture();  // also while it is paused
  control.resume();
  waiting.get();
  wait_while_paused();  // where resume() overtook the picture
  EXPECT_EQ(kept, 2);

  control.pause();
  auto ending = std::async(std::launch::async, wait_while_paused);
  control.stop();
  ending.get();
  EXPECT_TRUE(control.stopping());
}

TEST(RunControlTest, ChangesAreAnsweredOnceWhateverHappens) {
  std::vector<std::string> answers;
  const auto answered = [&](const Steering::Answer& answer) {
    answers.push_back(answer.problems.empty() ? "step " + std::to_string(answer.step) : answer.problems[0]);
  };
  {
    engine::RequestedControl control;
    control.change({{"a", "1"}}, answered);
    EXPECT_EQ(answers.size(), 1u) << "before the run takes changes";
    control.take_changes();
    control.change({{"a", "2"}}, answered);
    control.pause();
    const auto attend = [&] {
      while (const auto request = control.next_change()) {
        EXPECT_EQ(request->settings.at("a"), "2");
        request->answered({{}, 7});
      }
      control.resume();
    };
    control.wait_while_paused([] {}, attend);  // also while it is paused
    EXPECT_EQ(answers.back(), "step 7");
    control.change({{"a", "3"}}, answered);
    control.refuse_changes("it is late");
    EXPECT_EQ(answers.back(), "it is late");
    control.take_changes();
    control.change({{"a", "4"}}, answered);
  }
  EXPECT_EQ(answers.size(), 4u);
  EXPECT_EQ(answers.back(), "the run has ended");
}

}  // namespace
}  // namespace reverie
