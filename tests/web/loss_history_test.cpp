#include "web/loss_history.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "web/run_feed.h"

namespace reverie {
namespace {

using Kind = RunUpdate::Loss::Kind;

RunUpdate::Step step_of(std::int64_t number, std::vector<RunUpdate::Loss> losses) {
  return {number, 0, 0, 0, std::move(losses)};
}

TEST(LossHistoryTest, KeepsEveryStepWhileTheyAreFew) {
  LossHistory history;
  for (std::int64_t step = 1; step <= 1000; ++step)
    history.add(step_of(step, {{"red", 1.0 / static_cast<double>(step), Kind::prompt}}));
  ASSERT_EQ(history.columns().size(), 1000u);
  EXPECT_EQ(history.width(), 1);
  for (std::int64_t step = 1; step <= 1000; ++step) {
    const LossHistory::Column& column = history.columns()[static_cast<std::size_t>(step - 1)];
    EXPECT_EQ(column.first, step);
    EXPECT_EQ(column.last, step);
    EXPECT_EQ(column.ranges.at(0).mean(), 1.0 / static_cast<double>(step));
  }
}

// Of f(n) = n the mean over the steps a..b is (a + b) / 2, the lowest value a and the highest b.
TEST(LossHistoryTest, AMillionStepsTakeNoMoreRoomAndEachColumnTellsTheTruthAboutItsSteps) {
  constexpr std::int64_t kFirst = 37, kLast = 1'000'036;
  LossHistory history;
  for (std::int64_t step = kFirst; step <= kLast; ++step)
    history.add(step_of(step, {{"n", static_cast<double>(step)}}));
  EXPECT_LE(history.columns().size(), LossHistory::kMostColumns);
  EXPECT_GT(history.columns().size(), LossHistory::kMostColumns / 3);
  std::int64_t next = kFirst;
  for (const LossHistory::Column& column : history.columns()) {
    ASSERT_EQ(column.first, next);
    next = column.last + 1;
    const LossHistory::Range& range = column.ranges.at(0);
    const auto first = static_cast<double>(column.first), last = static_cast<double>(column.last);
    ASSERT_EQ(range.count, column.last - column.first + 1);
    ASSERT_EQ(range.low, first);
    ASSERT_EQ(range.high, last);
    ASSERT_DOUBLE_EQ(range.mean(), (first + last) / 2);
    EXPECT_EQ(history.slot(column), (column.first - 1) / history.width());
    if (&column != &history.columns().front() && &column != &history.columns().back()) {
      ASSERT_EQ(range.count, history.width());
    }
  }
  EXPECT_EQ(next, kLast + 1);
}

TEST(LossHistoryTest, ASpikeOutlivesTheThinning) {
  LossHistory history;
  for (std::int64_t step = 1; step <= 100'000; ++step)
    history.add(step_of(step, {{"loss", step == 4321 ? 50.0 : 1.0}}));
  int spikes = 0;
  for (const LossHistory::Column& column : history.columns())
    if (column.ranges.at(0).high == 50) {
      ++spikes;
      EXPECT_LE(column.first, 4321);
      EXPECT_GE(column.last, 4321);
    }
  EXPECT_EQ(spikes, 1);
}

TEST(LossHistoryTest, StepsThatWereLeftOutLeaveGapsAndNoWrongColumns) {
  LossHistory history;
  for (std::int64_t step = 1; step <= 60'000; step += 7)
    history.add(step_of(step, {{"n", static_cast<double>(step)}}));
  EXPECT_LE(history.columns().size(), LossHistory::kMostColumns);
  std::int64_t before = 0, count = 0;
  for (const LossHistory::Column& column : history.columns()) {
    EXPECT_GT(column.first, before);
    before = column.last;
    EXPECT_EQ(column.ranges.at(0).low, static_cast<double>(column.first));
    EXPECT_EQ(column.ranges.at(0).high, static_cast<double>(column.last));
    count += column.ranges.at(0).count;
  }
  EXPECT_EQ(count, (60'000 - 1) / 7 + 1);
}

TEST(LossHistoryTest, SeriesComeAndGoAndEqualNamesStayApart) {
  LossHistory history;
  history.add(step_of(1, {{"a", 1, Kind::prompt}, {"a", 2, Kind::prompt}, {"a", 3}}));
  history.add(step_of(2, {{"b", 4, Kind::prompt}}));
  ASSERT_EQ(history.series().size(), 4u);
  EXPECT_EQ(history.series()[0].name, "a");
  EXPECT_EQ(history.series()[1].name, "a (2)");
  EXPECT_EQ(history.series()[2].kind, Kind::other);
  EXPECT_EQ(history.columns()[0].ranges.at(1).mean(), 2);
  EXPECT_EQ(history.columns()[1].ranges.count(0), 0u);
  EXPECT_EQ(history.columns()[1].ranges.at(3).mean(), 4);
}

TEST(LossHistoryTest, WhatIsNotFiniteIsLeftOut) {
  LossHistory history;
  history.add(step_of(1, {{"a", std::numeric_limits<double>::quiet_NaN()},
                          {"b", std::numeric_limits<double>::infinity()},
                          {"c", 1}}));
  ASSERT_EQ(history.series().size(), 1u);
  EXPECT_EQ(history.series()[0].name, "c");
}

/// A page: whatever it missed, news since what it last saw bring it to the present.
TEST(LossHistoryTest, NewsAddUpToTheWhole) {
  LossHistory history;
  std::vector<std::string> page;
  std::string names;
  std::uint64_t seen = 0;
  for (std::int64_t step = 1; step <= 5000; ++step) {
    const std::string name = step < 3000 ? "early" : "late";
    history.add(step_of(step, {{name, std::sin(static_cast<double>(step)), Kind::prompt}}),
                static_cast<std::uint64_t>(step));
    if (step % 13 != 0 && step != 5000) continue;
    const Json::Value news = web::history_json(history, seen);
    ASSERT_LE(news["from"].asUInt64(), page.size());
    page.resize(news["from"].asUInt64());
    for (const Json::Value& column : news["columns"]) page.push_back(column.toStyledString());
    if (news.isMember("series")) names = news["series"].toStyledString();
    seen = static_cast<std::uint64_t>(step);
  }
  const Json::Value whole = web::history_json(history, 0);
  std::vector<std::string> columns;
  for (const Json::Value& column : whole["columns"]) columns.push_back(column.toStyledString());
  EXPECT_EQ(page, columns);
  EXPECT_EQ(names, whole["series"].toStyledString());
  EXPECT_EQ(web::history_json(history, seen)["columns"].size(), 0u);
}

/// As the file of a graph is read when a run goes on.
TEST(LossHistoryTest, GoesOnFromItsOwnColumns) {
  LossHistory whole, first, second;
  const auto loss = [](std::int64_t step) {
    return step_of(step, {{"a", std::sin(static_cast<double>(step))}, {step < 1500 ? "b" : "c", 1.0}});
  };
  constexpr std::int64_t kHalf = 2048, kAll = 4000;
  for (std::int64_t step = 1; step <= kAll; ++step) {
    whole.add(loss(step));
    if (step <= kHalf) first.add(loss(step));
  }
  second.start_with_width(first.width());
  for (std::size_t series = 0; series < first.series().size(); ++series)
    for (const LossHistory::Column& column : first.columns())
      if (const auto range = column.ranges.find(series); range != column.ranges.end())
        second.add(first.series()[series].name, first.series()[series].kind, first.slot(column),
                   range->second);
  for (std::int64_t step = kHalf + 1; step <= kAll; ++step) second.add(loss(step));
  EXPECT_EQ(web::history_json(second, 0).toStyledString(), web::history_json(whole, 0).toStyledString());
}

TEST(LossHistoryTest, NamesOfOneStepAreTold) {
  const std::vector<std::string> names = distinct_names({{"a", 1}, {"b", 1}, {"a", 1}, {"a", 1}});
  EXPECT_EQ(names, (std::vector<std::string>{"a", "b", "a (2)", "a (3)"}));
}

}  // namespace
}  // namespace reverie
