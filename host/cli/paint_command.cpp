#include "cli/paint_command.h"

#include <unistd.h>

#include <iostream>

#include "app/paint.h"
#include "app/render_run.h"
#include "cli/signals.h"
#include "cli/words.h"
#include "log/printable.h"

namespace reverie::cli {

using app::make_paint_plan;
using app::Plan;
using app::render_run;
using app::RunOptions;
using app::RunOutcome;
using log::shown_line;

int paint_command(const std::vector<std::string>& words,
                  const std::vector<std::filesystem::path>& config_folders, const PluginRegistry& registry) {
  refuse_blanks(words);
  std::string text;
  std::vector<std::string> overrides;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals != std::string::npos && word.find_first_of(" ,;:!?") > equals)
      overrides.push_back(word);
    else
      text += (text.empty() ? "" : " ") + word;
  }
  if (text.empty())
    throw Error(ErrorKind::usage, "reverie paint needs words that say what to paint",
                "for example: reverie paint \"a castle on a hill\"");
  const Plan plan = make_paint_plan({"paint", overrides, config_folders}, text, registry);
  end_on_signals("interrupted: the present step is finished and saved first (Ctrl-C again ends at once)");
  RunOptions options;
  options.on_terminal = ::isatty(STDERR_FILENO) != 0;
  const RunOutcome result = render_run(plan, registry, options);
  const std::string file = (result.output.folder / (result.output.base + "_settings.txt")).string();
  std::cout << shown_line(result.last_frame.string()) << "\nthe same from its settings: reverie render '"
            << shown_line(file) << "'\n";
  return result.interrupted ? 130 : 0;
}

}  // namespace reverie::cli
