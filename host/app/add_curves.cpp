#include "app/add_curves.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "app/chosen_plugins.h"
#include "base/nearest.h"
#include "base/texts.h"
#include "models/catalogue.h"
#include "reverie/animation_mode.h"
#include "reverie/ordinary_file.h"
#include "settings/camera_path.h"
#include "settings/curves_file.h"

namespace reverie::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = 64 * 1024 * 1024;

/// As other files: in the working directory, or else beside the settings file.
fs::path found(const std::string& written, const fs::path& settings_file) {
  const fs::path path = models::expand_home(written);
  std::error_code none;
  const fs::path beside = settings_file.parent_path() / path;
  return path.is_relative() && !fs::exists(path, none) && fs::exists(beside, none) ? beside : path;
}

/// The animation mode that the settings name; null if there is none.
const PluginFile* mode_of(const RunSettings& settings, const PluginRegistry& registry) {
  const SettingValue* mode = settings.find("animation_mode");
  const std::string name = mode ? lower(trimmed(mode->text)) : "";
  if (name.empty() || name == "off" || name == "false") return nullptr;
  try {
    return &registry.find(AnimationMode::kKind, mode->text);
  } catch (const Error&) {
    return nullptr;  // the plan says so
  }
}

CurveUnits units_of(const RunSettings& settings, const PluginRegistry& registry) {
  CurveUnits units;
  const auto number = [&](const char* name, double otherwise) {
    const SettingValue* value = settings.find(name);
    return value && value->number > 0 ? value->number : otherwise;
  };
  units.frames_per_second = number("frames_per_second", units.frames_per_second);
  units.width = number("width", 0);
  units.height = number("height", 0);
  units.camera = number("camera_scale", units.camera);
  const PluginFile* mode = mode_of(settings, registry);
  if (!mode) return units;
  const auto params = [mode] { return std::span(mode->descriptor->params, mode->descriptor->param_count); };
  units.moves_by = [params](const std::string& name) {
    return std::any_of(params().begin(), params().end(),
                       [&](const ParamSpec& spec) { return name == spec.name && spec.animatable; });
  };
  const SettingValue* nearest = settings.find_param(title(*mode), "near_plane");
  const SettingValue* farthest = settings.find_param(title(*mode), "far_plane");
  constexpr double kDeepest = 10;  // of what estimators give
  if (nearest && farthest) units.depth = (farthest->number - nearest->number) / kDeepest;
  return units;
}

}  // namespace

bool add_curves(const RunSettings& settings, const MayRead& may_read, const PluginRegistry& registry,
                const std::vector<PluginParams>& installed, GatheredSettings& gathered) {
  const SettingValue* setting = settings.find("curves_file");
  const std::string written = setting ? unquoted(trimmed(setting->text)) : "";
  if (written.empty()) return false;
  std::string text;
  const fs::path file = found(written, gathered.file);
  try {
    if (may_read) may_read(file, written);
    require_ordinary_file(file, "a table of curves");
    std::ifstream stream(file, std::ios::binary);
    text.assign(std::istreambuf_iterator<char>(stream), {});
    if (text.size() > kMostBytes) throw Error(ErrorKind::file, "'" + written + "' is larger than 64 MiB");
  } catch (const Error& error) {
    gathered.problems.push_back({setting->location, "'curves_file': " + std::string(error.what())});
    return true;
  }
  if (text.rfind("\xEF\xBB\xBF", 0) == 0) text.erase(0, 3);
  const SettingNames names(installed);
  const auto spec = [&](const SettingName& name) -> const ParamSpec* {
    if (!name.plugins.empty()) return names.param(name.plugins[0], name.name);
    for (const Setting& one : settings_table())
      if (lower(one.spec.name) == name.name) return &one.spec;
    return nullptr;
  };
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool json = first != std::string::npos && text[first] == '{';
  const CurveUnits units = units_of(settings, registry);
  CurvesFile curves = json ? read_parseq(text, file.string(), units)
                      : is_camera_path(text, file.string())
                          ? read_camera_path(text, file.string(), units)
                          : read_curves_csv(text, file.string(), units, names, spec);
  gathered.problems.insert(gathered.problems.end(), curves.problems.begin(), curves.problems.end());
  gathered.notices.insert(gathered.notices.end(), curves.notices.begin(), curves.notices.end());
  gathered.curves = file;
  std::vector<RawEntry>& entries = gathered.entries;
  const auto place = std::find_if(entries.begin(), entries.end(), [&](const RawEntry& entry) {
    return entry.location.same_source(setting->location);
  });
  for (const RawEntry& curve : curves.entries) {
    const std::string identity = names.identity(curve.name);
    const auto own = std::find_if(
        place, entries.end(), [&](const RawEntry& entry) { return names.identity(entry.name) == identity; });
    if (own != entries.end())
      gathered.notices.push_back(curve.name + " of '" + written + "' is not used: " + own->location.text() +
                                 " sets it");
  }
  entries.insert(place, curves.entries.begin(), curves.entries.end());
  return true;
}

}  // namespace reverie::app
