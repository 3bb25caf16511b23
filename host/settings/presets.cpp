#include "settings/presets.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>

#include "base/installation.h"

namespace reverie {
namespace {

namespace fs = std::filesystem;

/// Whatever a file is, its beginning says enough.
constexpr std::size_t kMostAbout = 400;

constexpr std::streamsize kMostRead = 100'000;

std::string beginning(const fs::path& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return "";
  std::string text(static_cast<std::size_t>(kMostRead), '\0');
  std::ifstream in(file);
  in.read(text.data(), kMostRead);
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

/// The settings whose value is "???", which the user must give, in the file or in the preset that it is based
/// on.
std::vector<std::string> gaps(const std::map<std::string, Preset>& presets, const std::string& name,
                              int depth = 0) {
  constexpr std::string_view kDefaults = "\ndefaults: [", kGap = ": ???";
  const auto found = presets.find(name);
  if (found == presets.end() || depth > 10) return {};
  const std::string text = "\n" + beginning(found->second.file);
  std::vector<std::string> names;
  for (std::size_t at = 0; (at = text.find(kGap, at)) != std::string::npos; at += kGap.size()) {
    const std::size_t start = text.rfind('\n', at) + 1;
    names.push_back(text.substr(start, at - start));
  }
  const std::size_t base = text.find(kDefaults);
  if (base == std::string::npos || !names.empty()) return names;
  const std::size_t start = base + kDefaults.size();
  return gaps(presets, text.substr(start, text.find_first_of(",]", start) - start), depth + 1);
}

std::string about(const fs::path& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return "";
  std::ifstream in(file);
  std::string result;
  for (std::string line; result.size() < kMostAbout && std::getline(in, line) && line.starts_with('#');) {
    line.erase(0, line.find_first_not_of("# "));
    result += (result.empty() || line.empty() ? "" : " ") + line;
  }
  return result.substr(0, kMostAbout);
}

}  // namespace

fs::path own_config_folder() {
  if (const char* config = std::getenv("XDG_CONFIG_HOME"); config && *config)
    return fs::path(config) / "reverie";
  if (const char* home = std::getenv("HOME"); home && *home) return fs::path(home) / ".config/reverie";
  return {};
}

std::vector<fs::path> preset_folders() {
  std::vector<fs::path> folders;
  if (fs::path own = own_config_folder(); !own.empty()) folders.push_back(std::move(own));
  folders.push_back(installation_prefix() / "share/reverie/config");
  return folders;
}

std::vector<Preset> installed_presets() {
  std::map<std::string, Preset> found;
  const fs::path own = own_config_folder();
  for (const fs::path& folder : preset_folders()) {
    std::error_code error;
    for (fs::directory_iterator entry(folder / kPresetGroup, error), end; !error && entry != end;
         entry.increment(error)) {
      if (entry->path().extension() != ".yaml") continue;
      const std::string name = entry->path().stem().string();
      found.try_emplace(name, Preset{name, about(entry->path()), entry->path(), folder == own});
    }
  }
  std::vector<Preset> presets;
  for (auto& [name, preset] : found) preset.needs = gaps(found, name);
  for (auto& [name, preset] : found) presets.push_back(std::move(preset));
  return presets;
}

}  // namespace reverie
