#include "serve/farm_worker.h"

#include <json/reader.h>
#include <unistd.h>

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "app/failure.h"
#include "reverie/error.h"
#include "reverie/viewer.h"
#include "serve/farm_view.h"
#include "serve/run_files.h"
#include "web/token.h"

namespace reverie::serve {

using app::current_failure;
using engine::choose_output;
using engine::OutputNames;
using engine::RunPlace;
using engine::write_file;
using web::RunView;

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kBetween(300);  // questions about a run
constexpr milliseconds kBetweenShows(1000);
constexpr milliseconds kAgain(1000);          // after no answer
constexpr std::uintmax_t kGrowth = 64 << 20;  // of a file since it was listed

Json::Value parsed(const std::string& text) {
  Json::Value value;
  const std::unique_ptr<Json::CharReader> reader(Json::CharReaderBuilder().newCharReader());
  reader->parse(text.data(), text.data() + text.size(), &value, nullptr);
  return value;
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 && *name ? name : "another machine";
}

}  // namespace

/// Wishes wait here until the worker can be asked.
class FarmWorker::Control final : public RunControl {
 public:
  void pause() override { wish("pause", true); }
  void resume() override { wish("resume", false); }
  bool paused() const override {
    const std::lock_guard lock(mutex_);
    return paused_;
  }
  void keep_picture() override { wish("keep"); }
  void stop() override {
    wish("cancel");
    const std::lock_guard lock(mutex_);
    ++stops_;
  }
  bool stopped_twice() const {
    const std::lock_guard lock(mutex_);
    return stops_ > 1;
  }

  std::optional<std::string> next() const {
    const std::lock_guard lock(mutex_);
    return wishes_.empty() ? std::nullopt : std::optional(wishes_.front());
  }
  void done() {
    const std::lock_guard lock(mutex_);
    wishes_.pop_front();
  }

 private:
  void wish(const char* what, std::optional<bool> paused = std::nullopt) {
    const std::lock_guard lock(mutex_);
    wishes_.emplace_back(what);
    if (paused) paused_ = *paused;
  }
  mutable std::mutex mutex_;
  std::deque<std::string> wishes_;
  bool paused_ = false;
  int stops_ = 0;
};

struct FarmWorker::Run {
  RunRecord record;
  std::shared_ptr<Control> control;
  Clock::time_point start = Clock::now();
  std::string there;  // its address there, /api/runs/<id>
  std::string base;   // its name there; empty until it begins
  std::map<std::string, std::pair<std::uintmax_t, std::int64_t>> fetched;  // by name: size and time
  std::int64_t backup = 0;                                                 // that is here
  std::shared_ptr<FarmView> view;
  Clock::time_point shown;
  std::int64_t picture = 0;  // the step of the one that is shown
};

FarmWorker::FarmWorker(RunQueue& queue, Checks& checks, const WorkerAddress& address, seconds lease,
                       std::function<void(const std::string&)> say)
    : queue_(queue),
      checks_(checks),
      client_(address.url, address.token),
      lease_(lease),
      say_(std::move(say)),
      thread_([this] { work(); }) {}

FarmWorker::~FarmWorker() {
  client_.end();
  thread_.join();
}

void FarmWorker::answered() {
  heard_ = Clock::now();
  if (silent_) say_("the worker " + client_.url() + " answers");
  silent_ = false;
}

/// Whether it cannot be working on the run any more.
bool FarmWorker::has_lost(const Run& run) const {
  return Clock::now() - heard_ > seconds(run.record.worker_lease) + kPatience;
}

/// Whether it has nothing to do. Throws WorkerSilent.
bool FarmWorker::is_idle() {
  const WorkerClient::Answer answer = client_.get("/api/runs?limit=1");
  if (answer.is_error()) throw WorkerSilent(client_.url() + ": " + answer.error(), true);
  answered();
  for (const Json::Value& run : answer.json["runs"])
    if (run["state"] == name_of(RunState::running) ||
        (run["state"] == name_of(RunState::queued) && !run["paused"].asBool()))
      return false;
  return true;
}

/// This server goes on with what has a backup, since that is here.
bool FarmWorker::may_take(const RunRecord& record) {
  return !refused_.count(record.id) && record.reached == 0 && backups_of(record).empty();
}

