#include <unistd.h>

#include <iostream>

#include "cli/cast.h"
#include "cli/memory_trial.h"
#include "cli/render_run.h"

namespace reverie {

int check_command(const Plan& plan, const PluginRegistry& registry) {
  MemoryTrial trial(plan, registry);
  const Cast cast = choose_cast(plan, registry, false);
  decode_ahead(cast, plan);
  const std::string memory = trial.result(cast);
  std::cout << "no problems found\n" << memory << "\n";
  return 0;
}

int render_command(const Plan& plan, const PluginRegistry& registry, RunReport* report) {
  end_on_signals();
  RunWishes wishes;
  wishes.on_terminal = ::isatty(STDERR_FILENO) != 0;
  const RunOutcome result = render_run(plan, registry, wishes);
  const std::int64_t steps = result.moment.steps, frames = result.moment.frames;
  const std::string folder = result.output.folder.string();
  std::cout << (result.interrupted ? "interrupted after " : "done: ") << steps << " steps, " << frames
            << (frames == 1 ? " picture in " : " pictures in ") << folder << "/\n";
  if (!result.last_frame.empty()) std::cout << result.last_frame.string() << "\n";
  if (report) *report = {frames, folder + "/"};
  const auto next = result.interrupted && plan.alone
                        ? newest_run(plan.settings.get<std::string>("file_namespace"))
                        : std::nullopt;
  if (next && next->base == result.output.base)
    std::cerr << "reverie: the same command with --restore goes on from there\n";
  return result.interrupted ? 130 : 0;
}

}  // namespace reverie
