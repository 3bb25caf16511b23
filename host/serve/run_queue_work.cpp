// What workers ask of the queue: the next run, and how it goes.

#include <algorithm>
#include <utility>

#include "reverie/viewer.h"
#include "serve/run_queue.h"
#include "web/run_view.h"

namespace reverie::serve {

using engine::OutputNames;
using web::RunView;

namespace {

constexpr std::size_t kViewsKept = 4;  // each holds a picture and the losses of a run

/// Another server, which has not been asked since then, has stopped by itself.
bool is_over_there(const RunRecord& record, RunQueue::Time since, RunQueue::Time now) {
  return record.worker_lease == 0 || now - since > std::chrono::seconds(record.worker_lease) + kPatience;
}

}  // namespace

std::optional<RunQueue::Turn> RunQueue::take(RunKind kind, std::shared_ptr<RunControl> control) {
  Lock lock(mutex_);
  for (;;) {
    Item* item = nullptr;
    work_.wait(lock, [&] { return closed_ || (item = next(kind)); });
    if (closed_) return std::nullopt;
    if (begin(*item)) {
      item->control = std::move(control);
      return Turn{item->record, item->control};
    }
  }
}

/// False: the disk does not take it, and it has failed: what is not on the disk could be run twice.
bool RunQueue::begin(Item& item) {
  RunRecord& record = item.record;
  record.state = RunState::running;
  record.place = lowest_place() - 1;  // first of all when the server comes again
  record.begun = milliseconds_now();
  record.preparation = 0;
  ++record.attempts;
  item.view.reset();
  if (keep_or_tell(item)) return true;
  record.state = RunState::failed;
  changed();
  return false;
}

std::optional<RunQueue::Turn> RunQueue::take_for(const std::string& worker,
                                                 const std::function<bool(const RunRecord&)>& may,
                                                 std::shared_ptr<RunControl> control,
                                                 std::chrono::milliseconds patience) {
  Lock lock(mutex_);
  Item* item = nullptr;
  const auto find_one = [&] {
    for (Item* each : waiting()) {
      const RunRecord& record = each->record;
      if (record.kind != RunKind::render || record.lease > 0) continue;
      // One that it has goes on there, on hold or not.
      if (record.worker == worker || (record.worker.empty() && !record.paused && may(record))) {
        item = each;
        return true;
      }
    }
    return false;
  };
  work_.wait_for(lock, patience, [&] { return closed_ || find_one(); });
  if (closed_ || !item || !begin(*item)) return std::nullopt;
  item->control = std::move(control);
  return Turn{item->record, item->control};
}

void RunQueue::handed(std::int64_t id, const std::string& worker, const std::string& key,
                      std::chrono::seconds lease) {
  const Lock lock(mutex_);
  Item& item = find(id);
  item.record.worker = worker;
  item.record.key = key;
  item.record.worker_lease = lease.count();
  item.record.attempts = 0;  // it can do no harm here
  keep(item);
}

void RunQueue::over_there(std::int64_t id) {
  const Lock lock(mutex_);
  Item& item = find(id);
  item.record.worker_lease = 0;
  keep_or_tell(item);
}

void RunQueue::give_back(Item& item) {
  RunRecord& record = item.record;
  item.control.reset();
  record.worker.clear();
  record.key.clear();
  record.worker_lease = 0;
  record.attempts = 0;
  if (record.state == RunState::running) {
    record.state = record.cancelling ? RunState::cancelled : RunState::queued;
    if (record.cancelling) record.ended = milliseconds_now();
    record.cancelling = false;
  }
  keep_or_tell(item);
}

void RunQueue::given_back(std::int64_t id) {
  const Lock lock(mutex_);
  give_back(find(id));
}

void RunQueue::give_back_silent(const std::string& worker, Time since, Time now) {
  const Lock lock(mutex_);
  for (Item* item : waiting())
    if (item->record.worker == worker && is_over_there(item->record, since, now)) give_back(*item);
}

std::vector<RunQueue::Item*> RunQueue::waiting_for_others(const std::vector<std::string>& workers) const {
  std::vector<Item*> result = waiting();
  std::erase_if(result, [&](const Item* item) {
    const std::string& worker = item->record.worker;
    return worker.empty() || std::find(workers.begin(), workers.end(), worker) != workers.end();
  });
  return result;
}

std::size_t RunQueue::left_behind(const std::vector<std::string>& workers) const {
  const Lock lock(mutex_);
  return waiting_for_others(workers).size();
}

std::size_t RunQueue::give_back_all_but(const std::vector<std::string>& workers, Time now) {
  const Lock lock(mutex_);
  std::size_t count = 0;
  for (Item* item : waiting_for_others(workers)) {
    if (!is_over_there(item->record, item->left, now)) continue;
    give_back(*item);
    ++count;
  }
  return count;
}

bool RunQueue::wait(std::chrono::milliseconds time) {
  Lock lock(mutex_);
  return !end_.wait_for(lock, time, [&] { return closed_; });
}

bool RunQueue::begins(std::int64_t id, const OutputNames& output) {
  const Lock lock(mutex_);
  for (const auto& [other, item] : items_)
    if (other != id && item.record.kind == find(id).record.kind && item.record.state == RunState::running &&
        item.record.output && item.record.output->folder == output.folder &&
        item.record.output->base == output.base)
      return false;
  Item& item = find(id);
  item.record.output = output;
  keep(item);
  return true;
}

void RunQueue::restored(std::int64_t id, std::int64_t number) {
  const Lock lock(mutex_);
  Item& item = find(id);
  if (number > item.record.reached) item.record.attempts = 1;
  item.record.reached = number;
  keep(item);
}

void RunQueue::warned(std::int64_t id, const std::string& text) {
  constexpr std::size_t kMost = 50;
  const Lock lock(mutex_);
  Item& item = find(id);
  std::vector<std::string>& notices = item.record.notices;
  if (notices.size() >= kMost || std::find(notices.begin(), notices.end(), text) != notices.end()) return;
  notices.push_back(text);
  keep_or_tell(item);
}

void RunQueue::prepared(std::int64_t id, double seconds, std::shared_ptr<RunView> view) {
  const Lock lock(mutex_);
  Item& item = find(id);
  item.record.preparation = seconds;
  item.view = std::move(view);
  forget_old_views();
  changed();
}

void RunQueue::steered(std::int64_t id) {
  const Lock lock(mutex_);
  Item& item = find(id);
  if (item.record.cost.empty()) return;
  item.record.cost.clear();
  keep_or_tell(item);
}

void RunQueue::progressed(std::int64_t id, std::int64_t done, std::int64_t pictures, double step_seconds) {
  const Lock lock(mutex_);
  RunRecord& record = find(id).record;
  record.done = done;
  record.pictures = pictures;
  if (step_seconds > 0) record.step_seconds = step_seconds;
  ++progress_;
}

void RunQueue::ended(std::int64_t id, RunState state, const std::string& message, const std::string& advice) {
  const Lock lock(mutex_);
  Item& item = find(id);
  item.control.reset();
  item.record.state = state;
  item.record.message = message;
  item.record.advice = advice;
  if (std::exchange(item.let_go, false) && state == RunState::cancelled) item.record.message = kNobodyAsks;
  if (state == RunState::running) {
    item.record.attempts = 0;  // it was saved
  } else {
    item.record.ended = milliseconds_now();
    item.record.cancelling = item.record.paused = false;
  }
  keep_or_tell(item);
}

void RunQueue::close() {
  const Lock lock(mutex_);
  closed_ = true;
  work_.notify_all();
  end_.notify_all();
}

RunQueue::Item* RunQueue::next(RunKind kind) {
  for (Item* item : waiting())
    if (item->record.kind == kind && !item->record.paused && item->record.worker.empty() &&
        !lease_over(*item))
      return item;
  return nullptr;
}

void RunQueue::forget_old_views() {
  std::size_t kept = 0;
  for (auto item = items_.rbegin(); item != items_.rend(); ++item)
    if (item->second.view && ++kept > kViewsKept && !item->second.control) item->second.view.reset();
}

}  // namespace reverie::serve
