#include "app/run_plan.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "engine/moments.h"
#include "engine/timeline.h"
#include "models/catalogue.h"
#include "plugins/text_check.h"
#include "prompts/coherence.h"
#include "reverie/takes_opacity.h"
#include "reverie/viewer.h"
#include "settings/perceptor_list.h"

namespace reverie::app {

using engine::follows_sound;
using engine::Foreknowledge;
using engine::HostServices;
using engine::Timeline;
using engine::try_moments;
using models::CatalogueEntry;
using models::find_model;
using models::model_path;

namespace {

/// The settings that switch on OpenAI's models; each is an alias in the catalogue.
constexpr const char* kPerceptorFlags[] = {"ViTB32", "ViTB16", "ViTL14",  "ViTL14_336px", "RN50",
                                           "RN101",  "RN50x4", "RN50x16", "RN50x64"};

/// The perceptor plugin that understands a file.
const PluginFile& plugin_for(const PluginRegistry& registry, const Weights& weights) {
  for (const PluginFile* plugin : registry.usable(Perceptor::kKind))
    if (accepts(*plugin, &weights)) return *plugin;
  std::string message = "no installed perceptor understands the weights '" + weights.origin() + "'";
  // The one that would have may be there, but damaged.
  for (const PluginFile& file : registry.files())
    if (file.kind == Perceptor::kKind && file.state == PluginFile::State::rejected)
      message += "; '" + file.path.string() + "' cannot be used: " + file.reason;
  throw Error(ErrorKind::model, message, "reverie plugins list shows the perceptors");
}

/// The perceptor plugin of this name, which then gets no weights; null if there is none.
const PluginFile* called(const PluginRegistry& registry, const std::string& name) {
  for (const PluginFile* plugin : registry.usable(Perceptor::kKind))
    if (plugin->is_called(name)) return plugin;
  return nullptr;
}

std::string joined(const std::vector<std::string>& words) {
  std::string result;
  for (const std::string& word : words) result += (result.empty() ? "" : ", ") + word;
  return result;
}

/// Whether the command line switches a model off by its flag.
bool switched_off(const Settings& settings, const std::string& name) {
  const CatalogueEntry* model = find_model(name);
  return model && std::any_of(std::begin(kPerceptorFlags), std::end(kPerceptorFlags), [&](const char* flag) {
           return find_model(flag) == model && !settings.get<bool>(flag) &&
                  settings.find(flag)->location.is(Location::Source::command_line);
         });
}

/// A perceptor, and the setting that asks for it.
struct Wanted {
  std::string name, setting;
  std::optional<std::size_t> item = {};  ///< of the list
};

/// The perceptors of the list and those that are switched on; if there are none, the default.
std::vector<Wanted> wanted_perceptors(const Settings& settings, const HostServices& host,
                                      std::vector<std::string>& choices) {
  std::vector<std::string> names = settings.get<std::vector<std::string>>("perceptors");
  // The flags in the list's own file are no answer to it: saved settings hold the list and no flag that is
  // on.
  const bool flags_count = !settings.find("perceptors")->location.is(Location::Source::command_line);
  std::vector<Wanted> wanted;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (!flags_count || !switched_off(settings, names[i])) wanted.push_back({names[i], "perceptors", i});
  const bool listed = !wanted.empty();
  const auto add = [&](const CatalogueEntry& model, const char* flag) {
    for (const Wanted& other : wanted)
      if (find_model(other.name) == &model) return;
    wanted.push_back({model.name, flag});
  };
  const CatalogueEntry* by_default = nullptr;
  for (const char* flag : kPerceptorFlags) {
    if (!settings.get<bool>(flag)) continue;
    const CatalogueEntry* model = find_model(flag);
    settings.find(flag)->is_default() ? void(by_default = model) : add(*model, flag);
  }
  if (by_default && !listed &&
      std::filesystem::exists(model_path(*by_default, settings.get<std::string>("models_parent_dir"))))
    add(*by_default, "ViTB32");
  if (!wanted.empty()) return wanted;
  names = host.shipped_models();
  if (names.empty())
    throw Error(ErrorKind::file, "no perceptor is chosen and no models came with the program",
                "reverie models fetch ViT-B/32, or name a weights file in the setting 'perceptors'");
  // PyTTI's defaults, which a file without a choice gets, are made for larger perceptors.
  const bool words_alone =
      settings.find("image_model")->is_default() && settings.find("cut_pow")->is_default();
  choices.push_back("no perceptor is chosen; using the shipped ones: " + joined(names) +
                    (words_alone ? "; clearer pictures from words alone: reverie paint WORDS" : ""));
  for (const std::string& name : names) wanted.push_back({name, "perceptors"});
  return wanted;
}

/// Perceptors, as words of the command line, that need not be downloaded.
std::string offline_perceptors(const Settings& settings, const std::vector<std::string>& shipped) {
  std::string words = "perceptors='[" + joined(shipped) + "]'";
  for (const char* flag : kPerceptorFlags)
    if (settings.get<bool>(flag) && !settings.find(flag)->is_default())
      words += " " + std::string(flag) + "=false";
  return words;
}

/// What the list says of it; a perceptor that it does not name has no weight there.
RawValue group_of(const Wanted& wanted, const SettingValue& list) {
  if (wanted.item) return list.groups[*wanted.item];
  RawValue group;
  group.kind = RawValue::Kind::map;
  group.members.emplace_back("name", RawValue::scalar(wanted.name, true));
  return group;
}

/// Its weight over time; nothing where no perceptor has one.
std::optional<MotionSetting> weight_of(const Wanted& wanted, const std::vector<MotionSetting>& weights) {
  if (weights.empty()) return std::nullopt;
  if (wanted.item && *wanted.item < weights.size()) return weights[*wanted.item];
  return MotionSetting{kPerceptors, 1, Expression::compile("1", {})};
}

/// `offline`: words of the command line for what is missing; see tell_offline_choice().
void choose_perceptors(RunPlan& run_plan, const Plan& plan, const PluginRegistry& registry,
                       std::vector<Problem>& problems, std::vector<std::string>& offline) {
  std::vector<Wanted> all;
  collect(problems, run_plan.settings, "perceptors",
          [&] { all = wanted_perceptors(run_plan.settings, *run_plan.host, run_plan.choices); });
  SettingValue chosen = *run_plan.settings.find("perceptors");
  const SettingValue given = chosen;
  chosen.list.clear();
  chosen.groups.clear();
  std::size_t missing = 0;
  for (const Wanted& wanted : all) {
    chosen.list.push_back(wanted.name);
    if (!given.groups.empty()) chosen.groups.push_back(group_of(wanted, given));
    missing += find_model(wanted.name) && !run_plan.host->find_weights(wanted.name);
    collect(problems, run_plan.settings, wanted.setting, [&] {
      const PluginFile* plugin = called(registry, wanted.name);
      std::shared_ptr<const Weights> weights;
      if (!plugin || run_plan.host->find_weights(wanted.name)) {
        weights = run_plan.host->load_weights(wanted.name);
        plugin = &plugin_for(registry, *weights);
      }
      choose(run_plan.settings, *plugin, problems);
      run_plan.perceptors.push_back(
          {plugin, {wanted.name, weights}, wanted.setting, weight_of(wanted, plan.script.perceptor_weights)});
    });
  }
  if (const auto shipped = run_plan.host->shipped_models(); missing > 0 && !shipped.empty())
    offline.push_back(offline_perceptors(run_plan.settings, shipped));
  // What was used is written down by name, so that a rerun does not depend on what is installed then.
  run_plan.settings.set("perceptors", chosen);
  for (const char* flag : kPerceptorFlags) {
    SettingValue off = *run_plan.settings.find(flag);
    off.number = 0;
    off.location = Location::program();  // no default any more
    run_plan.settings.set(flag, off);
  }
}

/// What perceptors can say of the prompts' words without their networks: which are too long.
void check_texts(const RunPlan& run_plan, const Plan& plan, std::vector<Problem>& problems) {
  std::map<std::string, std::string> texts;  // and the setting that each comes from
  for (const Scene& scene : plan.script.scenes)
    for (const Prompt& prompt : scene.prompts) {
      if (!prompt.picture) texts.emplace(prompt.text, prompt.setting);
      if (!prompt.towards.empty()) texts.emplace(prompt.towards, prompt.setting);
      if (prompt.mask.kind == PromptMask::Kind::phrase) texts.emplace(prompt.mask.what, prompt.setting);
    }
  const RunSettings& settings = run_plan.settings;
  for (const ChosenPerceptor& chosen : run_plan.perceptors)
    collect(problems, settings, chosen.setting, [&] {
      const auto known =
          make_text_check(*chosen.plugin, *run_plan.host, params_for(*chosen.plugin, settings), chosen.setup);
      for (const auto& [text, setting] : texts)
        if (known) collect(problems, settings, setting, [&, &words = text] { known->check(words); });
    });
}

/// Weights that the image model names: where nobody chose and the default's are not installed, the shipped
/// ones take their place.
/// `offline` as for choose_perceptors().
void choose_weights(RunPlan& run_plan, const PluginFile& model, std::vector<Problem>& problems,
                    std::vector<std::string>& offline) {
  const Settings params = params_for(model, run_plan.settings);
  for (const ParamSpec& spec : std::span(model.descriptor->params, model.descriptor->param_count)) {
    if (spec.asset != AssetKind::weights || spec.host_setting) continue;
    SettingValue value = *params.find(spec.name);
    // A file that is there, but cannot be used, is not silently replaced.
    if (run_plan.host->find_weights(value.text) || !value.is_default() || !*spec.fallback_text) {
      collect(problems, params, spec.name, [&] { run_plan.host->load_weights(value.text); });
      if (*spec.fallback_text && find_model(value.text) && !run_plan.host->find_weights(value.text))
        offline.push_back(std::string(spec.name) + "=" + spec.fallback_text);
      continue;
    }
    run_plan.choices.push_back(std::string(spec.name) + ": '" + value.text +
                               "' is not installed; using the shipped '" + spec.fallback_text + "'");
    value.text = spec.fallback_text;
    value.location =
        Location::program();  // no default any more: a rerun must not depend on what is installed then
    run_plan.settings.set_param(title(model), spec.name, value);
  }
}

/// With the last problem, which is about something to download: all words that do without, to be pasted.
void tell_offline_choice(const std::vector<std::string>& offline, std::vector<Problem>& problems) {
  if (offline.empty() || problems.empty()) return;
  std::string& message = problems.back().message;
  message += "\nwithout a download, the models that ship with the program do: ";
  for (const std::string& words : offline) message += (&words == &offline[0] ? "" : " ") + words;
}

/// The weights that a loss names.
void find_weights(const RunPlan& run_plan, const LossTerm& term, std::vector<Problem>& problems) {
  for (const ParamSpec& spec :
       std::span(term.plugin->descriptor->params, term.plugin->descriptor->param_count))
    if (spec.asset == AssetKind::weights)
      collect(problems, run_plan.settings, term.setting,
              [&] { run_plan.host->load_weights(term.params.get<std::string>(spec.name)); });
}

/// Finds every picture and video that the settings name. Of those that move with the animation, all frames up
/// to `last` are decoded, too.
void find_pictures(const RunPlan& run_plan, const Plan& plan, std::int64_t last,
                   std::vector<Problem>& problems) {
  PictureCheck check(run_plan, problems);
  const auto need = [&](const std::string& path, const std::string& setting) { check.need(path, setting); };
  const auto need_all = [&](const std::string& path, const std::string& setting) {
    check.need(path, setting, last);
  };
  // First of all: the weights that hold on to the one or the other name it, too.
  need(run_plan.settings.get<std::string>("init_image"), "init_image");
  if (plan.animation) {
    need_all(run_plan.settings.get<std::string>("video_path"), "video_path");
    need_all(coherence_of(run_plan.settings).file, "color_coherence");
  }
  for (const Scene& scene : plan.script.scenes)
    for (const Prompt& prompt : scene.prompts) {
      if (prompt.picture && prompt.when != When::after_moves) need_all(prompt.text, prompt.setting);
      if (prompt.mask.kind == PromptMask::Kind::picture || prompt.mask.kind == PromptMask::Kind::video)
        need_all(prompt.mask.what, prompt.setting);
    }
  for (const LossTerm& term : plan.script.losses) {
    need(term.picture, term.setting);
    need_all(term.mask, term.setting);
    for (const ParamSpec& spec :
         std::span(term.plugin->descriptor->params, term.plugin->descriptor->param_count))
      if (spec.asset == AssetKind::image) need(term.params.get<std::string>(spec.name), term.setting);
  }
  if (!plan.image_model) return;
  const PluginDescriptor& model = *plan.image_model->descriptor;
  const Settings params = params_for(*plan.image_model, run_plan.settings);
  for (const ParamSpec& spec : std::span(model.params, model.param_count))
    if (spec.asset == AssetKind::image) check.need(params.find(spec.name)->text, spec.name, 0, &params);
}

/// Throws Error(file) if no run could write into this folder, or make it.
void require_writable(const std::string& folder) {
  std::error_code error;
  std::filesystem::path there = std::filesystem::absolute(models::expand_home(folder), error);
  while (there.has_relative_path() && !std::filesystem::exists(there, error)) there = there.parent_path();
  if (!std::filesystem::is_directory(there, error))
    throw Error(ErrorKind::file, "'" + there.string() + "' is a file, not a folder");
  if (::access(there.c_str(), W_OK | X_OK) != 0)
    throw Error(
        ErrorKind::file,
        "nothing can be written into '" + there.string() + "': " + std::generic_category().message(errno),
        "choose another folder, or work in one of yours");
}

/// Whether the sinks keep transparency, where the run needs that. It depends on their settings, so only
/// instances know; they write nothing before the first frame.
void check_opacity(const RunPlan& run_plan, std::vector<Problem>& problems) {
  const RunSettings& settings = run_plan.settings;
  if (!settings.get<bool>("alpha")) return;
  const OutputSink::Setup setup{engine::RunPlace(settings).pictures, "opacity",
                                settings.get<double>("frames_per_second"), ""};
  for (const PluginFile* plugin : run_plan.sinks)
    collect(problems, settings, "outputs", [&] {
      const auto sink = create<OutputSink>(*plugin, *run_plan.host, params_for(*plugin, settings), setup);
      if (!extension_of<TakesOpacity>(*sink))
        problems.push_back({settings.find("alpha")->location,
                            "'alpha' is true, but " + title(*plugin) +
                                " keeps no transparency as it is set here; leave it out of 'outputs'"});
    });
}

/// Everything that there is; what is not is added to `problems`.
RunPlan find_run_plan(const Plan& plan, const PluginRegistry& registry, bool on_terminal,
                      std::vector<Problem>& problems) {
  RunPlan run_plan;
  static_cast<RunContext&>(run_plan) = make_run_context(plan, registry, &problems);
  run_plan.choices = plan.choices;
  const Settings& settings = run_plan.settings;
  // Every plugin is found before any weights are opened.
  run_plan.sinks = chosen_sinks(settings, registry, problems);
  if (settings.get<std::vector<std::string>>("outputs").empty())
    collect(problems, settings, "outputs", [&] {
      // By default it is a plugin, which may be damaged.
      if (settings.find("outputs")->is_default()) registry.with_role(OutputSink::kKind, "outputs");
      throw Error(ErrorKind::settings, "'outputs' is empty: the pictures would go nowhere");
    });
  check_opacity(run_plan, problems);
  run_plan.viewers = chosen_viewers(settings, registry, on_terminal, problems);
  find_pictures(run_plan, plan, 0, problems);
  for (const PluginFile* reader : run_plan.pictures->readers()) choose(run_plan.settings, *reader, problems);
  for (const char* name : {"output_dir", "backup_dir"})
    collect(problems, settings, name, [&] { require_writable(settings.get<std::string>(name)); });
  collect(problems, settings, "input_audio", [&] { run_plan.sound = listen(run_plan, plan, registry); });
  find_for_motion(run_plan, plan, registry, problems);
  for (const LossTerm& term : plan.script.losses) find_weights(run_plan, term, problems);
  std::vector<std::string> offline;
  choose_perceptors(run_plan, plan, registry, problems, offline);
  check_texts(run_plan, plan, problems);
  if (plan.image_model) choose_weights(run_plan, *plan.image_model, problems, offline);
  tell_offline_choice(offline, problems);
  return run_plan;
}

}  // namespace

void find_missing(const Plan& plan, const PluginRegistry& registry, std::vector<Problem>& problems) {
  find_run_plan(plan, registry, false, problems);
}

RunPlan choose_run_plan(const Plan& plan, const PluginRegistry& registry, bool on_terminal) {
  std::vector<Problem> problems;
  RunPlan run_plan = find_run_plan(plan, registry, on_terminal, problems);
  std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
    return std::pair(a.location.file, a.location.line) < std::pair(b.location.file, b.location.line);
  });
  if (problems.empty() && !plan.restored && follows_sound(plan.script))
    try_moments(plan.script, run_plan.settings, plan.animation != nullptr,
                {run_plan.sound.get(), std::nullopt}, false, problems);
  if (!problems.empty()) throw SettingsError(problems);

  for (const std::string& choice : run_plan.choices) run_plan.host->log(LogLevel::info, choice);
  std::vector<const PluginFile*> plugins = run_plan.sinks;
  plugins.insert(plugins.end(), run_plan.viewers.begin(), run_plan.viewers.end());
  plugins.push_back(plan.image_model);
  plugins.push_back(plan.optimiser);
  plugins.push_back(plan.cutout_method);
  for (const LossTerm& term : plan.script.losses) plugins.push_back(term.plugin);
  if (plan.animation) plugins.push_back(plan.animation);
  for (const ChosenPerceptor& chosen : run_plan.perceptors) plugins.push_back(chosen.plugin);
  for (const PluginFile* plugin : plugins)
    for (const std::string& warning : plugin->warnings)
      run_plan.host->log(LogLevel::warning, plugin->path.string() + ": " + warning);
  return run_plan;
}

