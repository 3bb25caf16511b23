// The queue of a server that hands runs to others, and of one that gets them.

#include <gtest/gtest.h>

#include "serve/farm_worker.h"
#include "serve/run_files.h"
#include "serve/run_queue.h"
#include "serve/worker_client.h"
#include "support/scratch.h"
#include "web/web_server.h"

namespace reverie::test {
namespace {

using serve::RunQueue;
using serve::RunRecord;
using serve::RunState;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr const char* kWorker = "http://10.0.0.2:7070";
constexpr const char* kOther = "http://10.0.0.3:7070";
constexpr std::chrono::seconds kLease(60);

RunRecord record_of(const std::string& title, const std::string& key = "", std::int64_t lease = 0) {
  RunRecord record;
  record.settings = "{}";
  record.title = title;
  record.key = key;
  record.lease = lease;
  return record;
}

bool any(const RunRecord&) { return true; }

std::int64_t taken(RunQueue& queue, const std::string& worker) {
  const auto turn = queue.take_for(worker, any, nullptr, milliseconds(0));
  return turn ? turn->record.id : 0;
}

class Farm : public testing::Test {
 protected:
  /// As a server that was killed comes again.
  RunQueue& again() {
    queue_.reset();
    store_.reset();
    store_.emplace(scratch_.path());
    queue_.emplace(*store_, notices_);
    return *queue_;
  }

