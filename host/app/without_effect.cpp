#include "app/without_effect.h"

#include <map>

#include "base/texts.h"

namespace reverie::app {
namespace {

bool is_given(const Settings& settings, const char* name) {
  const SettingValue* value = settings.find(name);
  return value && !value->is_default() && value->json() != default_value(value->spec).json();
}

}  // namespace

std::string without_effect(const Plan& plan, const RunSettings& settings) {
  std::map<std::string, std::string> names;  // by what they are for
  const auto add = [&](const std::string& what_for, const std::string& name) {
    std::string& list = names[what_for];
    list += (list.empty() ? "" : ", ") + name;
  };
  for (const auto& [name, plugins] : settings.unread()) {
    std::string all;
    for (const std::string& plugin : plugins) all += (all.empty() ? "for " : ", ") + plugin;
    add(all, name);
  }
  const auto unless = [&](bool used, const char* what_for, std::initializer_list<const char*> settings_for) {
    for (const char* name : settings_for)
      if (!used && is_given(settings, name)) add(what_for, name);
  };
  const auto text = [&](const char* name) { return trimmed(settings.get<std::string>(name)); };
  const auto listed = [&](const char* name) { return !settings.get<std::vector<std::string>>(name).empty(); };
  const bool sized = settings.get<std::int64_t>("width") > 0 && settings.get<std::int64_t>("height") > 0;
  const bool moves = plan.animation != nullptr;
  unless(moves || !sized, "for an animation_mode", {"video_path"});
  unless(moves, "for an animation_mode", {"frame_stride"});
  unless(!text("input_audio").empty(), "for input_audio", {"input_audio_offset"});
  unless(!text("curves_file").empty(), "for a camera's path in curves_file", {"camera_scale"});
  unless(!settings.find("prompts")->groups.empty(), "for prompts at frames",
         {"prompt_fade", "prompt_fade_by"});
  unless(listed("upscale_from"), "for upscale_from", {"upscale_optimiser"});
  unless(plan.script.scenes.size() > 1, "for several scenes", {"interpolation_steps"});
  std::string line;
  for (const auto& [what_for, list] : names)
    line += (line.empty() ? "" : "; ") + list + " (" + what_for + ")";
  return line.empty() ? "" : "no effect here: " + line;
}

}  // namespace reverie::app
