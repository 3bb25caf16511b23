#pragma once
// Whether a run can begin, and how much memory it will need: found by beginning it, in a process of its own.

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "app/run_plan.h"
#include "distributed/step_model.h"
#include "engine/process_memory.h"

namespace reverie::app {

/// What a trial writes goes to a temporary folder.
class RunTrial {
 public:
  /// Makes the processes, which wait. They are copies of this one, so it must not have begun to compute yet.
  /// `plan` and `registry` must outlive this.
  /// `of_ranks`: rank_step() or timed_step() will be asked for, too.
  RunTrial(const Plan& plan, const PluginRegistry& registry, bool of_ranks = false);
  /// Ends processes that still run, and removes the files.
  ~RunTrial();
  RunTrial(const RunTrial&) = delete;
  RunTrial& operator=(const RunTrial&) = delete;

  /// Does two steps with one cutout: everything is loaded, moved and written once. Empty, or why there is no
  /// trial. Throws what the run would throw, and Error(plugin) when it would crash.
  std::string begin();

  /// After begin(): whether the run may need a good part of this machine's memory. `cast`: of the plan.
  bool may_be_large(const RunPlan& run_plan) const;

  /// Does three steps of the run; where those would take long, with two smaller numbers of cutouts, and
  /// counts on: each further one needs as much as the one before. A sentence: how much memory it will be, or
  /// why that cannot be said. Throws like begin().
  std::string memory(const RunPlan& run_plan);

  struct RankStep {
    distributed::MeasuredStep step{};
    std::int64_t steps = 0;    ///< that were measured
    std::int64_t cutouts = 0;  ///< with so many in each
    std::string obstacle;      ///< why there are no figures; empty: there are
  };
  /// Does steps of the run as one of its ranks, with this number of threads and `groups` of cutouts; with
  /// fewer groups of the same size where all would take long. A step of a frame; what is done once for a
  /// frame does not count unless each step is one. Throws like begin().
  RankStep rank_step(const RunPlan& run_plan, std::int64_t groups, int threads);
  /// Instead of rank_step(): does steps of the run as it is, and times them, but not their memory.
  RankStep timed_step();

 private:
  struct Part {
    pid_t process = -1;
    int go = -1, answer = -1;  ///< ends of pipes
    int said = -1;             ///< a file of what it says on standard error
  };
  /// What a part is to do, and what it answers.
  struct Order {
    std::int64_t cutouts = 1, steps = 2;
    std::int64_t groups = -1;  ///< -1: as the run has it
    int threads = 0;           ///< 0: as the program has it
    bool timed = false;        ///< the run's own steps, to be timed
  };
  struct Figures {
    std::int64_t most = 0;   ///< ever
    std::int64_t steps = 0;  ///< that the steps needed
    std::int64_t cutouts = 0;
    distributed::MeasuredStep step{};  ///< of a timed one, without its memory
    std::int64_t timed = 0;            ///< steps
  };
  struct Answer {
    Figures figures;
    std::string obstacle;  ///< why there are none
  };
  void start(Part& part);
  [[noreturn]] void be(int go, int answer, int said) const;
  Figures try_run(const Order& order) const;
  Answer give(Part& part, const Order& order);
  void time(Order order, RankStep& result);
  std::int64_t quick_cutouts(const RunPlan& run_plan) const;

  const Plan& plan_;
  const PluginRegistry& registry_;
  std::int64_t batch_;  ///< cutouts that the run embeds together
  std::filesystem::path folder_;
  std::vector<engine::AddressRange> loaded_;  ///< pages of the program and its libraries
  std::vector<Part> parts_;
  std::string obstacle_;  ///< why there is no trial
  Figures begun_;
};

}  // namespace reverie::app
