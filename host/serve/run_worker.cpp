#include "serve/run_worker.h"

#include <chrono>

#include "app/failure.h"
#include "engine/host_services.h"
#include "serve/remote_control.h"
#include "serve/update_message.h"
#include "web/run_feed.h"

namespace reverie::serve {

using app::current_failure;
using app::Failure;
using engine::interrupted;
using web::RunFeed;

namespace {

using Clock = std::chrono::steady_clock;

/// Why a run failed whose process is gone.
std::string message_of(const ChildProcess::End& end, std::int64_t steps) {
  std::string text = "the process that rendered this run is gone: " + end.how;
  if (!end.activity.empty()) text += "; at work was: " + end.activity;
  return text + "; steps done: " + std::to_string(std::max(steps, end.steps));
}

constexpr const char* kAdvice =
    "a plugin, a driver or a file may be at fault; the server goes on. What was saved is kept: resume the "
    "run to "
    "go on from there, or change its settings and start it again";

}  // namespace

struct RunWorker::Run {
  std::int64_t id;
  std::shared_ptr<RunControl> control;
  Clock::time_point start;
  ChildProcess& process;
  std::int64_t frames_before;  // saved when it went last
  std::shared_ptr<RunFeed> feed;
  std::int64_t done = 0, frames = 0;
  std::int64_t done_before = 0;  // steps, of its earlier parts
  bool taken = false;            // by the process

  /// For those who watch, when the process has not said it.
  void end_feed(RunUpdate::State state, const std::string& message = {}) const {
    if (!feed || feed->over()) return;
    RunUpdate last;
    last.state = state;
    last.message = message;
    feed->update(last);
  }
};

RunWorker::RunWorker(RunQueue& queue, RunKind kind, ForkServer& processes, std::size_t role,
                     std::function<void(const std::string&)> say)
    : queue_(queue), kind_(kind), processes_(processes), role_(role), say_(std::move(say)), thread_([this] {
        work();
      }) {}

RunWorker::~RunWorker() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    if (process_) process_->send(Channel::named("end"));
  }
  thread_.join();
}

void RunWorker::work() {
  while (const auto turn = queue_.take(kind_, std::make_shared<RemoteControl>())) {
    const std::string name = "run " + std::to_string(turn->record.id);
    // The other server would go on without them, if it has to.
    if (turn->record.lease > 0)
      std::static_pointer_cast<RemoteControl>(turn->control)
          ->refuse_changes(
              "this is " +
              (turn->record.from.empty() ? "a run of another server or program" : turn->record.from) +
              ", which would not learn of a change; cancel it there, and start it again with other settings");
    say_(name + " begins: " + turn->record.title);
    try {
      go(*turn);
    } catch (...) {
      const Failure failure = current_failure();
      queue_.ended(turn->record.id, RunState::failed, failure.message, failure.advice);
    }
    const RunRecord record = queue_.get(turn->record.id);
    say_(name + (record.state == RunState::running  ? " is saved, and goes on when the server comes again"
                 : record.state == RunState::failed ? " failed: " + record.message
                                                    : std::string(" is ") + name_of(record.state)));
  }
}

/// The one that is there, or a new one; it has got the run.
std::shared_ptr<ChildProcess> RunWorker::process_for(const RunQueue::Turn& turn) {
  Json::Value head = Channel::named("run");
  head["record"] = to_json(turn.record);
  const std::lock_guard lock(mutex_);
  if (!process_ || process_->ended() || !process_->send(head)) {
    process_ = processes_.start(role_);
    process_->send(head);
  }
  if (ending_) process_->send(Channel::named("end"));
  std::static_pointer_cast<RemoteControl>(turn.control)->attach(process_);
  return process_;
}

void RunWorker::go(const RunQueue::Turn& turn) {
  // A process that ended after the last run did may be given this one before anybody knows: no fault of the
  // run.
  if (go_once(turn) || go_once(turn)) return;
  throw Error(ErrorKind::file, "two processes for this run ended before they took it",
              "memory may be short; resume the run to try again");
}

