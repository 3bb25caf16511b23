#include "prompts/script.h"

#include "prompts/pieces.h"

namespace reverie {
namespace {

std::string text_of(const Settings& settings, const char* name) {
  return settings.find(name) ? trimmed(settings.get<std::string>(name)) : std::string();
}

/// Weights that switch something off without being parsed, as in the reference.
bool is_off(const std::string& weight) { return weight.empty() || weight == "0"; }

}  // namespace

Script parse_script(const Settings& settings, std::vector<Problem>& problems,
                    std::vector<std::string>& notices, const std::set<std::string>& variables) {
  Script script;
  std::set<std::string> names = variables;
  names.insert("t");
  std::vector<std::string> wrong;
  const auto report_for = [&](const char* name) {
    for (const std::string& message : wrong) problems.push_back({settings.find(name)->location, message});
    wrong.clear();
  };
  if (const std::string scenes = text_of(settings, "scenes"); !scenes.empty()) {
    const auto affix = [&](const char* name) {
      return settings.find(name) ? settings.get<std::string>(name) : std::string();
    };
    script.scenes = parse_scenes(scenes, affix("scene_prefix"), affix("scene_suffix"), names, wrong, notices);
    report_for("scenes");
  }
  if (const std::string text = text_of(settings, "direct_image_prompts"); !text.empty()) {
    script.direct = parse_direct_prompts(text, names, wrong);
    report_for("direct_image_prompts");
  }
  const std::string init_image = text_of(settings, "init_image");
  const std::string direct = text_of(settings, "direct_init_weight");
  const std::string semantic = text_of(settings, "semantic_init_weight");
  for (const char* name : {"direct_init_weight", "semantic_init_weight"})
    if (init_image.empty() && !is_off(text_of(settings, name)))
      problems.push_back({settings.find(name)->location,
                          "'" + std::string(name) + "' is given, but there is no init_image to stay near"});
  if (init_image.empty()) return script;
  if (!is_off(direct)) {
    // Brackets keep whatever the path holds in one piece; a direct prompt takes them off again.
    for (DirectPrompt& prompt : parse_direct_prompts("[" + init_image + "]:" + direct, names, wrong)) {
      prompt.setting = "direct_init_weight";
      script.direct.push_back(std::move(prompt));
    }
    report_for("direct_init_weight");
  }
  if (!is_off(semantic)) {
    auto scenes = parse_scenes("[" + init_image + "]:" + semantic, "", "", names, wrong, notices);
    report_for("semantic_init_weight");
    for (Scene& scene : scenes)
      for (Prompt& prompt : scene.prompts) prompt.setting = "semantic_init_weight";
    for (Scene& scene : script.scenes)
      for (const Scene& addition : scenes)
        scene.prompts.insert(scene.prompts.end(), addition.prompts.begin(), addition.prompts.end());
  }
  return script;
}

}  // namespace reverie