namespace {

/// How often the picture moves, at most `most` times, before the video that it follows ends; nothing where it
/// follows none.
std::optional<std::int64_t> moves_of_video(const RunPlan& run_plan, const Plan& plan, std::int64_t most) {
  const std::string path = run_plan.settings.get<std::string>("video_path");
  if (path.empty() || !plan.animation || !plan.animation->has_role(kVideoRole)) return std::nullopt;
  const std::int64_t stride = Timeline(run_plan.settings).stride;
  const auto video = run_plan.pictures->open(path, run_plan.settings.get<double>("frames_per_second"));
  // A move ends at any frame behind that of the move before.
  const auto can_move = [&](std::int64_t move) { return video->read((move - 1) * stride + 1).has_value(); };
  std::int64_t moves = 0;
  for (std::int64_t end = most; moves < end;) {
    const std::int64_t middle = moves + (end - moves + 1) / 2;
    can_move(middle) ? moves = middle : end = middle - 1;
  }
  return moves;
}

}  // namespace

void look_ahead(const RunPlan& run_plan, const Plan& plan) {
  std::vector<Problem> problems;
  Foreknowledge known{run_plan.sound.get(), std::nullopt};
  if (plan.animation) {
    const Timeline timeline(run_plan.settings);
    const std::int64_t steps =
        run_plan.settings.get<std::int64_t>("steps_per_scene") * std::ssize(plan.script.scenes);
    const std::int64_t last = timeline.frame_of(steps - 1);
    find_pictures(run_plan, plan, last * timeline.stride, problems);
    if (!problems.empty()) throw SettingsError(problems);
    known.moves = moves_of_video(run_plan, plan, last);
  }
  if (!plan.restored && (known.moves || follows_sound(plan.script)))
    try_moments(plan.script, run_plan.settings, plan.animation != nullptr, known, true, problems);
  if (!problems.empty()) throw SettingsError(problems);
}

}  // namespace reverie::app
