#pragma once
// The runs of a server: waiting, running and ended ones.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "serve/request_error.h"
#include "serve/run_record.h"
#include "serve/run_store.h"

namespace reverie {
class RunControl;
}

namespace reverie::web {
class RunView;
}

namespace reverie::serve {

/// How long a run with a lease goes to nobody else after that is over: longer than a request waits for its
/// answer, since the last one that the worker got may be this late.
inline constexpr std::chrono::seconds kPatience(6);

/// All methods may be called from any thread. What they change is on the disk when they return. They throw
/// RequestError(404) when there is no such run and RequestError(409) when its state does not allow it.
class RunQueue {
 public:
  struct Limits {
    std::size_t waiting = 100;  ///< runs that wait at the same time
    std::size_t all = 10'000;
    std::int64_t attempts = 5;  ///< starts of a run that ended the server before it got any further
  };

  /// Continues with the runs in `store`. `notices` gets a line for each one that cannot be read.
  RunQueue(RunStore& store, Limits limits, std::vector<std::string>& notices);
  RunQueue(RunStore& store, std::vector<std::string>& notices) : RunQueue(store, Limits(), notices) {}

  /// Puts a run at the end of the queue. The queue fills in its own fields of `record`. Throws
  /// RequestError(429) when too many wait. One that has a run's key already is that run, and changes nothing.
  RunRecord submit(RunRecord record);
  /// Throws what submit_grid() would throw now for so many.
  void expect_room(std::size_t runs) const;
  /// The same for several, which are one grid: all of them or none.
  std::vector<RunRecord> submit_grid(std::vector<RunRecord> records);
  /// The run with this key, which is not empty.
  std::optional<RunRecord> with_key(const std::string& key) const;
  /// Somebody asks for a run: with a lease, it may work from here on for as long as that is.
  void asked(std::int64_t id);
  /// Ends the runs whose leases are over, as cancel() does.
  void end_leases();

  /// First the running ones, then the waiting ones in their order, then the ended ones, the newest
  /// first.
  std::vector<RunRecord> list() const;
  RunRecord get(std::int64_t id) const;

  /// A waiting run lets others go first; a running one stops between two steps and keeps its turn.
  RunRecord pause(std::int64_t id);
  /// Also puts a cancelled or failed run at the end of the queue; it continues where it was.
  RunRecord resume(std::int64_t id);
  /// A running one is saved first; cancelled a second time, it ends at once.
  RunRecord cancel(std::int64_t id);
  /// Puts a waiting run before another waiting one, or at the end.
  RunRecord move(std::int64_t id, std::optional<std::int64_t> before);
  /// Takes a run off the list; its files stay.
  void remove(std::int64_t id);

  /// Puts a run that is over into the trash, or takes it out again. In the trash, it is in no list, and there
  /// is no such run for anything but this.
  RunRecord set_deleted(std::int64_t id, bool deleted);
  /// Those in the trash, the last deleted first.
  std::vector<RunRecord> deleted() const;
  /// Those that have been in the trash since this time, in milliseconds since 1970, or for longer: their
  /// files are about to be deleted, and from here on they cannot be taken out, until forget() or
  /// keep_in_trash().
  std::vector<RunRecord> begin_purge(std::int64_t since);
  /// Its files are gone, and so is the run.
  void forget(std::int64_t id);
  /// Not all of its files could be deleted: it stays in the trash.
  void keep_in_trash(std::int64_t id);

  /// Calls `remove`, unless a run that is not finished, in the trash or not, names this file in its settings:
  /// then that run is returned. No run comes, goes or ends meanwhile.
  std::optional<RunRecord> remove_unless_needed(const std::string& file, const std::function<void()>& remove);

  /// What a step took in the newest run of this cost (run_cost.h) whose settings were not changed while it
  /// went; 0 where there was none.
  double step_seconds(const std::string& cost) const;

  /// For pages: the present state of a running run, or the last state of a recent one; null for older runs.
  std::shared_ptr<web::RunView> view(std::int64_t id) const;

  /// Grows with every change of the list but steps and pictures.
  std::uint64_t version() const;
  /// The running ones; `progress` grows with every step and picture of them.
  std::vector<RunRecord> running(std::uint64_t& progress) const;

