#include <unistd.h>

#include <iostream>

#include "app/render_run.h"
#include "app/run_plan.h"
#include "app/run_trial.h"
#include "app/without_effect.h"
#include "cli/commands.h"
#include "cli/signals.h"
#include "log/printable.h"

namespace reverie::cli {

using app::choose_run_plan;
using app::look_ahead;
using app::Plan;
using app::RankForecast;
using app::RankQuestion;
using app::render_run;
using app::RunOptions;
using app::RunOutcome;
using app::RunPlan;
using app::RunTrial;
using engine::newest_run;
using engine::RunPlace;
using log::shown_line;

int check_command(const Plan& plan, const PluginRegistry& registry, bool memory,
                  const std::optional<RankQuestion>& ranks) {
  std::optional<RankForecast> forecast;
  if (ranks) forecast.emplace(*ranks, plan);
  RunTrial trial(plan, registry, ranks.has_value());
  const RunPlan run_plan = choose_run_plan(plan, registry, false);
  look_ahead(run_plan, plan);
  const std::string obstacle = trial.begin();
  std::string more = obstacle.empty() ? "" : "the run was not tried, because " + obstacle + "\n";
  if (memory || (obstacle.empty() && trial.may_be_large(run_plan))) more += trial.memory(run_plan) + "\n";
  if (forecast && obstacle.empty()) more += forecast->text(trial, run_plan);
  if (const std::string unused = without_effect(plan, run_plan.settings); !unused.empty())
    more = log::printable_line(unused) + "\n" + more;
  std::cout << "no problems found\n" << more;
  return 0;
}

int render_command(const Plan& plan, const PluginRegistry& registry, RunReport* report,
                   distributed::Ranks* ranks) {
  end_on_signals("interrupted: the present step is finished and saved first (Ctrl-C again ends at once)");
  RunOptions options;
  options.ranks = ranks;
  options.on_terminal = ::isatty(STDERR_FILENO) != 0;
  const RunOutcome result = render_run(plan, registry, options);
  const std::int64_t steps = result.moment.steps, frames = result.moment.frames;
  const std::string folder = shown_line(result.output.folder.string());
  std::cout << (result.interrupted ? "interrupted after " : "done: ") << steps << " steps, " << frames
            << (frames == 1 ? " picture in " : " pictures in ") << folder << "/\n";
  if (!result.last_frame.empty()) std::cout << shown_line(result.last_frame.string()) << "\n";
  if (report) *report = {frames, folder + "/"};
  const auto next = result.interrupted && plan.alone ? newest_run(RunPlace(plan.settings)) : std::nullopt;
  if (next && next->has_backup && next->base == result.output.base)
    std::cerr << "reverie: the same command with --restore goes on from there\n";
  return result.interrupted ? 130 : 0;
}

}  // namespace reverie::cli
