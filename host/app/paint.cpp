#include "app/paint.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <vector>

#include "app/run_plan.h"
#include "base/installation.h"
#include "base/texts.h"
#include "engine/run_plugins.h"
#include "log/log.h"
#include "models/catalogue.h"
#include "reverie/perceptor.h"
#include "settings/json_string.h"
#include "settings/presets.h"

namespace reverie::app {

using engine::HostServices;
using log::write_log;
using models::kDefaultModelsParent;

namespace {

/// Knows photographs of a thousand classes of things.
constexpr const char* kPerceptor = "tiny_lit";
/// Know what these classes lack: the same with concepts, and drawings.
constexpr const char* kBeyond = "tiny_lit_concepts, tiny_resnet";
constexpr double kFamiliar = 0.3;  // below it, the latter two look
constexpr double kSeconds = 25;    // that the steps should take

/// The preset on which those that the user chooses are based.
constexpr const char* kPreset = "paint";
/// The one where the user chooses none: two networks see more of the whole picture.
constexpr const char* kPresetWhole = "whole";

/// Whether the first perceptor can be used. If not, a warning says what is missing.
bool has_photographs() {
  HostServices::Options places;
  places.models = installation_prefix() / "share/reverie/models";
  places.models_parent_dir = kDefaultModelsParent;
  places.device = "cpu";
  HostServices host(places);
  if (!host.find_weights(kPerceptor)) return false;
  try {
    host.resolve_asset("trunks/efficientnet-lite0.pth");
    return true;
  } catch (const Error&) {
    write_log(LogLevel::warning,
              "the network that knows photographs is missing, so smaller ones look at the picture; "
              "tools/setup.sh downloads it (17 MB)");
    return false;
  }
}

/// Whether the first perceptor knows pictures of all that the prompts are about.
bool familiar(const Plan& plan, const PluginRegistry& registry) {
  const RunPlan run_plan = choose_run_plan(plan, registry, false);
  const auto& [plugin, setup, setting, weight] = run_plan.perceptors.front();
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
  for (const auto& [plugin, setup, setting, weight] : run_plan.perceptors) {
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

Plan make_paint_plan(const SettingsSources& from, const std::string& words, const PluginRegistry& registry,
                     const FindMore& find_more) {
  std::string preset = kPreset;
  std::vector<std::string> chosen;  // here, and written like words of the command line: a preset that the
                                    // user chooses comes after the settings below
  const auto plan_now = [&] {
    SettingsSources sources = from;
    // As on the command line, so that what is wrong with them is not said of a file.
    sources.overrides.insert(sources.overrides.begin(), "scenes=" + json_string(words));
    sources.overrides.insert(sources.overrides.end(), chosen.begin(), chosen.end());
    sources.text = std::string("defaults: [/") + kPresetGroup + "/" + preset + ", _self_]\n";
    return make_plan(sources, registry, find_more);
  };
  const bool chooses_preset =
      std::any_of(from.overrides.begin(), from.overrides.end(),
                  [](const std::string& word) { return word.starts_with(std::string(kPresetGroup) + "="); });
  Plan plan = plan_now();
  const auto written = [&](const char* name) {
    return plan.settings.find(name)->location.is(Location::Source::command_line);
  };
  const auto from_preset = [&](const char* name) {
    return std::filesystem::path(plan.settings.find(name)->location.file).stem() == kPreset;
  };
  // Presets name the first perceptor, for everyday things.
  if (!written("perceptors") &&
      plan.settings.get<std::vector<std::string>>("perceptors") == std::vector<std::string>{kPerceptor}) {
    if (!has_photographs())
      chosen.push_back("perceptors=[]");
    else if (!chooses_preset)
      preset = kPresetWhole;
    else if (!familiar(plan, registry))
      chosen.push_back(std::string("perceptors=[") + kBeyond + "]");
    plan = plan_now();
  }
  if (from_preset("steps_per_scene")) {
    chosen.push_back("steps_per_scene=" + std::to_string(steps_for(plan, registry)));
    plan = plan_now();
  }
  return plan;
}

}  // namespace reverie::app
