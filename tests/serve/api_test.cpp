// What docs/openapi.json says, and parts of the server that a real one shows only after long use.

#include <gtest/gtest.h>
#include <json/reader.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "reverie/error.h"
#include "serve/api.h"
#include "serve/file_types.h"
#include "serve/run_cost.h"
#include "serve/run_files.h"
#include "support/scratch.h"

namespace reverie::test {
namespace {

TEST(Api, IsDescribedWhole) {
  std::ifstream file(REVERIE_OPENAPI);
  Json::Value description;
  std::string errors;
  ASSERT_TRUE(Json::parseFromStream(Json::CharReaderBuilder(), file, &description, &errors)) << errors;
  std::vector<std::string> described, routes = serve::Api::routes();
  const Json::Value& paths = description["paths"];
  for (const std::string& path : paths.getMemberNames())
    for (std::string method : paths[path].getMemberNames()) {
      std::transform(method.begin(), method.end(), method.begin(), ::toupper);
      described.push_back(method + " " + path);
    }
  std::sort(described.begin(), described.end());
  std::sort(routes.begin(), routes.end());
  EXPECT_EQ(described, routes);
}

serve::RunRecord record_of(const std::string& title) {
  serve::RunRecord record;
  record.settings = "{}";
  record.title = title;
  return record;
}

std::vector<std::int64_t> order(const serve::RunQueue& queue) {
  std::vector<std::int64_t> ids;
  for (const serve::RunRecord& record : queue.list()) ids.push_back(record.id);
  return ids;
}

TEST(RunQueue, PlacesNeverRunOut) {
  const Scratch scratch;
  std::vector<std::string> notices;
  std::vector<std::int64_t> expected = {1, 2, 3, 4};
  {
    serve::RunStore store(scratch.path());
    serve::RunQueue queue(store, notices);
    for (const char* title : {"a", "b", "c", "d"}) queue.submit(record_of(title));
    // Each time the gap before the last one is halved: far more often than a double has digits.
    for (int i = 0; i < 120; ++i) {
      const std::int64_t moved = expected[static_cast<std::size_t>(i) % 3];
      queue.move(moved, 4);
      std::erase(expected, moved);
      expected.insert(expected.end() - 1, moved);
      ASSERT_EQ(order(queue), expected) << "after " << i + 1 << " moves";
    }
    queue.move(4, expected[0]);
    std::rotate(expected.begin(), expected.end() - 1, expected.end());
    ASSERT_EQ(order(queue), expected);
  }
  serve::RunStore again(scratch.path());
  EXPECT_EQ(order(serve::RunQueue(again, notices)), expected);
  EXPECT_TRUE(notices.empty());
}

TEST(RunQueue, RefusesWhatDoesNotFit) {
  const Scratch scratch;
  std::vector<std::string> notices;
  serve::RunStore store(scratch.path());
  serve::RunQueue queue(store, {2, 3, 5}, notices);
  queue.submit(record_of("a"));
  queue.submit(record_of("b"));
  const auto status = [](const auto& ask) {
    try {
      ask();
    } catch (const serve::RequestError& error) {
      return error.status();
    }
    return 0;
  };
  EXPECT_EQ(status([&] { queue.submit(record_of("c")); }), 429) << "two wait";
  queue.cancel(1);
  EXPECT_EQ(status([&] { queue.submit(record_of("c")); }), 0);
  EXPECT_EQ(status([&] { queue.resume(1); }), 429) << "two wait again";
  queue.cancel(2);
  EXPECT_EQ(status([&] { queue.submit(record_of("d")); }), 429) << "the list is full";
  EXPECT_EQ(status([&] { queue.remove(7); }), 404);
}

TEST(RunQueue, WhatTheDiskDoesNotTakeIsNotDone) {
  const Scratch scratch;
  std::vector<std::string> notices;
  serve::RunStore store(scratch.path());
  serve::RunQueue queue(store, notices);
  std::filesystem::remove_all(scratch / "runs");
  EXPECT_THROW(queue.submit(record_of("a")), Error);
  EXPECT_TRUE(queue.list().empty());
}

TEST(RunQueue, AGridThatTheDiskDoesNotTakeIsNotThere) {
  const Scratch scratch;
  std::vector<std::string> notices;
  serve::RunStore store(scratch.path());
  serve::RunQueue queue(store, notices);
  queue.submit(record_of("a"));
  // The third of the grid finds a folder in its place.
  std::filesystem::create_directory(scratch / "runs/4.json");
  EXPECT_THROW(queue.submit_grid({record_of("b"), record_of("c"), record_of("d")}), Error);
  EXPECT_EQ(order(queue), (std::vector<std::int64_t>{1}));
  std::filesystem::remove(scratch / "runs/4.json");
  EXPECT_EQ(store.load(notices).size(), 1u);
  const auto grid = queue.submit_grid({record_of("b"), record_of("c")});
  EXPECT_EQ(order(queue), (std::vector<std::int64_t>{1, 5, 6}));
  for (const serve::RunRecord& record : store.load(notices)) EXPECT_EQ(record.grid, record.id == 1 ? 0 : 5);
  EXPECT_TRUE(notices.empty());
}

TEST(RunQueue, FilesThatRunsNeedAreNotRemoved) {
  const Scratch scratch;
  std::vector<std::string> notices;
  serve::RunStore store(scratch.path());
  serve::RunQueue queue(store, notices);
  serve::RunRecord record = record_of("a");
  record.settings = R"({"init_image": "uploads/1f.png"})";
  const std::int64_t id = queue.submit(record).id;
  int removed = 0;
  const auto needs = [&](const char* file) {
    const auto run = queue.remove_unless_needed(file, [&] { ++removed; });
    return run ? run->id : 0;
  };
  EXPECT_EQ(needs("2f.png"), 0);
  EXPECT_EQ(removed, 1);
  EXPECT_EQ(needs("1f.png"), id);
  queue.cancel(id);
  queue.set_deleted(id, true);
  EXPECT_EQ(needs("1f.png"), id) << "it may come back";
  queue.set_deleted(id, false);
  queue.resume(id);
  queue.take(serve::RunKind::render, nullptr);
  queue.ended(id, serve::RunState::finished);
  EXPECT_EQ(removed, 1);
  EXPECT_EQ(needs("1f.png"), 0);
  EXPECT_EQ(removed, 2);
}

TEST(RunQueue, StepsOfARunThatWasChangedSayNothingOfOthers) {
  const Scratch scratch;
  std::vector<std::string> notices;
  serve::RunStore store(scratch.path());
  serve::RunQueue queue(store, notices);
  serve::RunRecord record = record_of("a");
  record.cost = "width=40;";
  const std::int64_t id = queue.submit(record).id;
  queue.take(serve::RunKind::render, nullptr);
  queue.progressed(id, 10, 0, 1.5);
  EXPECT_EQ(queue.step_seconds("width=40;"), 1.5);
  queue.steered(id);
  EXPECT_EQ(queue.step_seconds("width=40;"), 0);
  EXPECT_EQ(queue.step_seconds(""), 0);
}

TEST(RunCost, CountsWhatTakesTime) {
  Settings settings;
  const auto set = [&](const char* name, const std::string& written) {
    SettingValue value = default_value(text(name, ""));
    value.text = written;
    settings.set(name, value);
  };
  set("flow_model", "");
  set("flow_stabilization_weight", "");
  set("learning_rate", "0.1");
  const std::string plain = serve::cost_of(settings);
  set("learning_rate", "0.2");
  EXPECT_EQ(serve::cost_of(settings), plain);
  set("flow_stabilization_weight", "10");
  const std::string with_flow = serve::cost_of(settings);
  EXPECT_NE(with_flow, plain);
  set("flow_stabilization_weight", "20");
  EXPECT_EQ(serve::cost_of(settings), with_flow) << "any weight costs the same";
  set("flow_model", "farneback");
  EXPECT_NE(serve::cost_of(settings), with_flow);
}

TEST(RunFiles, NamesInHeaders) {
  EXPECT_EQ(serve::number_of("12"), 12);
  for (const char* text : {"0", "-1", "1x", ""}) EXPECT_EQ(serve::number_of(text), 0) << text;
  EXPECT_EQ(serve::disposition("a_1.png"), "inline; filename*=UTF-8''a_1.png");
  EXPECT_EQ(serve::disposition("\r\n\"%;é"), "inline; filename*=UTF-8''%0D%0A%22%25%3B%C3%A9");
  EXPECT_EQ(serve::content_type("a.html"), "application/octet-stream");
  EXPECT_EQ(serve::content_type("a.svg"), "application/octet-stream");
}

}  // namespace
}  // namespace reverie::test
