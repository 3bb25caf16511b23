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
  for (auto& [name, preset] : found) presets.push_back(std::move(preset));
  return presets;
}

}  // namespace reverie