  // For workers.

  struct Turn {
    RunRecord record;
    std::shared_ptr<RunControl> control;
  };
  /// Waits for the next run of this kind that no other server has. Requests for it (pause, stop, ...) go to
  /// `control`. None when the server ends.
  std::optional<Turn> take(RunKind kind, std::shared_ptr<RunControl> control);
  /// For the other server with this address: the next render that it has, or that nobody has and `may`
  /// allows. Nothing when none comes within `patience`, or when this server ends.
  std::optional<Turn> take_for(const std::string& worker, const std::function<bool(const RunRecord&)>& may,
                               std::shared_ptr<RunControl> control, std::chrono::milliseconds patience);
  /// From here on the other server has it, under this key, and goes on for as long as this lease says when it
  /// is not asked. Throws Error(file).
  void handed(std::int64_t id, const std::string& worker, const std::string& key, std::chrono::seconds lease);
  /// The other server does nothing for it any more.
  void over_there(std::int64_t id);
  /// A run that has been taken for another server: nobody has it any more.
  void given_back(std::int64_t id);
  using Time = std::chrono::steady_clock::time_point;
  /// Of the runs that wait for a server which nobody could ask since then, those that it cannot be working on
  /// any more are nobody's.
  void give_back_silent(const std::string& worker, Time since, Time now);
  /// The same of servers that are none of these, and are not asked since this one began; how many.
  std::size_t give_back_all_but(const std::vector<std::string>& workers, Time now);
  /// How many runs such servers have.
  std::size_t left_behind(const std::vector<std::string>& workers) const;
  /// Waits; false when the server ends.
  bool wait(std::chrono::milliseconds time);
  /// Stores the names of its files, before the first of them is written. False: another run that goes has
  /// taken them since they were chosen.
  bool begins(std::int64_t id, const engine::OutputNames& output);
  /// It continues from the backup with this number.
  void restored(std::int64_t id, std::int64_t number);
  /// Adds what the run warns of to its notices; the same words once, and no more than people read.
  void warned(std::int64_t id, const std::string& text);
  void prepared(std::int64_t id, double seconds, std::shared_ptr<web::RunView> view);
  /// Its settings were changed while it went: its steps say nothing of those of other runs any more.
  void steered(std::int64_t id);
  /// `step_seconds`: on average, 0 where it is not known yet.
  void progressed(std::int64_t id, std::int64_t done, std::int64_t pictures, double step_seconds = 0);
  /// A run has ended, or is to continue at the next start of the server: then its state is
  /// `running`.
  void ended(std::int64_t id, RunState state, const std::string& message = {},
             const std::string& advice = {});
  void close();

 private:
  struct Item {
    RunRecord record;
    std::shared_ptr<RunControl> control;  // while it runs
    std::shared_ptr<web::RunView> view;
    std::optional<std::chrono::steady_clock::time_point> asked;  // not yet, after a start of the server
    // Not later than this, a server was asked that is none of the workers now.
    std::chrono::steady_clock::time_point left = std::chrono::steady_clock::now();
    bool let_go = false;  // it is ended because its lease is over
    bool purged = false;  // its files are being deleted
  };
  using Lock = std::unique_lock<std::mutex>;

  Item& find(std::int64_t id);
  const Item& find(std::int64_t id) const;
  Item* next(RunKind kind);
  bool begin(Item& item);
  bool lease_over(const Item& item) const;
  std::vector<Item*> waiting_for_others(const std::vector<std::string>& workers) const;
  void give_back(Item& item);
  void require_room(std::size_t runs) const;
  void make_new(RunRecord& record, double place);
  void add(const RunRecord& record);
  double lowest_place() const;
  double highest_place() const;
  std::vector<Item*> waiting() const;
  RunRecord keep(Item& item);
  bool keep_or_tell(Item& item);
  void changed();
  void forget_old_views();

  RunStore& store_;
  const Limits limits_;
  mutable std::mutex mutex_;
  std::condition_variable work_, end_;
  std::map<std::int64_t, Item> items_;
  std::uint64_t version_ = 1, progress_ = 0;
  bool closed_ = false;
};

}  // namespace reverie::serve
