#include "serve/run_queue.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "reverie/error.h"
#include "reverie/viewer.h"
#include "web/run_view.h"

namespace reverie::serve {

using engine::OutputNames;
using web::RunView;

namespace {

constexpr std::size_t kViewsKept = 4;  // each holds a picture and the losses of a run

bool waits(const RunRecord& record) { return record.state == RunState::queued; }

/// Another server, which has not been asked since then, has stopped by itself.
bool is_over_there(const RunRecord& record, RunQueue::Time since, RunQueue::Time now) {
  return record.worker_lease == 0 || now - since > std::chrono::seconds(record.worker_lease) + kPatience;
}

}  // namespace

RunQueue::RunQueue(RunStore& store, Limits limits, std::vector<std::string>& notices)
    : store_(store), limits_(limits) {
  for (RunRecord& record : store.load(notices)) {
    Item& item = items_[record.id];
    item.record = std::move(record);
    if (item.record.state != RunState::running) continue;
    // The server ended while it went.
    item.record.state = item.record.cancelling ? RunState::cancelled : RunState::queued;
    item.record.cancelling = false;
    if (!waits(item.record)) item.record.ended = milliseconds_now();
    if (waits(item.record) && item.record.attempts >= limits_.attempts) {
      item.record.paused = true;
      item.record.message = "the server ended " + std::to_string(item.record.attempts) +
                            " times while this run was going, and it got no further";
      item.record.advice = "resume it to try again";
    }
    store_.save(item.record);
  }
}

RunRecord RunQueue::submit(RunRecord record) {
  const Lock lock(mutex_);
  for (auto& [id, item] : items_)
    if (!record.key.empty() && item.record.worker.empty() && item.record.key == record.key) {
      item.asked = std::chrono::steady_clock::now();
      work_.notify_all();
      return item.record;
    }
  if (waiting().size() >= limits_.waiting)
    throw RequestError(429, std::to_string(limits_.waiting) + " runs are waiting already");
  if (items_.size() >= limits_.all)
    throw RequestError(429, "the list holds " + std::to_string(limits_.all) + " runs; delete some of them");
  record.place = highest_place() + 1;
  record.id = store_.next_id();
  record.state = RunState::queued;
  record.submitted = milliseconds_now();
  store_.save(record);
  Item& item = items_[record.id];
  item.record = record;
  item.asked = std::chrono::steady_clock::now();
  changed();
  return record;
}

std::optional<RunRecord> RunQueue::with_key(const std::string& key) const {
  const Lock lock(mutex_);
  for (const auto& [id, item] : items_)
    if (item.record.worker.empty() && item.record.key == key) return item.record;
  return std::nullopt;
}

void RunQueue::asked(std::int64_t id) {
  const Lock lock(mutex_);
  const auto found = items_.find(id);
  if (found == items_.end() || found->second.record.lease == 0) return;
  found->second.asked = std::chrono::steady_clock::now();
  work_.notify_all();
}

bool RunQueue::lease_over(const Item& item) const {
  return item.record.lease > 0 &&
         std::chrono::steady_clock::now() - item.asked > std::chrono::seconds(item.record.lease);
}

void RunQueue::end_leases() {
  const Lock lock(mutex_);
  for (auto& [id, item] : items_) {
    RunRecord& record = item.record;
    const bool goes = record.state == RunState::running;
    if (!lease_over(item) || (!goes && !waits(record)) || record.cancelling) continue;
    if (goes) {
      record.cancelling = item.let_go = true;
      if (item.control) item.control->stop();
    } else {
      record.state = RunState::cancelled;
      record.message = kNobodyAsks;
      record.ended = milliseconds_now();
    }
    keep_or_tell(item);
  }
}

std::vector<RunRecord> RunQueue::list() const {
  const Lock lock(mutex_);
  std::vector<RunRecord> records;
  for (const auto& [id, item] : items_) records.push_back(item.record);
  const auto rank = [](const RunRecord& record) {
    return record.state == RunState::running ? 0 : waits(record) ? 1 : 2;
  };
  std::stable_sort(records.begin(), records.end(), [&](const RunRecord& a, const RunRecord& b) {
    if (rank(a) != rank(b)) return rank(a) < rank(b);
    return rank(a) == 2 ? std::pair(a.ended, a.id) > std::pair(b.ended, b.id) : a.place < b.place;
  });
  return records;
}

RunRecord RunQueue::get(std::int64_t id) const {
  const Lock lock(mutex_);
  return find(id).record;
}

RunRecord RunQueue::pause(std::int64_t id) {
  const Lock lock(mutex_);
  Item& item = find(id);
  if (!waits(item.record) && item.record.state != RunState::running)
    throw RequestError(409, "the run is over");
  item.record.paused = true;
  if (item.control) item.control->pause();
  return keep(item);
}

RunRecord RunQueue::resume(std::int64_t id) {
  const Lock lock(mutex_);
  Item& item = find(id);
  RunRecord& record = item.record;
  if (record.state == RunState::finished) throw RequestError(409, "the run is finished");
  record.paused = false;
  if (record.state != RunState::running) {
    if (!waits(record)) {
      if (waiting().size() >= limits_.waiting)
        throw RequestError(429, std::to_string(limits_.waiting) + " runs are waiting already");
      record.place = highest_place() + 1;
      record.state = RunState::queued;
      record.ended = 0;
      // It may be going on where it was.
      if (record.worker_lease == 0) record.worker.clear();
      item.left = std::chrono::steady_clock::now();
    }
    item.asked = std::chrono::steady_clock::now();
    record.attempts = 0;
    record.message.clear();
    record.advice.clear();
  }
  if (item.control) item.control->resume();
  return keep(item);
}

RunRecord RunQueue::cancel(std::int64_t id) {
  const Lock lock(mutex_);
  Item& item = find(id);
  if (waits(item.record)) {
    item.record.state = RunState::cancelled;
    item.record.paused = false;
    item.record.ended = milliseconds_now();
  } else if (item.record.state == RunState::running) {
    item.record.cancelling = true;
    if (item.control) item.control->stop();
  } else {
    throw RequestError(409, "the run is over");
  }
  return keep(item);
}

RunRecord RunQueue::move(std::int64_t id, std::optional<std::int64_t> before) {
  const Lock lock(mutex_);
  Item& item = find(id);
  if (before == id) before.reset();
  const Item* next = before ? &find(*before) : nullptr;
  if (!waits(item.record) || (next && !waits(next->record)))
    throw RequestError(409, "only runs that wait can change places");
  if (!next) {
    item.record.place = highest_place() + 1;
    return keep(item);
  }
  const auto between = [&] {
    double low = next->record.place - 2;
    for (const Item* other : waiting())
      if (other != &item && other->record.place < next->record.place)
        low = std::max(low, other->record.place);
    return (low + next->record.place) / 2;
  };
  double place = between();
  if (!(place < next->record.place) || std::any_of(items_.begin(), items_.end(), [&](const auto& other) {
        return waits(other.second.record) && other.second.record.place == place;
      })) {
    // The numbers between two have run out.
    double number = 0;
    for (Item* other : waiting()) {
      other->record.place = ++number;
      keep(*other);
    }
    place = between();
  }
  item.record.place = place;
  return keep(item);
}

void RunQueue::remove(std::int64_t id) {
  const Lock lock(mutex_);
  if (find(id).record.state == RunState::running)
    throw RequestError(409, "the run is going; cancel it first");
  store_.remove(id);
  items_.erase(id);
  changed();
}

std::shared_ptr<RunView> RunQueue::view(std::int64_t id) const {
  const Lock lock(mutex_);
  return find(id).view;
}

std::uint64_t RunQueue::version() const {
  const Lock lock(mutex_);
  return version_;
}

std::vector<RunRecord> RunQueue::running(std::uint64_t& progress) const {
  const Lock lock(mutex_);
  progress = progress_;
  std::vector<RunRecord> records;
  for (const auto& [id, item] : items_)
    if (item.record.state == RunState::running) records.push_back(item.record);
  return records;
}

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

void RunQueue::prepared(std::int64_t id, double seconds, std::shared_ptr<RunView> view) {
  const Lock lock(mutex_);
  Item& item = find(id);
  item.record.preparation = seconds;
  item.view = std::move(view);
  forget_old_views();
  changed();
}

void RunQueue::progressed(std::int64_t id, std::int64_t done, std::int64_t pictures) {
  const Lock lock(mutex_);
  RunRecord& record = find(id).record;
  record.done = done;
  record.pictures = pictures;
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

RunQueue::Item& RunQueue::find(std::int64_t id) {
  const auto found = items_.find(id);
  if (found == items_.end()) throw RequestError(404, "there is no run " + std::to_string(id));
  return found->second;
}

const RunQueue::Item& RunQueue::find(std::int64_t id) const { return const_cast<RunQueue*>(this)->find(id); }

RunQueue::Item* RunQueue::next(RunKind kind) {
  for (Item* item : waiting())
    if (item->record.kind == kind && !item->record.paused && item->record.worker.empty() &&
        !lease_over(*item))
      return item;
  return nullptr;
}

double RunQueue::lowest_place() const {
  double lowest = 0;
  for (const auto& [id, item] : items_)
    if (waits(item.record)) lowest = std::min(lowest, item.record.place);
  return lowest;
}

double RunQueue::highest_place() const {
  double highest = 0;
  for (const auto& [id, item] : items_)
    if (waits(item.record)) highest = std::max(highest, item.record.place);
  return highest;
}

/// In their order.
std::vector<RunQueue::Item*> RunQueue::waiting() const {
  std::vector<Item*> result;
  for (const auto& [id, item] : items_)
    if (waits(item.record)) result.push_back(const_cast<Item*>(&item));
  std::stable_sort(result.begin(), result.end(),
                   [](const Item* a, const Item* b) { return a->record.place < b->record.place; });
  return result;
}

/// Writes the file first, then publishes the record.
RunRecord RunQueue::keep(Item& item) {
  store_.save(item.record);
  changed();
  return item.record;
}

/// Without an exception: false, with the reason in the record, when the disk does not take it.
bool RunQueue::keep_or_tell(Item& item) {
  try {
    keep(item);
    return true;
  } catch (const Error& error) {
    item.record.message += (item.record.message.empty() ? "" : "; ") + std::string(error.what());
    item.record.advice = error.advice();
    changed();
    return false;
  }
}

void RunQueue::changed() {
  ++version_;
  work_.notify_all();
}

void RunQueue::forget_old_views() {
  std::size_t kept = 0;
  for (auto item = items_.rbegin(); item != items_.rend(); ++item)
    if (item->second.view && ++kept > kViewsKept && !item->second.control) item->second.view.reset();
}

}  // namespace reverie::serve
