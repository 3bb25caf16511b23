#pragma once
// RunChanges: changes a run's settings while it goes, and makes changes of an earlier run again.

#include <functional>
#include <memory>

#include "engine/change_log.h"
#include "engine/host_services.h"
#include "engine/prompt_losses.h"
#include "engine/run_control.h"
#include "prompts/script.h"

namespace reverie::engine {

/// A run's script with settings changed.
struct Revision {
  Steering::Settings settings;  ///< all that were changed since the run began, by their own names
  Script script;
  std::vector<Steering::Value> values;  ///< that can change further
};

struct RunChangesSetup {
  /// Changes `more` besides `made`. Throws SettingsError.
  std::function<Revision(const Steering::Settings& made, const Steering::Settings& more)> revise;
  Script* script = nullptr;  ///< the one that the run goes by
  ChangeLog log;
  std::vector<Change> recorded;  ///< to be made again, in the order of their steps
};

class RunChanges {
 public:
  /// Everything must outlive this.
  RunChanges(RunChangesSetup setup, HostServices& host, PromptLosses& prompts)
      : setup_(std::move(setup)), host_(host), prompts_(prompts) {}

  /// For a run that goes on from a backup of so many steps: what was changed before.
  void make_earlier(std::int64_t steps);

  /// Answers what was asked for; what can be done is done when `step` steps are done, at the next frame.
  void attend(RequestedControl& control, std::int64_t step);

  /// When `step` steps are done: what is recorded for now, and, where a frame begins, what was asked for.
  void make_due(RequestedControl& control, std::int64_t step, bool frame_begins);

  /// Whether anything has changed.
  bool any() const { return !made_.empty(); }

 private:
  /// What is ready to be made.
  struct Prepared {
    Steering::Settings changed, made_before;
    Revision revision;
    PromptLosses::Prepared prompts;
  };
  std::unique_ptr<Prepared> prepared(const Steering::Settings& changed);
  void make(Prepared& change);

  RunChangesSetup setup_;
  HostServices& host_;
  PromptLosses& prompts_;
  std::size_t next_ = 0;  // of those recorded
  Steering::Settings made_;
  std::unique_ptr<Prepared> waiting_;  // for the next frame
};

}  // namespace reverie::engine
