#include "app/plan.h"

#include <algorithm>
#include <span>
#include <tuple>

#include "app/add_curves.h"
#include "app/draw_prompts.h"
#include "base/nearest.h"
#include "base/texts.h"
#include "engine/backup.h"
#include "engine/cadence.h"
#include "engine/growth.h"
#include "engine/loop.h"
#include "engine/moments.h"
#include "losses/choose_losses.h"
#include "models/catalogue.h"
#include "prompts/curves.h"
#include "prompts/steady.h"
#include "reverie/animation_mode.h"
#include "reverie/cutout_method.h"
#include "reverie/optimiser.h"
#include "reverie/ordinary_file.h"
#include "reverie/output_sink.h"
#include "reverie/tiling.h"
#include "reverie/viewer.h"
#include "settings/reader.h"

namespace reverie::app {

using audio::parse_sound_filters;
using audio::sound_of;
using audio::sound_variables;
using engine::choose_output;
using engine::Growth;
using engine::has_cadence;
using engine::kCadence;
using engine::newest_run;
using engine::NewestRun;
using engine::OutputNames;
using engine::parse_backups_setting;
using engine::RunPlace;
using engine::trouble_with_loop;
using engine::try_moments;

namespace {

/// Settings that act when a run begins and never again, and what a continued run has instead. Those of image
/// models mean the same in all that have them.
constexpr const char* kOnlyAtStart[][2] = {{"seed", "its random state continues"},
                                           {"init_image", "its picture continues"},
                                           {"random_initial_palette", "its palette continues"},
                                           {"target_palette", "its palette continues"},
                                           {"lock_palette", "its palette continues as it began"}};

/// A picture goes on at the size it has. What follows from an init image's shape (-1) is only known later.
void keep_size(const Settings& then, const Settings& now, std::vector<Problem>& problems) {
  for (const char* name : {"width", "height"}) {
    const SettingValue *kept = then.find(name), *given = now.find(name);
    if (!kept || !given || kept->number <= 0 || given->number <= 0 || kept->number == given->number) continue;
    problems.push_back({given->location, "'" + std::string(name) + "' is " + given->json() +
                                             ", but the run to be continued has " + kept->json() +
                                             ": a picture cannot change its size; leave '" + name +
                                             "' as it was, or render it again without restore"});
  }
}

/// The value of a setting of the program, or of the parameter that image models share; null if there is none.
const SettingValue* find_anywhere(const RunSettings& settings, const std::vector<PluginParams>& installed,
                                  const std::string& name) {
  const SettingValue* value = settings.find(name);
  for (const PluginParams& plugin : installed) {
    const bool is_model = plugin.plugin.rfind(std::string(ImageModel::kKind) + "/", 0) == 0;
    if (is_model && (!value || value->is_default()))
      if (const SettingValue* found = settings.find_param(plugin.plugin, name)) value = found;
  }
  return value;
}

/// Takes out what would do nothing, so that the settings of a continued run go on saying how it began.
/// `now`: what is given. `again`: the run has left nothing but its settings, and begins again.
void keep_beginning(const std::vector<RawEntry>& saved, const RunSettings& now, GatheredSettings& gathered,
                    const std::vector<PluginParams>& installed, bool again) {
  const RunSettings then = resolve(saved, {}, installed).settings;
  if (!saved.empty() && !again) keep_size(then, now, gathered.problems);
  const SettingNames names(installed);
  for (const auto& [name, instead] : kOnlyAtStart) {
    const SettingValue *kept = find_anywhere(then, installed, name),
                       *given = find_anywhere(now, installed, name);
    if (!kept || kept->is_default()) continue;
    // Nobody asks for one particular seed who takes it from the clock.
    bool wanted = given && !given->is_default() && !given->null && given->json() != kept->json();
    std::erase_if(gathered.entries, [&, name = std::string(name)](const RawEntry& entry) {
      if (names.find(entry.name).name != name) return false;
      wanted = wanted && entry.value.text.find("${now:") == std::string::npos;
      return true;
    });
    if (wanted)
      gathered.notices.push_back(given->location.before(
          std::string(name) +
          " has no effect on a restored run: " + (again ? "it begins as it did before" : instead)));
  }
}

/// The settings that a run has left. Without its file, or where that is cut or damaged, those given now have
/// to say everything: `damage` is then what is wrong with it.
std::vector<RawEntry> entries_of(const OutputNames& run, GatheredSettings& gathered,
                                 std::vector<Problem>& damage) {
  const std::filesystem::path file = run.folder / (run.base + "_settings.txt");
  std::error_code none;
  if (!std::filesystem::exists(file, none) || none) return {};
  // It is empty while a run is loaded.
  if (std::filesystem::is_regular_file(file, none) && std::filesystem::file_size(file, none) == 0) return {};
  std::vector<RawEntry> entries = read_settings_file(file, damage);
  if (damage.empty()) return entries;
  gathered.notices.push_back("restore: the settings that the run '" + run.base + "' has left in '" +
                             file.string() + "' cannot be read (" + damage[0].location.text() + ": " +
                             damage[0].message + "); only those given now count");
  return {};
}

/// Nothing where a setting is too wrong to tell.
std::optional<RunPlace> place_of(const Settings& settings) {
  for (const char* name : {"file_namespace", "output_dir", "backup_dir"})
    if (!settings.find(name)) return std::nullopt;
  return RunPlace(settings);
}

/// Puts the settings of the run that is to be continued before the others. Whatever a run has left, the same
/// command goes on: from its backup, else as the same run once more, else as a new one. False if there are no
/// others than `settings`, which are those given now.
bool continue_run(Plan& plan, const RunSettings& settings, GatheredSettings& gathered,
                  const std::vector<PluginParams>& installed, std::vector<Problem>& damage) {
  const SettingValue* restore = settings.find("restore");
  const std::optional<RunPlace> place = place_of(settings);
  if (!restore || restore->number == 0 || !place) return false;
  // In this order: a run that another process begins meanwhile is either found, or has this name.
  const OutputNames first = choose_output(*place, false);
  const std::optional<NewestRun> run = newest_run(*place);
  if (!run) {
    plan.begins = first;
    gathered.notices.push_back("restore: there is no run '" + place->file_namespace +
                               "' to continue; this begins it");
    return false;
  }
  if (!run->has_backup)
    gathered.notices.push_back("restore: the run '" + run->base +
                               "' ended before its first backup; it begins again, as the same run");
  (run->has_backup ? plan.restored : plan.again) = *run;
  std::vector<RawEntry> entries = entries_of(*run, gathered, damage);
  keep_beginning(entries, settings, gathered, installed, !run->has_backup);
  std::move(gathered.entries.begin(), gathered.entries.end(), std::back_inserter(entries));
  gathered.entries = std::move(entries);
  return true;
}

bool is_still(const Settings& settings) {
  const SettingValue* mode = settings.find("animation_mode");
  const std::string name = mode ? lower(trimmed(mode->text)) : "";
  return name.empty() || name == "off" || name == "false";
}

/// What is strange about when frames begin and pictures are saved.
std::string timing_notice(const Settings& settings) {
  const auto whole = [&](const char* name) { return settings.get<std::int64_t>(name); };
  const std::int64_t before = whole("pre_animation_steps"), frame = whole("steps_per_frame");
  if (before % frame == 0 || whole("save_every") % frame != 0) return "";
  return settings.find("pre_animation_steps")
      ->location.before("pre_animation_steps (" + std::to_string(before) +
                        ") is not a multiple of steps_per_frame (" + std::to_string(frame) +
                        "): each picture is saved " + std::to_string(frame - before % frame) +
                        " steps after its move, not when its frame is done");
}

/// A picture that is to join itself needs a model that can do so, and has no edge for border_mode to be
/// about.
void check_tile(const Plan& plan, const Settings& settings, std::vector<Problem>& problems) {
  const SettingValue* tile = settings.find(kTile.name);
  if (!tile || tile->text == kTile.default_text) return;
  if (plan.image_model) {
    const PluginDescriptor& model = *plan.image_model->descriptor;
    const std::span params(model.params, model.param_count);
    if (std::none_of(params.begin(), params.end(), [](const ParamSpec& spec) {
          return spec.host_setting && std::string(spec.name) == kTile.name;
        }))
      problems.push_back({tile->location, "'tile' is '" + tile->text + "', but the pictures of " +
                                              plan.image_model->name +
                                              " do not join themselves; choose another image_model"});
  }
  const SettingValue* border = settings.find("border_mode");
  if (border && border->text != "clamp" && border->text != "wrap")
    problems.push_back({border->location, "'border_mode' is '" + border->text +
                                              "', but with 'tile' there is no edge that cutouts could reach "
                                              "over; leave border_mode out"});
}

/// Why the run cannot leave frames to the motion alone; empty if it can.
std::string trouble_with_cadence(const Plan& plan) {
  if (!plan.animation || !has_cadence(plan.script)) return "";
  if (plan.settings.get<bool>("loop"))
    return "'cadence' and 'loop' cannot be used together; leave one of them out";
  return "";
}

/// Transparency is for stills.
void check_alpha(const Plan& plan, const Settings& settings, std::vector<Problem>& problems,
                 std::vector<std::string>& notices) {
  const SettingValue *alpha = settings.find("alpha"), *weight = settings.find("alpha_weight");
  if (!alpha || !weight) return;
  if (alpha->number != 0 && plan.animation)
    problems.push_back(
        {alpha->location, "'alpha' is for stills, but 'animation_mode' is '" + plan.animation->name + "'"});
  if (alpha->number == 0 && weight->number != weight->spec.default_number)
    notices.push_back(weight->location.before("alpha_weight has no effect: alpha is false"));
}

/// What upscale_from and upscale_at say, as far as the size is known.
void check_growth(const Plan& plan, const Settings& settings, std::vector<Problem>& problems) {
  const SettingValue* from = settings.find("upscale_from");
  if (!from || !settings.find("upscale_at")) return;
  if (from->list.empty() && !settings.find("upscale_at")->list.empty())
    problems.push_back({settings.find("upscale_at")->location,
                        "'upscale_at' says when sizes end, but 'upscale_from' names none"});
  if (from->list.empty()) return;
  if (plan.animation)
    problems.push_back({from->location, "'upscale_from' is for stills, but 'animation_mode' is '" +
                                            plan.animation->name + "'"});
  for (const char* name : {"width", "height", "steps_per_scene"})
    if (!settings.find(name) || settings.get<std::int64_t>(name) < 1) return;
  try {
    Growth(settings, {settings.get<std::int64_t>("width"), settings.get<std::int64_t>("height")},
           settings.get<std::int64_t>("steps_per_scene") * std::ssize(plan.script.scenes));
  } catch (const Error& error) {
    problems.push_back({from->location, error.what() + ("; " + error.advice())});
  }
}

/// The changes of an earlier run that changes_file names.
void read_changes_file(Plan& plan, const Settings& settings, const MayRead& may_read,
                       const std::filesystem::path& beside, std::vector<Problem>& problems) {
  const SettingValue* setting = settings.find("changes_file");
  if (!setting || setting->text.empty()) return;
  try {
    const std::filesystem::path path = models::expand_home(setting->text), near = beside / path;
    std::error_code none;
    const bool is_near =
        path.is_relative() && !std::filesystem::exists(path, none) && std::filesystem::exists(near, none);
    const std::filesystem::path file = is_near ? near : path;
    if (may_read) may_read(file, setting->text);
    require_ordinary_file(file, "a file of changes");
    plan.changes = engine::read_changes(file);
  } catch (const Error& error) {
    problems.push_back({setting->location, "'changes_file': " + std::string(error.what()) +
                                               (error.advice().empty() ? "" : "; " + error.advice())});
  }
}

/// The settings with the declared default in the place of each that is wrong.
RunSettings with_defaults(const Resolution& resolution, const std::vector<PluginParams>& installed) {
  RunSettings settings = resolution.settings;
  for (const Setting& setting : settings_with_plugins(installed)) {
    const ParamSpec& spec = setting.spec;
    const SettingValue* value = settings.find(spec.name);
    const bool wrong =
        value && !value->is_default() &&
        std::any_of(resolution.problems.begin(), resolution.problems.end(), [&](const Problem& problem) {
          return problem.location.text() == value->location.text() &&
                 problem.message.find("'" + std::string(spec.name) + "'") != std::string::npos;
        });
    if (!value || wrong) settings.set(spec.name, default_value(spec));
  }
  return settings;
}

/// Whether the moments of the run are known although some settings are wrong, which are absent.
bool knows_moments(const Plan& plan, const Settings& settings) {
  // A video's beginning is worked on longer than the settings say.
  if (plan.restored || plan.script.scenes.empty() || (plan.animation && plan.animation->has_role(kVideoRole)))
    return false;
  for (const char* name : {"scenes", "prompts", "prompt_fade", "init_image", "animation_mode",
                           "pre_animation_steps", "steps_per_frame", "steps_per_scene", "interpolation_steps",
                           "frames_per_second", "frame_stride", "bpm"})
    if (!settings.find(name)) return false;
  return true;
}

std::span<const ParamSpec> params_of(const PluginFile& plugin) {
  return {plugin.descriptor->params, plugin.descriptor->param_count};
}

/// A plugin may be older than the setting's expressions.
/// The program's settings of how cutouts are taken that another method than the usual does not have.
void leave_out_cutting(const PluginFile& method, const Settings& settings, Script& script,
                       std::vector<std::string>& notices) {
  std::erase_if(script.cutting, [&](const MotionSetting& setting) {
    const auto params = params_of(method);
    if (std::any_of(params.begin(), params.end(),
                    [&](const ParamSpec& spec) { return spec.host_setting && setting.name == spec.name; }))
      return false;
    if (const SettingValue* value = settings.find(setting.name); value && !value->is_default())
      notices.push_back(
          value->location.before(setting.name + " has no effect: " + title(method) + " does not use it"));
    return true;
  });
}

void check_cutting(const PluginFile& method, const Settings& settings, std::vector<Problem>& problems) {
  for (const ParamSpec& spec : params_of(method)) {
    const SettingValue* value = spec.host_setting ? settings.find(spec.name) : nullptr;
    if (value && value->is_expression() && !spec.animatable)
      problems.push_back({value->location, "'" + std::string(spec.name) + "' is an expression, and " +
                                               title(method) + " takes only a plain number"});
  }
}

/// Of the program, the image model or the animation mode.
Location place_of_setting(const Plan& plan, const RunSettings& settings, const std::string& name) {
  const SettingValue* value = settings.find(name);
  for (const PluginFile* plugin : {plan.image_model, plan.animation})
    if (!value && plugin) value = settings.find_param(title(*plugin), name);
  return value ? value->location : Location{};
}

/// Gives settings that vary the number that plugins' constructors get.
void set_beginnings(Plan& plan) {
  for (const auto& [name, number] : beginnings(plan.script, plan.settings)) {
    const auto with_number = [&, number = number](const SettingValue& value) {
      SettingValue result = value;
      result.number = number;
      return result;
    };
    if (const SettingValue* value = plan.settings.find(name)) plan.settings.set(name, with_number(*value));
    for (const PluginFile* plugin : {plan.image_model, plan.animation})
      if (plugin)
        if (const SettingValue* value = plan.settings.find_param(title(*plugin), name))
          plan.settings.set_param(title(*plugin), name, with_number(*value));
  }
}

/// Puts the parameters of all plugins in force that settings choose by name. A missing one is reported by
/// whoever needs it.
void choose_by_name(const Plan& plan, Resolution& resolution, const PluginRegistry& registry) {
  RunSettings& settings = resolution.settings;
  std::vector<const PluginFile*> plugins;
  for (const PluginFile* plugin : {plan.image_model, plan.optimiser, plan.cutout_method, plan.animation})
    if (plugin) plugins.push_back(plugin);
  std::vector<Problem> reported_later;
  if (settings.find("outputs"))
    for (const PluginFile* sink : chosen_sinks(settings, registry, reported_later)) plugins.push_back(sink);
  const bool complete = settings.find("viewers") && settings.find("display_every") &&
                        settings.find("show_graphs") && settings.find("use_tensorboard");
  // As if on a terminal: what is saved must not depend on where a run was started.
  if (complete)
    for (const PluginFile* viewer : chosen_viewers(settings, registry, /*on_terminal=*/true, reported_later))
      plugins.push_back(viewer);
  choose(settings, plugins, resolution.problems);
}

}  // namespace

Plan make_plan(const SettingsSources& sources, const PluginRegistry& registry, const FindMore& more) {
  const std::vector<PluginParams> installed = installed_params(registry);
  GatheredSettings gathered = gather_settings(sources, installed);

  Plan plan;
  if (!sources.text) plan.beside = gathered.file.parent_path();
  Resolution resolution = resolve(gathered.entries, gathered.problems, installed);
  std::vector<Problem> damage;
  if (continue_run(plan, resolution.settings, gathered, installed, damage))
    resolution = resolve(gathered.entries, gathered.problems, installed);
  if (add_curves(resolution.settings, sources.may_read, registry, installed, gathered))
    resolution = resolve(gathered.entries, gathered.problems, installed);
  if (const SettingValue* curves = resolution.settings.find("curves_file"); curves && !curves->text.empty())
    resolution.settings.leave_out(gathered.curves.string());
  draw_prompts(resolution.settings, gathered.file.parent_path(), sources.may_read, resolution.problems,
               plan.choices, resolution.notices);
  std::vector<Problem> plugin_problems;
  const auto find_plugin = [&](const char* setting, const char* kind) -> const PluginFile* {
    const SettingValue* name = resolution.settings.find(setting);
    if (!name) return nullptr;
    try {
      if (name->text.empty() && name->is_default()) return &registry.with_role(kind, setting);
      return &registry.find(kind, name->text);
    } catch (const Error& error) {
      plugin_problems.push_back({name->location, "'" + std::string(setting) + "'" +
                                                     (name->text.empty() ? "" : " is '" + name->text + "'") +
                                                     ": " + error.what() +
                                                     (error.advice().empty() ? "" : "; " + error.advice())});
      return nullptr;
    }
  };
  plan.image_model = find_plugin("image_model", ImageModel::kKind);
  plan.optimiser = find_plugin("optimiser", Optimiser::kKind);
  plan.cutout_method = find_plugin("cutout_method", CutoutMethod::kKind);
  if (!is_still(resolution.settings)) {
    plan.animation = find_plugin("animation_mode", AnimationMode::kKind);
    // Empty ones are chosen when it is known what is needed.
    const auto exists = [&](const char* setting, const char* kind) {
      const SettingValue* name = resolution.settings.find(setting);
      if (name && !name->text.empty()) find_plugin(setting, kind);
    };
    exists("depth_model", DepthEstimator::kKind);
    exists("flow_model", FlowEstimator::kKind);
  }
  choose_by_name(plan, resolution, registry);
  plan.sound_filters = parse_sound_filters(resolution.settings, registry, plan.animation, resolution.problems,
                                           resolution.notices);
  const SettingValue* video = resolution.settings.find("video_path");
  const bool follows_video = plan.animation && plan.animation->has_role(kVideoRole) && video;
  plan.script = parse_script(resolution.settings, resolution.problems, resolution.notices,
                             sound_variables(plan.sound_filters), plan.animation != nullptr,
                             follows_video ? video->text : "");
  choose_losses(plan.script.losses, resolution.settings, registry, sound_variables(plan.sound_filters),
                resolution.problems);
  const auto varying = [&](const PluginFile& plugin) {
    return parse_motion(params_for(plugin, resolution.settings), params_of(plugin),
                        sound_variables(plan.sound_filters), resolution.problems);
  };
  if (plan.animation) plan.script.motion = varying(*plan.animation);
  if (plan.image_model) plan.script.model = varying(*plan.image_model);
  if (plan.cutout_method) {
    check_cutting(*plan.cutout_method, resolution.settings, resolution.problems);
    leave_out_cutting(*plan.cutout_method, resolution.settings, plan.script, resolution.notices);
  }
  link_curves(
      plan.script, [&](const std::string& name) { return place_of_setting(plan, resolution.settings, name); },
      resolution.problems);
  check_alpha(plan, resolution.settings, resolution.problems, resolution.notices);
  check_growth(plan, resolution.settings, resolution.problems);
  read_changes_file(plan, resolution.settings, sources.may_read, gathered.file.parent_path(),
                    resolution.problems);
  check_tile(plan, resolution.settings, resolution.problems);
  if (const SettingValue* backups = resolution.settings.find("backups")) {
    try {
      parse_backups_setting(backups->text);
    } catch (const Error& error) {
      resolution.problems.push_back({backups->location, error.what() + ("; " + error.advice())});
    }
  }
  resolution.problems.insert(resolution.problems.end(), plugin_problems.begin(), plugin_problems.end());
  if (!resolution.problems.empty()) {
    plan.settings = with_defaults(resolution, installed);
    // Without another run of the program, also what is wrong with the values of those that could be read.
    if (knows_moments(plan, resolution.settings))
      try_moments(plan.script, plan.settings, plan.animation != nullptr, {}, false, resolution.problems);
    if (more) more(plan, resolution.problems);
  }
  // What is missing now may stand in the settings that cannot be read.
  if (!resolution.problems.empty())
    resolution.problems.insert(resolution.problems.end(), damage.begin(), damage.end());
  // What is missing has no line, but it is missing in the file.
  const std::string file = gathered.file.string();
  for (Problem& problem : resolution.problems)
    if (problem.location.is(Location::Source::none)) problem.location = {file, 0};
  // The file's own first, then those of the files it selects, then the command line's.
  const auto place = [&](const Problem& problem) {
    const Location& where = problem.location;
    return std::tuple(where.is(Location::Source::file) ? (where.file == file ? 0 : 1) : 2, where.file,
                      where.line);
  };
  const auto in_order = [&](const Problem& a, const Problem& b) { return place(a) < place(b); };
  std::stable_sort(resolution.problems.begin(), resolution.problems.end(), in_order);
  if (!resolution.problems.empty()) throw SettingsError(std::move(resolution.problems));
  plan.settings = std::move(resolution.settings);
  if (sound_of(plan.settings).empty()) {
    SettingValue silence = *plan.settings.find("input_audio");
    silence.text.clear();  // whatever word said so
    plan.settings.set("input_audio", silence);
  }
  if (SettingValue save_every = *plan.settings.find("save_every");
      save_every.number == 0 || (plan.animation && save_every.is_default())) {
    save_every.number = plan.settings.find("steps_per_frame")->number;
    save_every.location = Location::program();
    plan.settings.set("save_every", save_every);
  }
  // The reference's rule: a frame of the video is worked on before the next one comes.
  std::string raised;
  if (SettingValue before = *plan.settings.find("pre_animation_steps");
      plan.animation && plan.animation->has_role(kVideoRole)) {
    const double least = plan.settings.find("steps_per_frame")->number;
    if (before.number < least) {
      if (!before.is_default())
        raised = before.location.before(
            "pre_animation_steps (" + before.json() + ") is raised to steps_per_frame: in " +
            plan.animation->name + ", the first frame of the video is worked on as long as the others are");
      before.number = least;
      plan.settings.set("pre_animation_steps", before);
    }
  }
  // What a run leaves behind is for making it again, not for continuing it.
  if (SettingValue restore = *plan.settings.find("restore"); restore.number != 0) {
    restore.number = 0;
    plan.settings.set("restore", restore);
  }
  set_beginnings(plan);
  if (SettingValue loop = *plan.settings.find("loop"); !plan.animation && loop.number != 0) {
    loop.number = 0;  // a notice says that it has no effect
    plan.settings.set("loop", loop);
  }
  if (plan.animation)
    if (const std::string why = trouble_with_loop(plan.settings, std::ssize(plan.script.scenes));
        !why.empty())
      throw SettingsError({{plan.settings.find("loop")->location, why}});
  if (const std::string why = trouble_with_cadence(plan); !why.empty())
    throw SettingsError({{plan.settings.find(kCadence)->location, why}});
  // Which moments a run that goes on still has, its backup says.
  if (!plan.restored) {
    std::vector<Problem> problems;
    try_moments(plan.script, plan.settings, plan.animation != nullptr, {}, false, problems);
    if (more && !problems.empty()) more(plan, problems);
    std::stable_sort(problems.begin(), problems.end(), in_order);
    if (!problems.empty()) throw SettingsError(std::move(problems));
  }
  plan.notices = std::move(gathered.notices);
  plan.notices.insert(plan.notices.end(), resolution.notices.begin(), resolution.notices.end());
  if (!raised.empty()) plan.notices.push_back(raised);
  if (plan.animation)
    if (std::string notice = timing_notice(plan.settings); !notice.empty())
      plan.notices.push_back(std::move(notice));
  return plan;
}

std::optional<Destination> destination_of(const SettingsSources& sources, const PluginRegistry& registry) {
  try {
    const std::vector<PluginParams> plugins = installed_params(registry);
    const Settings settings = resolve(gather_settings(sources, plugins).entries, {}, plugins).settings;
    const SettingValue* restore = settings.find("restore");
    const std::optional<RunPlace> place = place_of(settings);
    if (restore && place) return Destination{*place, restore->number != 0};
  } catch (const Error&) {
  }
  return std::nullopt;
}

}  // namespace reverie::app
