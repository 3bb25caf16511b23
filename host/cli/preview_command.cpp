// `reverie preview-motion`: a run's moves as a video, without its prompts.

#include <unistd.h>

#include <iostream>

#include "app/preview_motion.h"
#include "cli/commands.h"
#include "cli/signals.h"
#include "log/printable.h"

namespace reverie::cli {

using app::Plan;
using app::preview_motion;
using app::PreviewOutcome;
using app::RunOptions;
using log::shown_line;

int preview_motion_command(const Plan& plan, const PluginRegistry& registry, RunReport* report) {
  end_on_signals("interrupted: the video ends with the present picture (Ctrl-C again ends at once)");
  RunOptions options;
  options.on_terminal = ::isatty(STDERR_FILENO) != 0;
  const PreviewOutcome outcome = preview_motion(plan, registry, options);
  std::cout << (outcome.interrupted ? "interrupted after " : "done: ") << outcome.pictures << " pictures, "
            << outcome.seconds << " seconds\n"
            << shown_line(outcome.file.string()) << "\n";
  if (report) *report = {outcome.pictures, outcome.output.folder.string() + "/"};
  return outcome.interrupted ? 130 : 0;
}

}  // namespace reverie::cli
