#include "cli/program.h"

#include <algorithm>
#include <tuple>

namespace reverie {

std::filesystem::path installation_prefix() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return self.parent_path().parent_path();
}

Plan make_plan(const SettingsSources& sources, const PluginRegistry& registry) {
  std::vector<PluginParams> all, active, others;
  for (const PluginFile& plugin : registry.files())
    if (plugin.descriptor)
      all.push_back(
          {plugin.kind + "/" + plugin.name, {plugin.descriptor->params, plugin.descriptor->param_count}});
  GatheredSettings gathered = gather_settings(sources, all);
  const std::vector<RawEntry>& entries = gathered.entries;

  Plan plan;
  // The first pass only tells which plugins the settings name; the second knows whose parameters count.
  const Resolution first = resolve(entries, {}, {}, all);
  std::vector<Problem> plugin_problems;
  if (const SettingValue* name = first.settings.find("image_model")) {
    try {
      plan.image_model = &registry.find("image_models", name->text);
    } catch (const Error& error) {
      plugin_problems.push_back({name->location, "'image_model' is '" + name->text + "': " + error.what() +
                                                     (error.advice().empty() ? "" : "; " + error.advice())});
    }
  }
  for (const PluginParams& plugin : all) {
    // Which perceptors and sinks a run uses depends on weights and lists; their parameters are ready for all.
    const bool used =
        plugin.plugin.rfind("perceptors/", 0) == 0 || plugin.plugin.rfind("io/", 0) == 0 ||
        (plan.image_model && plugin.plugin == plan.image_model->kind + "/" + plan.image_model->name);
    (used ? active : others).push_back(plugin);
  }
  Resolution resolution = resolve(entries, std::move(gathered.problems), active, others);
  if (resolution.settings.find("scenes")) {
    const Settings& settings = resolution.settings;
    std::vector<std::string> wrong;
    const auto text = [&](const char* name) {
      return settings.find(name) ? settings.find(name)->text : std::string();
    };
    if (text("scenes").find_first_not_of(" \t\r\n") != std::string::npos)
      plan.scenes = parse_scenes(text("scenes"), text("scene_prefix"), text("scene_suffix"), wrong);
    for (const std::string& message : wrong)
      resolution.problems.push_back({settings.find("scenes")->location, message});
  }
  // What is missing has no line, but it is missing in the file.
  const std::string file = gathered.file.string();
  for (Problem& problem : resolution.problems)
    if (problem.location.file.empty()) problem.location.file = file;
  resolution.problems.insert(resolution.problems.end(), plugin_problems.begin(), plugin_problems.end());
  // The file's own first, then those of the files it selects, then the command line's.
  const auto place = [&](const Problem& problem) {
    const std::string& name = problem.location.file;
    return std::tuple(name == file ? 0 : name != "command line" ? 1 : 2, name, problem.location.line);
  };
  std::stable_sort(resolution.problems.begin(), resolution.problems.end(),
                   [&](const Problem& a, const Problem& b) { return place(a) < place(b); });
  if (!resolution.problems.empty())
    throw Error(ErrorKind::settings, report(resolution.problems), "nothing was rendered");
  plan.settings = std::move(resolution.settings);
  plan.notices = std::move(gathered.notices);
  plan.notices.insert(plan.notices.end(), resolution.notices.begin(), resolution.notices.end());
  return plan;
}

Settings params_for(const PluginFile& plugin, const Settings& settings) {
  Settings result;
  for (std::uint32_t i = 0; i < plugin.descriptor->param_count; ++i) {
    const char* name = plugin.descriptor->params[i].name;
    if (const SettingValue* value = settings.find(name)) result.set(name, *value);
  }
  return result;
}

namespace {

/// ViTB32's default holds only while nobody writes it down.
bool is_written(const Settings& settings, const std::string& name) {
  return name != "ViTB32" || !settings.find(name)->is_default();
}

}  // namespace

std::string settings_yaml(const Settings& settings) {
  std::string result;
  for (const std::string& name : settings.names())
    if (is_written(settings, name)) result += name + ": " + settings.find(name)->json() + "\n";
  return result;
}

std::string settings_json(const Settings& settings) {
  std::string result;
  for (const std::string& name : settings.names())
    if (is_written(settings, name))
      result += (result.empty() ? "{\n  \"" : ",\n  \"") + name + "\": " + settings.find(name)->json();
  return result + "\n}\n";
}

}  // namespace reverie
