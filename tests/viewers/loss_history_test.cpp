#include "viewers/loss_history.h"

#include <gtest/gtest.h>

#include "viewers/tensorboard/events.h"

namespace reverie {
namespace {

using Kind = RunUpdate::Loss::Kind;

RunUpdate::Step step(std::int64_t number, std::vector<RunUpdate::Loss> losses) {
  return {number, 0, 0, 0, std::move(losses)};
}

TEST(LossHistoryTest, AMillionStepsBecomeFewPointsThatStandForAllOfThem) {
  constexpr std::int64_t kSteps = 1'000'000;
  viewers::LossHistory history;
  for (std::int64_t n = 1; n <= kSteps; ++n) history.add(step(n, {{"itself", static_cast<double>(n)}}));
  ASSERT_EQ(history.series().size(), 1u);
  const auto& points = history.series()[0].points;
  EXPECT_LE(points.size(), static_cast<std::size_t>(viewers::LossHistory::kMost));
  EXPECT_GE(points.size(), static_cast<std::size_t>(viewers::LossHistory::kMost) / 4);
  std::int64_t next = 1;
  for (const viewers::LossHistory::Point& point : points) {
    // Where every value is its step: the first, the last and the middle of those that it stands for.
    EXPECT_EQ(point.low, static_cast<double>(next));
    next += point.steps;
    EXPECT_EQ(point.high, static_cast<double>(next - 1));
    EXPECT_NEAR(point.mean, (point.low + point.high) / 2, 1e-6);
    if (point.steps == history.stride()) {
      EXPECT_DOUBLE_EQ(history.step_of(point), point.mean);
    }
  }
  EXPECT_EQ(next, kSteps + 1);
}

TEST(LossHistoryTest, LossesThatComeAndGoKeepTheirPlace) {
  viewers::LossHistory history;
  for (std::int64_t n = 1; n <= 5000; ++n)
    history.add(step(n, {{n % 1000 < 500 ? "early" : "late", 1, Kind::prompt}}));
  ASSERT_EQ(history.series().size(), 2u);
  for (const viewers::LossHistory::Series& one : history.series()) {
    std::int64_t steps = 0;
    for (const viewers::LossHistory::Point& point : one.points) steps += point.steps;
    EXPECT_EQ(steps, 2500);
  }
  // 500 to 999 had the other name.
  for (const viewers::LossHistory::Point& point : history.series()[0].points)
    EXPECT_FALSE(history.step_of(point) > 510 && history.step_of(point) < 990);
}

TEST(LossHistoryTest, NamesOfOneStepAreTold) {
  const std::vector<std::string> names = viewers::distinct_names({{"a", 1}, {"b", 1}, {"a", 1}, {"a", 1}});
  EXPECT_EQ(names, (std::vector<std::string>{"a", "b", "a (2)", "a (3)"}));
}

TEST(EventsTest, ChecksumIsCastagnolis) {
  EXPECT_EQ(tensorboard::crc32c("123456789"), 0xE3069283u);  // the check value of CRC-32/ISCSI
  // RFC 3720, B.4: 32 bytes of zeros, and of ones.
  EXPECT_EQ(tensorboard::crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(tensorboard::crc32c(std::string(32, '\xff')), 0x62A8AB43u);
}

TEST(EventsTest, NumbersAreWrittenAsTheFormatSays) {
  // The first examples of the description of protocol buffers' encoding.
  EXPECT_EQ(tensorboard::Message().whole(1, 150).bytes(), "\x08\x96\x01");
  EXPECT_EQ(tensorboard::Message().text(2, "testing").bytes(), "\x12\x07testing");
  EXPECT_EQ(tensorboard::Message().part(3, tensorboard::Message().whole(1, 150)).bytes(),
            "\x1a\x03\x08\x96\x01");
}

}  // namespace
}  // namespace reverie
