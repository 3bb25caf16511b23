#include "serve/run_queue.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "reverie/error.h"
#include "reverie/viewer.h"
#include "web/run_view.h"

namespace reverie::serve {

using web::RunView;

namespace {

bool waits(const RunRecord& record) { return record.state == RunState::queued; }

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
  require_room(1);
  make_new(record, highest_place() + 1);
  store_.save(record);
  add(record);
  return record;
}

void RunQueue::expect_room(std::size_t runs) const {
  const Lock lock(mutex_);
  require_room(runs);
}

std::vector<RunRecord> RunQueue::submit_grid(std::vector<RunRecord> records) {
  const Lock lock(mutex_);
  require_room(records.size());
  double place = highest_place();
  for (RunRecord& record : records) {
    make_new(record, ++place);
    record.grid = records.front().id;
  }
  std::size_t stored = 0;
  try {
    for (; stored < records.size(); ++stored) store_.save(records[stored]);
  } catch (const Error&) {
    // The last one may be there, too, though the disk did not say so.
    for (std::size_t i = 0; i <= stored; ++i) store_.take_back(records[i].id);
    throw;
  }
  for (const RunRecord& record : records) add(record);
  return records;
}

void RunQueue::require_room(std::size_t runs) const {
  if (waiting().size() + runs > limits_.waiting)
    throw RequestError(429, runs == 1 ? std::to_string(limits_.waiting) + " runs are waiting already"
                                      : "at most " + std::to_string(limits_.waiting) +
                                            " runs may wait, with these " + std::to_string(runs));
  if (items_.size() + runs > limits_.all)
    throw RequestError(429, "the list holds at most " + std::to_string(limits_.all) +
                                " runs; delete some of them, and empty the trash");
}

void RunQueue::make_new(RunRecord& record, double place) {
  record.place = place;
  record.id = store_.next_id();
  record.state = RunState::queued;
  record.submitted = milliseconds_now();
}

void RunQueue::add(const RunRecord& record) {
  Item& item = items_[record.id];
  item.record = record;
  item.asked = std::chrono::steady_clock::now();
  changed();
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
  return item.record.lease > 0 && (!item.asked || std::chrono::steady_clock::now() - *item.asked >
                                                      std::chrono::seconds(item.record.lease));
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
  for (const auto& [id, item] : items_)
    if (item.record.deleted == 0) records.push_back(item.record);
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

RunRecord RunQueue::set_deleted(std::int64_t id, bool deleted) {
  const Lock lock(mutex_);
  const auto found = items_.find(id);
  if (found == items_.end() || (found->second.record.deleted != 0) == deleted)
    throw RequestError(404, "there is no run " + std::to_string(id) + (deleted ? "" : " in the trash"));
  Item& item = found->second;
  if (item.purged) throw RequestError(409, "the files of the run are being deleted; it cannot come back");
  if (waits(item.record) || item.record.state == RunState::running)
    throw RequestError(409, "the run is not over; cancel it first");
  item.record.deleted = deleted ? milliseconds_now() : 0;
  if (deleted) item.view.reset();
  return keep(item);
}

std::vector<RunRecord> RunQueue::deleted() const {
  const Lock lock(mutex_);
  std::vector<RunRecord> records;
  for (const auto& [id, item] : items_)
    if (item.record.deleted != 0) records.push_back(item.record);
  std::sort(records.begin(), records.end(),
            [](const RunRecord& a, const RunRecord& b) { return a.deleted > b.deleted; });
  return records;
}

std::vector<RunRecord> RunQueue::begin_purge(std::int64_t since) {
  const Lock lock(mutex_);
  std::vector<RunRecord> records;
  for (auto& [id, item] : items_) {
    if (item.record.deleted == 0 || item.record.deleted > since || item.purged) continue;
    item.purged = true;
    records.push_back(item.record);
  }
  return records;
}

void RunQueue::keep_in_trash(std::int64_t id) {
  const Lock lock(mutex_);
  if (const auto found = items_.find(id); found != items_.end()) found->second.purged = false;
}

void RunQueue::forget(std::int64_t id) {
  const Lock lock(mutex_);
  const auto found = items_.find(id);
  if (found == items_.end() || found->second.record.deleted == 0) return;
  store_.remove(id);
  items_.erase(found);
}

std::optional<RunRecord> RunQueue::remove_unless_needed(const std::string& file,
                                                        const std::function<void()>& remove) {
  const Lock lock(mutex_);
  for (const auto& [id, item] : items_)
    if (item.record.state != RunState::finished && item.record.settings.find(file) != std::string::npos)
      return item.record;
  remove();
  return std::nullopt;
}

double RunQueue::step_seconds(const std::string& cost) const {
  const Lock lock(mutex_);
  if (cost.empty()) return 0;
  for (auto item = items_.rbegin(); item != items_.rend(); ++item)
    if (item->second.record.step_seconds > 0 && item->second.record.cost == cost)
      return item->second.record.step_seconds;
  return 0;
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

RunQueue::Item& RunQueue::find(std::int64_t id) {
  const auto found = items_.find(id);
  if (found == items_.end() || found->second.record.deleted != 0)
    throw RequestError(404, "there is no run " + std::to_string(id));
  return found->second;
}

const RunQueue::Item& RunQueue::find(std::int64_t id) const { return const_cast<RunQueue*>(this)->find(id); }

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

}  // namespace reverie::serve