void FarmWorker::work() {
  while (queue_.wait(milliseconds(0))) {
    try {
      const bool idle = is_idle();
      const auto control = std::make_shared<Control>();
      const auto turn = queue_.take_for(
          client_.url(), [&](const RunRecord& record) { return idle && may_take(record); }, control,
          kAgain / 2);
      if (!turn) continue;
      const std::int64_t id = turn->record.id;
      try {
        go(*turn, control);
      } catch (const WorkerSilent&) {
        throw;
      } catch (...) {
        const app::Failure failure = current_failure();
        queue_.ended(id, RunState::failed, failure.message, failure.advice);
        say_("run " + std::to_string(id) + " failed: " + failure.message);
      }
    } catch (const std::exception& error) {
      if (!queue_.wait(milliseconds(0))) return;
      if (!silent_) say_("warning: no answer of a worker: " + std::string(error.what()));
      silent_ = true;
      queue_.give_back_silent(client_.url(), heard_, Clock::now());
      queue_.wait(kAgain);
    }
  }
}

void FarmWorker::go(const RunQueue::Turn& turn, const std::shared_ptr<Control>& control) {
  Run run{turn.record, control, Clock::now(), "", "", {}, 0, nullptr, {}, 0};
  // What was asked for while the worker was away.
  if (run.record.paused)
    control->pause();
  else if (!run.record.worker.empty())
    control->resume();
  if (run.record.cancelling) control->stop();
  const auto backups = backups_of(run.record);
  if (!backups.empty()) run.backup = backups.rbegin()->first;
  if (!submit(run)) return;
  for (Next next = Next::same; next == Next::same;) {
    try {
      next = follow(run);
    } catch (const WorkerSilent& error) {
      if (!queue_.wait(milliseconds(0))) {
        queue_.ended(run.record.id, RunState::running);  // it goes on there
        return;
      }
      if (!silent_) say_("warning: no answer of a worker: " + std::string(error.what()));
      silent_ = true;
      if (control->stopped_twice()) {
        if (run.view) run.view->end("interrupted", "");
        queue_.ended(run.record.id, RunState::cancelled,
                     "cancelled twice, while its worker " + client_.url() + " gave no answer");
        return;
      }
      if (has_lost(run)) next = give_back(run, "the worker " + client_.url() + " is gone");
    }
    if (next == Next::same && !queue_.wait(kBetween)) {
      queue_.ended(run.record.id, RunState::running);
      return;
    }
  }
}

/// Names of its own here. False: the server ends.
bool FarmWorker::take_names(RunRecord& record) {
  if (record.output) return true;
  const RunPlace place(parsed(record.settings)["file_namespace"].asString());
  OutputNames output = choose_output(place, false);
  while (!queue_.begins(record.id, output)) {
    if (!queue_.wait(milliseconds(20))) return false;
    output = choose_output(place, false);
  }
  write_file(output.folder / (output.base + "_settings.txt"), record.settings);
  record.output = output;
  return true;
}

