#include "app/steer_run.h"

#include <algorithm>

#include "base/texts.h"
#include "engine/cadence.h"
#include "engine/moments.h"
#include "prompts/coherence.h"
#include "prompts/frame_prompts.h"

namespace reverie::app {

using engine::Change;
using engine::follows_sound;
using engine::has_cadence;
using engine::kCadence;
using engine::Revision;
using engine::try_moments;

namespace {

/// What may change besides numbers; the first of them are shown to those who watch.
constexpr const char* kTexts[] = {"scenes",
                                  "prompts",
                                  "prompt_fade",
                                  "scene_prefix",
                                  "scene_suffix",
                                  "direct_image_prompts",
                                  "direct_init_weight",
                                  "semantic_init_weight",
                                  "direct_stabilization_weight",
                                  "semantic_stabilization_weight",
                                  "depth_stabilization_weight",
                                  "edge_stabilization_weight",
                                  "flow_stabilization_weight"};

bool is_text(const std::string& name) {
  return std::find(std::begin(kTexts), std::end(kTexts), name) != std::end(kTexts);
}

std::string text_of(const SettingValue& value) {
  if (value.null) return "";
  if (value.is_expression()) return value.text;
  return value.spec.type == ParamType::text && value.groups.empty() ? value.text : value.json();
}

Steering::Value as_value(const std::string& name, const SettingValue& value) {
  Steering::Value result{name, text_of(value), value.spec.help_text, value.spec.animatable, {}, {}};
  if (value.spec.has_min) result.low = value.spec.min;
  if (value.spec.has_max) result.high = value.spec.max;
  return result;
}

/// Whether the run has a use for this number of the program's.
bool is_used(const Plan& plan, const std::string& name) {
  const Script& script = plan.script;
  if (name == kCadence) return has_cadence(script);  // what it needs is prepared at the beginning
  if (is_retouching(name)) return plan.animation != nullptr;
  if (name == kSmoothing)
    return std::any_of(script.losses.begin(), script.losses.end(),
                       [](const LossTerm& term) { return term.setting == kSmoothing; });
  if (name == "learning_rate" || name == "cutouts") return true;
  const bool cutting = std::any_of(script.cutting.begin(), script.cutting.end(),
                                   [&](const MotionSetting& setting) { return setting.name == name; });
  const PluginDescriptor& method = *plan.cutout_method->descriptor;
  return cutting &&
         std::any_of(method.params, method.params + method.param_count, [&](const ParamSpec& spec) {
           return spec.host_setting && spec.animatable && name == spec.name;
         });
}

/// The chosen plugin whose parameter this is; empty for a setting of the program and where there is none.
std::string chosen_plugin(const Plan& plan, const SettingName& name,
                          const std::vector<PluginParams>& installed) {
  for (const PluginFile* chosen : {plan.image_model, plan.animation})
    for (const std::size_t index : name.plugins)
      if (chosen && installed[index].plugin == title(*chosen)) return installed[index].plugin;
  return {};
}

bool may_change(const Plan& plan, const SettingName& name, const std::string& plugin) {
  if (!plugin.empty()) {
    const SettingValue* value = plan.settings.find_param(plugin, name.name);
    return value && value->spec.animatable;
  }
  const SettingValue* value = name.plugins.empty() ? plan.settings.find(name.name) : nullptr;
  return value && (is_text(name.name) || (value->spec.animatable && is_used(plan, name.name)));
}

}  // namespace

std::vector<Steering::Value> changeable(const Plan& plan) {
  std::vector<Steering::Value> result;
  const bool at_frames = has_frame_prompts(plan.settings);
  for (const char* name : {"scenes", "prompts", "prompt_fade"})
    if ((std::string(name) != "scenes") == at_frames)
      result.push_back(as_value(name, *plan.settings.find(name)));
  for (const std::string& name : plan.settings.names()) {
    const SettingValue& value = *plan.settings.find(name);
    if (value.spec.animatable && is_used(plan, name)) result.push_back(as_value(name, value));
  }
  for (const PluginFile* plugin : {plan.animation, plan.image_model})
    for (std::size_t i = 0; plugin && i < plugin->descriptor->param_count; ++i) {
      const ParamSpec& spec = plugin->descriptor->params[i];
      const SettingValue* value = spec.animatable && !spec.host_setting
                                      ? plan.settings.find_param(title(*plugin), spec.name)
                                      : nullptr;
      if (value) result.push_back(as_value(spec.name, *value));
    }
  return result;
}

ScriptReviser::ScriptReviser(const Plan& plan, const PluginRegistry& registry, const RunSettings& settings,
                             const audio::Soundtrack* sound)
    : plan_(plan), registry_(registry), settings_(settings_json(settings)), sound_(sound) {}

Revision ScriptReviser::operator()(const Steering::Settings& made, const Steering::Settings& more) const {
  const std::vector<PluginParams> installed = installed_params(registry_);
  const SettingNames names(installed);
  std::vector<Problem> problems;
  Revision revision;
  revision.settings = made;
  for (const auto& [written, value] : more) {
    const SettingName name = names.find(written);
    const std::string plugin = chosen_plugin(plan_, name, installed);
    if (!name.name.empty() && !may_change(plan_, name, plugin)) {
      std::string all;
      for (const Steering::Value& one : changeable(plan_)) all += (all.empty() ? "" : ", ") + one.name;
      problems.push_back({Location::command_line(),
                          "'" + written + "' stays as it is while a run goes; these can change: " + all});
      continue;
    }
    // Of several ways to write a name, what is said last counts.
    revision.settings[plugin.empty() ? (name.name.empty() ? written : name.name) : plugin + "." + name.name] =
        value;
  }
  SettingsSources sources;
  sources.file = "the run";
  sources.text = settings_;
  sources.overrides = {"changes_file="};
  for (const auto& [name, value] : revision.settings) sources.overrides.push_back(name + "=" + value);
  if (plan_.access)
    sources.may_read = [access = plan_.access](const std::filesystem::path& file,
                                               const std::string& written) {
      access->require(file, written);
    };
  try {
    Plan changed = make_plan(sources, registry_);
    if (const SettingValue* cutouts = changed.settings.find("cutouts"); !changed.script.cutouts)
      for (MotionSetting& setting : parse_motion(changed.settings, {&cutouts->spec, 1}, {}, problems))
        changed.script.cutouts = std::move(setting);
    if (sound_ && follows_sound(changed.script))
      try_moments(changed.script, changed.settings, changed.animation != nullptr, {sound_, std::nullopt},
                  false, problems);
    revision.values = changeable(changed);
    revision.script = std::move(changed.script);
  } catch (const SettingsError& error) {
    problems.insert(problems.end(), error.problems().begin(), error.problems().end());
  }
  if (!problems.empty()) throw SettingsError(problems, "the run goes on as it was");
  return revision;
}

std::vector<Change> recorded_changes(const Plan& plan, const std::vector<Change>& own) {
  std::vector<Change> changes = own;
  for (const Change& change : plan.changes)
    if (std::find(own.begin(), own.end(), change) == own.end()) changes.push_back(change);
  std::stable_sort(changes.begin(), changes.end(),
                   [](const Change& a, const Change& b) { return a.step < b.step; });
  return changes;
}

}  // namespace reverie::app
