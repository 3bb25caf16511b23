#include "serve/run_worker.h"

#include <chrono>

#include "cli/batch.h"
#include "cli/preview_motion.h"
#include "cli/render_run.h"
#include "engine/backup.h"
#include "web/run_feed.h"

namespace reverie {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kPerceptorsKept = 8;

/// Tells the queue, which tells everybody else.
class ToQueue final : public Progress {
 public:
  ToQueue(RunQueue& queue, std::int64_t id) : Progress(0, false), queue_(queue), id_(id) {}
  void step(std::int64_t done, const std::vector<RunUpdate::Loss>&) override {
    queue_.progressed(id_, done_ = done, pictures_);
  }
  void saved(const std::filesystem::path&) override { queue_.progressed(id_, done_, ++pictures_); }

 private:
  RunQueue& queue_;
  std::int64_t id_, done_ = 0, pictures_ = 0;
};

/// The number of the newest backup that can be used, of a run with these names.
std::optional<std::int64_t> newest_backup(const OutputNames& output) {
  std::vector<std::string> notices;
  const auto backup = Backups(output.folder.filename(), output.base, std::nullopt).newest(notices);
  return backup ? std::optional(backup->first) : std::nullopt;
}

}  // namespace

RunWorker::RunWorker(RunQueue& queue, RunKind kind, const RunRules& rules,
                     std::function<void(const std::string&)> say)
    : queue_(queue),
      kind_(kind),
      rules_(rules),
      say_(std::move(say)),
      shelf_(std::make_unique<PerceptorShelf>(kPerceptorsKept, rules.access)),
      thread_([this] { work(); }) {}

RunWorker::~RunWorker() { thread_.join(); }

void RunWorker::work() {
  while (const auto turn = queue_.take(kind_)) {
    const std::string name = "run " + std::to_string(turn->record.id);
    say_(name + " begins: " + turn->record.title);
    try {
      go(*turn);
    } catch (...) {
      const Failure failure = current_failure();
      queue_.ended(turn->record.id, RunState::failed, failure.message, failure.advice);
      say_(name + " failed: " + failure.message);
      continue;
    }
    const RunState state = queue_.get(turn->record.id).state;
    say_(name + (state == RunState::running ? " is saved, and goes on when the server comes again"
                                            : std::string(" is ") + name_of(state)));
  }
}

void RunWorker::go(const RunQueue::Turn& turn) {
  const Clock::time_point start = Clock::now();
  const std::int64_t id = turn.record.id;
  Plan plan = plan_of(turn.record, rules_);
  const bool renders = kind_ == RunKind::render;

  RunWishes wishes;
  ToQueue progress(queue_, id);
  wishes.progress = &progress;
  wishes.control = turn.control;
  wishes.shelf = shelf_.get();
  wishes.output = turn.record.output;
  if (!wishes.output) {
    wishes.output = choose_output(plan.settings.get<std::string>("file_namespace"), false,
                                  renders ? "settings" : "motion");
    // In this order: whatever ends the server, the run finds its own files again, and takes no others.
    queue_.begins(id, *wishes.output);
    if (renders)
      write_file(wishes.output->folder / (wishes.output->base + "_settings.txt"), turn.record.settings);
  } else if (const auto number = renders ? newest_backup(*wishes.output) : std::nullopt) {
    plan.restored = wishes.output;
    queue_.restored(id, *number);
  }
  wishes.view = [&](const Viewer::Setup& setup) -> std::shared_ptr<Viewer> {
    const auto feed = std::make_shared<RunFeed>(setup);
    queue_.prepared(id, std::chrono::duration<double>(Clock::now() - start).count(), feed);
    return feed;
  };
  const bool over = renders ? !render_run(plan, rules_.registry, wishes).interrupted
                            : !preview_motion(plan, rules_.registry, wishes).interrupted;
  const bool cancelled = queue_.get(id).cancelling || !interrupted;  // else the whole server ends
  queue_.ended(id, over ? RunState::finished : cancelled ? RunState::cancelled : RunState::running);
}

}  // namespace reverie