bool RunWorker::go_once(const RunQueue::Turn& turn) {
  const std::shared_ptr<void> over(
      nullptr, [&](void*) { std::static_pointer_cast<RemoteControl>(turn.control)->lost(); });
  const Clock::time_point start = Clock::now();
  const std::shared_ptr<ChildProcess> process = process_for(turn);
  Run run{turn.record.id, turn.control, start, *process, turn.record.pictures, nullptr};
  std::string broken;
  try {
    while (auto message = process->receive())
      if (take(run, *message)) return true;
  } catch (const Error& error) {
    process->kill();
    run.end_feed(RunUpdate::State::failed, error.what());
    throw;
  } catch (const std::exception& error) {
    broken = error.what();  // nothing that it sends after this can be trusted
  }
  const ChildProcess::End end = process->end();
  const bool cancelling = queue_.get(run.id).cancelling;
  if (!run.taken && broken.empty() && !cancelling) return false;
  const std::string message =
      broken.empty() ? message_of(end, run.done)
                     : "the process that rendered this run sent what cannot be understood: " + broken;
  run.end_feed(RunUpdate::State::failed, message);
  if (cancelling)
    queue_.ended(run.id, RunState::cancelled, "cancelled twice: it was ended at once, without saving");
  else
    queue_.ended(run.id, RunState::failed, message, kAdvice);
  return true;
}

bool RunWorker::take(Run& run, Message& message) {
  const std::string what = message.what();
  const Json::Value& head = message.head;
  if (what == "takes") {
    run.taken = true;
  } else if (what == "begins") {
    keep_names(run, message);
  } else if (what == "restored") {
    run.frames = run.frames_before;
    queue_.restored(run.id, head["number"].asInt64());
  } else if (what == "warns") {
    queue_.warned(run.id, head["text"].asString());
  } else if (what == "moves") {
    queue_.progressed(run.id, run.done = head["done"].asInt64(), run.frames);
  } else if (what == "prepared") {
    prepared(run, message);
  } else if (what == "update") {
    if (head["id"].asInt64() == run.id) update(run, message);
  } else if (what == "changed") {
    Steering::Answer answer{{}, head["step"].asInt64()};
    for (const Json::Value& problem : head["problems"]) answer.problems.push_back(problem.asString());
    if (answer.problems.empty()) queue_.steered(run.id);
    control_of(run).answered(head["number"].asInt64(), answer);
  } else if (what == "failed") {
    run.end_feed(RunUpdate::State::failed, head["message"].asString());
    queue_.ended(run.id, RunState::failed, head["message"].asString(), head["advice"].asString());
    return true;
  } else if (what == "over") {
    const bool stopped = head["interrupted"].asBool();
    run.end_feed(stopped ? RunUpdate::State::interrupted : RunUpdate::State::finished);
    const bool cancelled = queue_.get(run.id).cancelling || !interrupted;  // else the whole server ends
    queue_.ended(run.id, !stopped ? RunState::finished : cancelled ? RunState::cancelled : RunState::running);
    return true;
  } else {
    throw std::runtime_error("there is no message '" + what + "'");
  }
  return false;
}

void RunWorker::keep_names(Run& run, const Message& message) {
  bool free = false;
  try {
    free = queue_.begins(run.id, {message.head["folder"].asString(), message.head["base"].asString()});
  } catch (const Error& error) {
    Json::Value answer = Channel::named("not_kept");
    answer["message"] = error.what();
    answer["advice"] = error.advice();
    run.process.send(answer);
    return;
  }
  run.process.send(Channel::named(free ? "kept" : "taken"));
}

void RunWorker::prepared(Run& run, const Message& message) {
  run.done = run.done_before = message.head["done"].asInt64();
  control_of(run).set_values(values_from(message.head["changeable"]));
  run.feed = std::make_shared<RunFeed>(setup_from(message, run.control.get()));
  queue_.prepared(run.id, std::chrono::duration<double>(Clock::now() - run.start).count(), run.feed);
}

RemoteControl& RunWorker::control_of(const Run& run) { return static_cast<RemoteControl&>(*run.control); }

void RunWorker::update(Run& run, Message& message) {
  if (message.head.isMember("changeable"))
    control_of(run).set_values(values_from(message.head["changeable"]));
  const RunUpdate update = update_from(message);
  if (run.feed) run.feed->update(update);
  double step_seconds = 0;
  if (!update.steps.empty()) {
    run.done = update.steps.back().number;
    // The first steps allocate memory and choose kernels.
    constexpr std::int64_t kEnough = 5;
    const std::int64_t made = run.done - run.done_before;
    if (made >= kEnough) step_seconds = update.steps.back().seconds / static_cast<double>(made);
  }
  // However many outputs write a frame, it is one.
  for (const RunUpdate::File& file : update.saved) run.frames = std::max(run.frames, file.number);
  queue_.progressed(run.id, run.done, run.frames, step_seconds);
}

}  // namespace reverie::serve