/// False: the worker has not got it.
bool FarmWorker::submit(Run& run) {
  RunRecord& record = run.record;
  const std::string name = "run " + std::to_string(record.id);
  const bool fresh = record.worker.empty();
  const auto refuse = [&](const std::string& why) {
    refused_.insert(record.id);
    give_back(run, "the worker " + client_.url() + " cannot render it: " + why);
    return false;
  };
  Json::Value body;
  body["settings"] = record.settings;
  body["title"] = record.title;
  body["from"] = name + " of the server on " + host_name();
  // A run that it has already keeps the lease of its first time there.
  if (fresh) record.worker_lease = lease_.count();
  body["lease"] = Json::Int64(record.worker_lease);
  body["files"] = Json::objectValue;
  if (fresh) {  // else the worker knows the key, and asks for no files
    Submission submission;
    submission.text = record.settings;
    submission.hash_files = true;
    CheckedRun checked;
    try {
      checked = checks_.check(submission);
    } catch (const RequestError& error) {  // others are being checked
      give_back(run, error.what());
      queue_.wait(kAgain);
      return false;
    }
    if (!checked.problems.empty()) return refuse(checked.problems[0]["message"].asString());
    for (const auto& [file, hash] : checked.files) {
      if (hash == kFolder) return refuse("it reads the folder '" + file + "', and folders are not compared");
      body["files"][file] = hash;
    }
  }
  if (!take_names(record)) {
    queue_.ended(record.id, RunState::running);
    return false;
  }
  if (fresh) record.key = web::make_secret();
  record.worker = client_.url();
  queue_.handed(record.id, record.worker, record.key, seconds(record.worker_lease));
  body["key"] = record.key;
  bool may_have_it = false;
  for (;;) {
    try {
      const WorkerClient::Answer answer = client_.post("/api/runs", body);
      if (answer.status == 200 || answer.status == 201) {
        answered();
        run.there = "/api/runs/" + std::to_string(answer.json["id"].asInt64());
        say_(name + " goes to " + client_.url() + ": " + record.title);
        return true;
      }
      if (answer.status == 422) {
        answered();
        return refuse(answer.json["problems"][0]["message"].asString());
      }
      if (answer.status != 429 && answer.status < 500) return refuse(answer.error());
      if (has_lost(run) || (fresh && answer.status == 429)) {
        give_back(run, client_.url() + ": " + answer.error());
        queue_.wait(kAgain);
        return false;
      }
    } catch (const WorkerSilent& error) {
      if (!queue_.wait(milliseconds(0))) break;
      // It may have taken the run just before the connection broke, and has a whole lease since then.
      if (error.may_be_received && !std::exchange(may_have_it, true)) heard_ = Clock::now();
      if (has_lost(run) || (fresh && !error.may_be_received)) {
        give_back(run, error.what());
        return false;
      }
    }
    if (!queue_.wait(kAgain)) break;
  }
  queue_.ended(record.id, RunState::running);
  return false;
}

/// Asks once how it goes. Throws WorkerSilent.
FarmWorker::Next FarmWorker::follow(Run& run) {
  pass_wishes(run);
  const WorkerClient::Answer answer = client_.get(run.there);
  if (answer.status == 404) {
    answered();
    return give_back(run, "the worker " + client_.url() + " does not know it any more");
  }
  if (answer.is_error()) throw WorkerSilent(client_.url() + ": " + answer.error(), true);
  answered();
  const Json::Value& there = answer.json;
  if (there["done"].asInt64() > 0)
    queue_.progressed(run.record.id, there["done"].asInt64(), there["pictures"].asInt64());
  run.base = there["base"].asString();
  const std::string state = there["state"].asString();
  if (state != name_of(RunState::queued) && state != name_of(RunState::running)) return ended(run, there);
  if (run.base.empty()) return Next::same;
  fetch_files(run, false);
  fetch_backup(run);
  show(run);
  return Next::same;
}

void FarmWorker::pass_wishes(Run& run) {
  while (const auto wish = run.control->next()) {
    const WorkerClient::Answer answer = client_.post(run.there + "/" + *wish);
    // Busy, it is asked again; a run that is over or not known any more has nothing to wish for.
    if (answer.status == 429 || answer.status >= 500) return;
    run.control->done();
  }
}

/// Called while a file comes, which may take longer than the lease: asks for the run, so that the worker goes
/// on.
std::function<void()> FarmWorker::asks_for(const Run& run) {
  return [this, &run, asked = Clock::now()]() mutable {
    answered();
    if (Clock::now() - asked < seconds(1)) return;
    asked = Clock::now();
    client_.get(run.there);
  };
}

/// All of them, or only frames: of what grows, nothing is fetched before it is needed.
void FarmWorker::fetch_files(Run& run, bool all) {
  const WorkerClient::Answer answer = client_.get(run.there + "/files");
  if (answer.is_error()) throw WorkerSilent(client_.url() + ": " + answer.error(), true);
  for (const Json::Value& file : answer.json["files"]) {
    const std::string name = file["name"].asString();
    if ((!all && file["frame"].asInt64() == 0) || name.compare(0, run.base.size(), run.base) != 0) continue;
    const std::pair<std::uintmax_t, std::int64_t> version{file["bytes"].asUInt64(),
                                                          file["modified"].asInt64()};
    if (const auto had = run.fetched.find(name); had != run.fetched.end() && had->second == version) continue;
    const auto place = place_of(run.record, run.record.output->base + name.substr(run.base.size()),
                                file["of_video"].asBool());
    if (!place || !queue_.wait(milliseconds(0))) continue;
    if (client_.fetch(run.there + "/files/" + encoded(name), *place, version.first + kGrowth, asks_for(run)))
      run.fetched[name] = version;
  }
}