 private:
  const Scratch scratch_;
  std::vector<std::string> notices_;
  std::optional<serve::RunStore> store_;
  std::optional<RunQueue> queue_;
};

TEST_F(Farm, ARunStaysWithItsWorkerWhenTheServerComesAgain) {
  RunQueue* queue = &again();
  queue->submit(record_of("a"));
  queue->submit(record_of("b"));
  EXPECT_EQ(taken(*queue, kWorker), 1);
  queue->handed(1, kWorker, "key", kLease);
  queue = &again();
  EXPECT_EQ(taken(*queue, kOther), 2) << "the first is another's";
  queue->handed(2, kOther, "other", kLease);
  EXPECT_EQ(taken(*queue, kOther), 0);
  EXPECT_EQ(taken(*queue, kWorker), 1);
  EXPECT_EQ(queue->get(1).key, "key");
}

TEST_F(Farm, ARunThatWasTakenAndNotHandedIsNobodys) {
  RunQueue* queue = &again();
  queue->submit(record_of("a"));
  EXPECT_EQ(taken(*queue, kWorker), 1);
  queue = &again();
  EXPECT_EQ(taken(*queue, kOther), 1);
}

TEST_F(Farm, WhatIsGivenBackComesFirstAndGoesToAnybody) {
  RunQueue* queue = &again();
  queue->submit(record_of("a"));
  queue->submit(record_of("b"));
  EXPECT_EQ(taken(*queue, kWorker), 1);
  queue->handed(1, kWorker, "key", kLease);
  queue->given_back(1);
  EXPECT_EQ(queue->get(1).state, RunState::queued);
  EXPECT_EQ(queue->get(1).worker, "");
  EXPECT_EQ(taken(*queue, kOther), 1);
  queue->handed(1, kOther, "key", kLease);
}

/// The worker may go on with it for as long as its lease says, and the last question may be late.
TEST_F(Farm, ARunOfAServerThatIsNoWorkerAnyMoreWaitsUntilThatHasStopped) {
  RunQueue* queue = &again();
  queue->submit(record_of("a"));
  EXPECT_EQ(taken(*queue, kWorker), 1);
  queue->handed(1, kWorker, "key", kLease);
  const auto before = Clock::now();
  queue = &again();
  const auto after = Clock::now();
  EXPECT_EQ(queue->left_behind({kOther}), 1u);
  EXPECT_EQ(queue->left_behind({kOther, kWorker}), 0u);
  EXPECT_EQ(queue->give_back_all_but({}, before + kLease + serve::kPatience), 0u);
  EXPECT_EQ(taken(*queue, kOther), 0);
  const auto free = after + kLease + serve::kPatience + milliseconds(1);
  EXPECT_EQ(queue->give_back_all_but({kWorker}, free), 0u) << "it is asked, and may go on";
  EXPECT_EQ(queue->give_back_all_but({kOther}, free), 1u);
  EXPECT_EQ(queue->left_behind({}), 0u);
  EXPECT_EQ(taken(*queue, kOther), 1);
}

/// With the lease that it got, not with one that the server would give now.
TEST_F(Farm, ASilentWorkerKeepsEachRunForItsOwnLease) {
  RunQueue& queue = again();
  for (const char* name : {"a", "b"}) queue.submit(record_of(name));
  const auto since = Clock::now();
  for (const std::int64_t id : {1, 2}) {
    EXPECT_EQ(taken(queue, kWorker), id);
    queue.handed(id, kWorker, "key" + std::to_string(id), kLease * id);
    queue.ended(id, RunState::running);
  }
  RunQueue& next = again();
  next.give_back_silent(kWorker, since, since + kLease + serve::kPatience);
  EXPECT_EQ(next.get(1).worker, kWorker);
  next.give_back_silent(kWorker, since, since + 2 * kLease);
  EXPECT_EQ(next.get(1).worker, "");
  EXPECT_EQ(next.get(2).worker, kWorker);
}

TEST_F(Farm, ACancelledRunThatMayGoOnElsewhereIsResumedThere) {
  RunQueue& queue = again();
  queue.submit(record_of("a"));
  for (const bool over : {false, true}) {
    EXPECT_EQ(taken(queue, kWorker), 1);
    queue.handed(1, kWorker, "key", kLease);
    if (over) queue.over_there(1);
    queue.ended(1, RunState::cancelled);
    queue.resume(1);
    EXPECT_EQ(taken(queue, kOther), over ? 1 : 0);
  }
}

TEST_F(Farm, WhatWasCancelledWhileItsWorkerWasGoneDoesNotWait) {
  RunQueue& queue = again();
  queue.submit(record_of("a"));
  EXPECT_EQ(taken(queue, kWorker), 1);
  queue.handed(1, kWorker, "key", kLease);
  queue.cancel(1);
  queue.given_back(1);
  EXPECT_EQ(queue.get(1).state, RunState::cancelled);
  EXPECT_EQ(taken(queue, kOther), 0);
}

TEST_F(Farm, OneKeyIsOneRun) {
  RunQueue* queue = &again();
  EXPECT_EQ(queue->submit(record_of("a", "key")).id, 1);
  EXPECT_EQ(queue->submit(record_of("a", "key")).id, 1);
  EXPECT_EQ(queue->submit(record_of("a", "another")).id, 2);
  EXPECT_EQ(queue->submit(record_of("a")).id, 3);
  EXPECT_EQ(queue->submit(record_of("a")).id, 4);
  queue = &again();
  EXPECT_EQ(queue->submit(record_of("a", "key")).id, 1);
  EXPECT_EQ(queue->list().size(), 4u);
}

/// Nobody has asked since the server came again, however short that is ago.
TEST_F(Farm, ARunWithALeaseWaitsUntilItIsAskedFor) {
  RunQueue* queue = &again();
  queue->submit(record_of("a", "key", 3600));
  queue = &again();
  queue->submit(record_of("b"));
  const auto other = queue->take(serve::RunKind::render, nullptr);
  EXPECT_EQ(other->record.id, 2);
  queue->ended(2, RunState::finished);
  queue->asked(1);
  EXPECT_EQ(queue->take(serve::RunKind::render, nullptr)->record.id, 1);
}

TEST_F(Farm, ARunWithALeaseIsNotHandedOn) {
  RunQueue& queue = again();
  queue.submit(record_of("a", "key", 3600));
  EXPECT_EQ(taken(queue, kWorker), 0);
}

TEST_F(Farm, AnEndedLeaseCancelsAndSaysWhy) {
  RunQueue* queue = &again();
  queue->submit(record_of("a", "key", 3600));
  queue->end_leases();
  EXPECT_EQ(queue->get(1).state, RunState::queued);
  queue = &again();  // nobody has asked yet
  queue->end_leases();
  EXPECT_EQ(queue->get(1).state, RunState::cancelled);
  EXPECT_EQ(queue->get(1).message, serve::kNobodyAsks);
  queue->resume(1);
  EXPECT_EQ(queue->take(serve::RunKind::render, nullptr)->record.id, 1);
}

TEST_F(Farm, TwoRunsThatGoHaveNamesOfTheirOwn) {
  RunQueue& queue = again();
  queue.submit(record_of("a"));
  queue.submit(record_of("b"));
  EXPECT_EQ(taken(queue, kWorker), 1);
  EXPECT_EQ(taken(queue, kOther), 2);
  EXPECT_TRUE(queue.begins(1, {"images_out/a", "a"}));
  EXPECT_FALSE(queue.begins(2, {"images_out/a", "a"}));
  EXPECT_TRUE(queue.begins(2, {"images_out/a", "a(1)"}));
}

/// A worker may say what it likes.
TEST(FilesOfWorkers, BelongIntoTheRunsFolderAlone) {
  const Scratch scratch;
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(scratch.path());
  std::filesystem::create_directories("images_out/a");
  RunRecord record = record_of("a");
  record.output = engine::OutputNames{"images_out/a", "a"};
  const std::filesystem::path folder = std::filesystem::canonical("images_out/a");
  EXPECT_EQ(serve::place_of(record, "a_1.png", false), folder / "a_1.png");
  EXPECT_EQ(serve::place_of(record, "a.mp4", false), folder / "a.mp4");
  EXPECT_EQ(serve::place_of(record, "a_1.png", true), folder / "a_frames/a_1.png");
  for (const std::string& name : {std::string("a_/../../x"), std::string("../a_1.png"),
                                  std::string("a_1.png/x"), std::string("b_1.png"), std::string("a"),
                                  std::string("a_1.part"), std::string(), std::string("a_1.png\0.mp4", 12)})
    EXPECT_EQ(serve::place_of(record, name, false), std::nullopt) << name;
  EXPECT_EQ(serve::place_of(record, "a_settings.txt", true), std::nullopt) << "it is no frame";
  record.output->folder = "..";
  EXPECT_EQ(serve::place_of(record, "a_1.png", false), std::nullopt);
  std::filesystem::current_path(before);
}

/// Large pictures and slow networks are no reason to think that a worker is gone.
TEST(WorkerClients, GetPicturesHoweverLarge) {
  web::WebServer::Options options;
  options.rules.token = "secret";
  const web::WebServer server(options, [](const web::HttpRequest& request) {
    if (request.path == "/none") return web::HttpResponse::error(404, "none");
    web::HttpResponse response;
    response.shared_body =
        std::make_shared<const std::string>(request.path == "/large" ? 33 << 20 : 9 << 20, 'x');
    return response;
  });
  serve::WorkerClient client("http://127.0.0.1:" + std::to_string(server.port()), "secret");
  int pieces = 0;
  const auto ask = [&](const char* path) { return client.bytes(path, [&] { ++pieces; }); };
  ASSERT_TRUE(ask("/small"));
  EXPECT_EQ(*ask("/small"), std::string(9 << 20, 'x'));
  EXPECT_GT(pieces, 2);
  EXPECT_EQ(ask("/large"), nullptr);
  EXPECT_EQ(ask("/none"), nullptr);
  EXPECT_THROW(serve::WorkerClient("http://127.0.0.1:1", "secret").bytes("/small", [] {}),
               serve::WorkerSilent);
}

TEST(WorkerAddresses, HaveTheirTokensInAFile) {
  const Scratch scratch;
  scratch.write("tokens", "# for all\nshared\n\nhttp://b:1 own\n");
  const auto workers = serve::worker_addresses({"http://a:1/", "http://b:1"}, scratch / "tokens");
  ASSERT_EQ(workers.size(), 2u);
  EXPECT_EQ(workers[0].url, "http://a:1");
  EXPECT_EQ(workers[0].token, "shared");
  EXPECT_EQ(workers[1].token, "own");
  scratch.write("one", "http://b:1 own\n");
  EXPECT_THROW(serve::worker_addresses({"http://a:1"}, scratch / "one"), Error) << "it has no token";
  EXPECT_THROW(serve::worker_addresses({"http://a:1"}, scratch / "none"), Error);
  for (const char* url :
       {"http://token@a:1", "http://a:1/?token=x", "http://a:1#x", "ftp://a", "a:1", "http://"})
    EXPECT_THROW(serve::worker_addresses({url}, scratch / "tokens"), Error) << url;
}

}  // namespace
}  // namespace reverie::test
