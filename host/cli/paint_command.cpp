#include "cli/paint_command.h"

#include <ATen/ATen.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <sstream>

#include "app/render_run.h"
#include "app/run_plan.h"
#include "base/texts.h"
#include "cli/signals.h"
#include "cli/words.h"
#include "engine/run_plugins.h"
#include "log/log.h"
#include "log/printable.h"
#include "models/catalogue.h"
#include "reverie/perceptor.h"
#include "settings/json_string.h"

namespace reverie::cli {

using app::choose_run_plan;
using app::installation_prefix;
using app::make_plan;
using app::params_for;
using app::Plan;
using app::render_run;
using app::RunOptions;
using app::RunOutcome;
using app::RunPlan;
using engine::HostServices;
using log::shown_line;
using log::write_log;
using models::kDefaultModelsParent;

namespace {

/// Knows photographs of a thousand classes of things.
constexpr const char* kPerceptor = "tiny_lit";
/// Know what these classes lack: the same with concepts, and drawings.
constexpr const char* kBeyond = "tiny_lit_concepts, tiny_resnet";
constexpr double kFamiliar = 0.3;  // below it, the latter two look
constexpr double kSeconds = 25;    // that the steps should take

/// What a picture from words alone is made with, apart from its perceptors and steps.
std::string chosen_settings() {
  const std::filesystem::path file = installation_prefix() / "share/reverie/paint.yaml";
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  if (text.str().empty())
    throw Error(ErrorKind::file, "there is no file '" + file.string() + "', which belongs to the program",
                "install the program once more");
  return text.str();
}

/// The setting that chooses the first perceptor; empty, with a warning, where its network is missing.
std::string perceptors() {
  HostServices::Options places;
  places.models = installation_prefix() / "share/reverie/models";
  places.models_parent_dir = kDefaultModelsParent;
  places.device = "cpu";
  HostServices host(places);
  if (!host.find_weights(kPerceptor)) return "";
  try {
    host.resolve_asset("trunks/efficientnet-lite0.pth");
    return std::string("perceptors: [") + kPerceptor + "]\n";
  } catch (const Error&) {
    write_log(LogLevel::warning,
              "the network that knows photographs is missing, so smaller ones look at the picture; "
              "tools/setup.sh downloads it (17 MB)");
    return "";
  }
}

/// Whether the first perceptor knows pictures of all that the prompts are about.
bool familiar(const Plan& plan, const PluginRegistry& registry) {
  const RunPlan run_plan = choose_run_plan(plan, registry, false);
  const auto& [plugin, setup, setting] = run_plan.perceptors.front();
  const auto perceptor =
      create<Perceptor>(*plugin, *run_plan.host, params_for(*plugin, run_plan.settings), setup);
  Familiarity* known = extension_of<Familiarity>(*perceptor);
  if (!known) return true;  // it does not say
  std::istringstream prompts(plan.settings.get<std::string>("scenes"));
  for (std::string prompt; std::getline(prompts, prompt, '|');) {
    const std::string text = trimmed(prompt.substr(0, prompt.find(':')));
    if (!text.empty() && known->familiarity(text) < kFamiliar) return false;
  }
  return true;
}

/// Seconds that looking at one batch of cutouts takes, there and back, on this machine.
double measure_look(const RunPlan& run_plan) {
  using Clock = std::chrono::steady_clock;
  double total = 0;
  for (const auto& [plugin, setup, setting] : run_plan.perceptors) {
    const auto perceptor =
        create<Perceptor>(*plugin, *run_plan.host, params_for(*plugin, run_plan.settings), setup);
    const std::int64_t side = perceptor->input_size();
    const at::Tensor images = at::full({run_plan.settings.get<std::int64_t>("cutouts"), 3, side, side}, 0.5,
                                       at::TensorOptions(run_plan.host->device()));
    const at::Tensor leaf = images.detach().set_requires_grad(true);
    double quickest = 0;
    for (int attempt = 0; attempt < 3; ++attempt) {  // the first one also gets memory and kernels ready
      const auto begin = Clock::now();
      perceptor->embed_images(leaf).sum().backward();
      const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
      quickest = attempt == 0 ? seconds : std::min(quickest, seconds);
    }
    total += quickest;
  }
  return total;
}

/// How many steps fit into the time. Drawing and the other losses take about a quarter as long as looking.
std::int64_t steps_for(const Plan& plan, const PluginRegistry& registry) {
  const RunPlan run_plan = choose_run_plan(plan, registry, false);
  const double steps = kSeconds / (1.25 * measure_look(run_plan));
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(steps) / 10 * 10, 80, 240);
}

}  // namespace

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
  const std::string settings = "scenes: " + json_string(text) + "\n" + chosen_settings();
  const auto plan_with = [&](const std::string& more) {
    return make_plan({"paint", overrides, config_folders, settings + more}, registry);
  };
  std::string eyes = perceptors();
  Plan plan = plan_with(eyes);
  if (plan.settings.get<std::vector<std::string>>("perceptors") == std::vector<std::string>{kPerceptor} &&
      !familiar(plan, registry)) {
    eyes = std::string("perceptors: [") + kBeyond + "]\n";
    plan = plan_with(eyes);
  }
  const bool given = !plan.settings.find("steps_per_scene")->is_default();
  const std::string steps =
      std::to_string(given ? plan.settings.get<std::int64_t>("steps_per_scene") : steps_for(plan, registry));
  plan = plan_with(eyes + "steps_per_scene: " + steps + "\nsave_every: " + steps + "\n");
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