/// The newest, after the files that belong to it.
void FarmWorker::fetch_backup(Run& run) {
  const WorkerClient::Answer answer = client_.get(run.there + "/backups");
  if (answer.is_error()) throw WorkerSilent(client_.url() + ": " + answer.error(), true);
  std::int64_t newest = 0;
  std::uintmax_t bytes = 0;
  for (const Json::Value& backup : answer.json["backups"])
    if (backup["number"].asInt64() > newest) {
      newest = backup["number"].asInt64();
      bytes = backup["bytes"].asUInt64();
    }
  if (newest <= run.backup) return;
  fetch_files(run, true);
  if (!client_.fetch(run.there + "/backups/" + std::to_string(newest), backup_file(run.record, newest),
                     bytes + kGrowth, asks_for(run)))
    return;
  std::error_code ignored;
  if (run.backup > 0) std::filesystem::remove(backup_file(run.record, run.backup), ignored);
  run.backup = newest;
}

/// For those who watch.
void FarmWorker::show(Run& run) {
  if (run.view && Clock::now() - run.shown < kBetweenShows) return;
  run.shown = Clock::now();
  const WorkerClient::Answer state = client_.get(run.there + "/state");
  if (state.is_error() || !state.json.isObject()) return;  // it has not begun to compute
  if (!run.view) {
    run.view = std::make_shared<FarmView>(run.record, [control = run.control](RunView::Wish wish) {
      switch (wish) {
        case RunView::Wish::pause:
          return control->pause();
        case RunView::Wish::resume:
          return control->resume();
        case RunView::Wish::keep:
          return control->keep_picture();
        case RunView::Wish::stop:
          return control->stop();
      }
    });
    queue_.prepared(run.record.id, std::chrono::duration<double>(Clock::now() - run.start).count(), run.view);
  }
  RunView::Bytes picture;
  const std::int64_t step = state.json["picture"]["step"].asInt64();
  if (step > run.picture) {
    picture = client_.bytes(run.there + "/picture", asks_for(run));
    run.picture = step;
  }
  run.view->update(state.json, picture);
}

FarmWorker::Next FarmWorker::ended(Run& run, const Json::Value& there) {
  const std::string state = there["state"].asString(), message = there["message"].asString();
  const bool cancelled = state == name_of(RunState::cancelled);
  const bool asked_to = queue_.get(run.record.id).cancelling;
  if (cancelled && !asked_to && message == kNobodyAsks) {
    client_.post(run.there + "/resume");
    if (run.control->paused()) client_.post(run.there + "/pause");
    return Next::same;
  }
  if (!run.base.empty()) {
    fetch_files(run, true);
    fetch_backup(run);
  }
  queue_.over_there(run.record.id);
  Next next = Next::free;
  if (cancelled && !asked_to) {
    refused_.insert(run.record.id);
    next = give_back(run, "somebody has cancelled it on the worker " + client_.url());
  } else {
    const RunState result = cancelled                              ? RunState::cancelled
                            : state == name_of(RunState::finished) ? RunState::finished
                                                                   : RunState::failed;
    if (run.view)
      run.view->end(result == RunState::finished ? "finished"
                    : result == RunState::failed ? "failed"
                                                 : "interrupted",
                    message);
    queue_.ended(run.record.id, result, message.empty() ? "" : client_.url() + ": " + message,
                 there["advice"].asString());
    say_("run " + std::to_string(run.record.id) +
         (result == RunState::failed ? " failed: " + message : std::string(" is ") + name_of(result)));
  }
  try {
    client_.remove(run.there);  // its files stay there
  } catch (const WorkerSilent&) {
  }
  return next;
}

FarmWorker::Next FarmWorker::give_back(Run& run, const std::string& why) {
  if (run.view) run.view->end("interrupted", why);
  queue_.given_back(run.record.id);
  say_("run " + std::to_string(run.record.id) + " waits again: " + why);
  return Next::free;
}

}  // namespace reverie::serve
