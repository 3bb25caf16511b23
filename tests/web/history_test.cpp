#include "web/history.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace reverie {
namespace {

TEST(HistoryTest, KeepsEveryStepWhileTheyAreFew) {
  web::History history;
  for (std::int64_t step = 1; step <= 1000; ++step)
    history.add(step, {{"red", "prompt", 1.0 / static_cast<double>(step)}}, 1);
  ASSERT_EQ(history.columns().size(), 1000u);
  EXPECT_EQ(history.width(), 1);
  for (std::int64_t step = 1; step <= 1000; ++step) {
    const web::History::Column& column = history.columns()[static_cast<std::size_t>(step - 1)];
    EXPECT_EQ(column.first, step);
    EXPECT_EQ(column.last, step);
    EXPECT_EQ(column.ranges.at(0).mean(), 1.0 / static_cast<double>(step));
  }
}

// Of f(n) = n the mean over the steps a..b is (a + b) / 2, the lowest value a and the highest b.
TEST(HistoryTest, AMillionStepsTakeNoMoreRoomAndEachColumnTellsTheTruthAboutItsSteps) {
  constexpr std::int64_t kFirst = 37, kLast = 1'000'036;
  web::History history;
  for (std::int64_t step = kFirst; step <= kLast; ++step)
    history.add(step, {{"n", "other", static_cast<double>(step)}}, 1);
  EXPECT_LE(history.columns().size(), web::History::kMostColumns);
  EXPECT_GT(history.columns().size(), web::History::kMostColumns / 3);
  std::int64_t next = kFirst;
  for (const web::History::Column& column : history.columns()) {
    ASSERT_EQ(column.first, next);
    next = column.last + 1;
    const web::History::Range& range = column.ranges.at(0);
    const auto first = static_cast<double>(column.first), last = static_cast<double>(column.last);
    ASSERT_EQ(range.count, column.last - column.first + 1);
    ASSERT_EQ(range.low, first);
    ASSERT_EQ(range.high, last);
    ASSERT_DOUBLE_EQ(range.mean(), (first + last) / 2);
    if (&column != &history.columns().back()) {
      ASSERT_EQ(range.count, history.width());
    }
  }
  EXPECT_EQ(next, kLast + 1);
}

TEST(HistoryTest, ASpikeOutlivesTheThinning) {
  web::History history;
  for (std::int64_t step = 1; step <= 100'000; ++step)
    history.add(step, {{"loss", "other", step == 4321 ? 50.0 : 1.0}}, 1);
  int spikes = 0;
  for (const web::History::Column& column : history.columns())
    if (column.ranges.at(0).high == 50) {
      ++spikes;
      EXPECT_LE(column.first, 4321);
      EXPECT_GE(column.last, 4321);
    }
  EXPECT_EQ(spikes, 1);
}

TEST(HistoryTest, StepsThatWereLeftOutLeaveGapsAndNoWrongColumns) {
  web::History history;
  for (std::int64_t step = 1; step <= 60'000; step += 7)
    history.add(step, {{"n", "other", static_cast<double>(step)}}, 1);
  EXPECT_LE(history.columns().size(), web::History::kMostColumns);
  std::int64_t before = 0, count = 0;
  for (const web::History::Column& column : history.columns()) {
    EXPECT_GT(column.first, before);
    before = column.last;
    EXPECT_EQ(column.ranges.at(0).low, static_cast<double>(column.first));
    EXPECT_EQ(column.ranges.at(0).high, static_cast<double>(column.last));
    count += column.ranges.at(0).count;
  }
  EXPECT_EQ(count, (60'000 - 1) / 7 + 1);
}

TEST(HistoryTest, SeriesComeAndGoAndEqualNamesStayApart) {
  web::History history;
  history.add(1, {{"a", "prompt", 1}, {"a", "prompt", 2}, {"a", "other", 3}}, 1);
  history.add(2, {{"b", "prompt", 4}}, 2);
  ASSERT_EQ(history.series().size(), 4u);
  EXPECT_EQ(history.series()[0].name, "a");
  EXPECT_EQ(history.series()[1].name, "a (2)");
  EXPECT_EQ(history.series()[2].kind, "other");
  EXPECT_EQ(history.columns()[0].ranges.at(1).mean(), 2);
  EXPECT_EQ(history.columns()[1].ranges.count(0), 0u);
  EXPECT_EQ(history.columns()[1].ranges.at(3).mean(), 4);
}

TEST(HistoryTest, WhatIsNotFiniteIsLeftOut) {
  web::History history;
  history.add(1,
              {{"a", "other", std::numeric_limits<double>::quiet_NaN()},
               {"b", "other", std::numeric_limits<double>::infinity()},
               {"c", "other", 1}},
              1);
  ASSERT_EQ(history.series().size(), 1u);
  EXPECT_EQ(history.series()[0].name, "c");
}

/// A page: whatever it missed, news since what it last saw bring it to the present.
TEST(HistoryTest, NewsAddUpToTheWhole) {
  web::History history;
  std::vector<std::string> page;
  std::string names;
  std::uint64_t seen = 0;
  for (std::int64_t step = 1; step <= 5000; ++step) {
    const std::string name = step < 3000 ? "early" : "late";
    history.add(step, {{name, "prompt", std::sin(static_cast<double>(step))}},
                static_cast<std::uint64_t>(step));
    if (step % 13 != 0 && step != 5000) continue;
    const Json::Value news = history.json(seen);
    ASSERT_LE(news["from"].asUInt64(), page.size());
    page.resize(news["from"].asUInt64());
    for (const Json::Value& column : news["columns"]) page.push_back(column.toStyledString());
    if (news.isMember("series")) names = news["series"].toStyledString();
    seen = static_cast<std::uint64_t>(step);
  }
  const Json::Value whole = history.json(0);
  std::vector<std::string> columns;
  for (const Json::Value& column : whole["columns"]) columns.push_back(column.toStyledString());
  EXPECT_EQ(page, columns);
  EXPECT_EQ(names, whole["series"].toStyledString());
  EXPECT_EQ(history.json(seen)["columns"].size(), 0u);
}

}  // namespace
}  // namespace reverie
