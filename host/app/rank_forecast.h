#pragma once
// `reverie check --ranks N`: how fast a run would be over ranks, and how much memory each of them needs.

#include <cstdint>
#include <optional>
#include <string>

#include "app/run_trial.h"
#include "distributed/exchange_trial.h"

namespace reverie::app {

/// What is asked.
struct RankQuestion {
  std::int64_t ranks = 1;
  /// Of the network between machines of one rank each; 0: the ranks are on this machine, and share its
  /// processors.
  double gigabits = 0;
};

class RankForecast {
 public:
  /// No thread may run yet. Throws Error(usage) where there are more ranks than groups of cutouts.
  RankForecast(const RankQuestion& question, const Plan& plan);
  /// After `trial`'s begin(). Several lines.
  std::string text(RunTrial& trial, const RunPlan& run_plan);

 private:
  RankQuestion question_;
  std::int64_t groups_, cutouts_;
  std::optional<distributed::ExchangeTrial> exchange_;
};

}  // namespace reverie::app
