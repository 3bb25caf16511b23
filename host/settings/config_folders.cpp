#include "settings/config_folders.h"

#include <algorithm>

#include "base/nearest.h"
#include "settings/presets.h"

namespace reverie {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostShown = 20;

/// Whether a text can be a path below a folder: words between single slashes.
bool stays_below(const std::string& path) {
  if (path.empty() || path.size() > 1000 || path.find('\0') != std::string::npos) return false;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string word = path.substr(begin, end - begin);
    if (word.empty() || word == "." || word == "..") return false;
    begin = end + 1;
  }
  return true;
}

std::string joined(const std::vector<std::string>& words, const std::string& last_separator) {
  std::string result;
  for (std::size_t i = 0; i < words.size(); ++i)
    result += (i == 0 ? "" : i + 1 == words.size() ? last_separator : ", ") + words[i];
  return result;
}

/// The options that lie directly in a folder, sorted.
std::vector<std::string> options_in(const fs::path& folder) {
  std::vector<std::string> options;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    if (entry->path().extension() == ".yaml") options.push_back(entry->path().stem().string());
  std::sort(options.begin(), options.end());
  return options;
}

/// Folders of pictures and backups lie about with names like settings; those of groups hold YAML files, or
/// folders with YAML files.
bool holds_options(const fs::path& folder, bool look_deeper) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (entry->path().extension() == ".yaml") return true;
    if (look_deeper && entry->is_directory(ignored) && holds_options(entry->path(), false)) return true;
  }
  return false;
}

}  // namespace

ConfigFolders::ConfigFolders(const fs::path& file, const std::vector<fs::path>& given) {
  std::vector<fs::path> candidates = given;
  if (!file.empty()) {
    const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
    candidates.push_back(folder);
    candidates.push_back(folder / "..");
  }
  candidates.push_back("config");
  for (const fs::path& candidate : candidates) {
    std::string text = candidate.lexically_normal().string();
    if (text.size() > 1 && text.back() == '/') text.pop_back();
    if (std::find(folders_.begin(), folders_.end(), text) == folders_.end()) folders_.emplace_back(text);
  }
}

std::vector<fs::path> ConfigFolders::folders_of(const std::string& path) const {
  std::vector<fs::path> folders = folders_;
  if (path.substr(0, path.find('/')) != kPresetGroup) return folders;
  for (fs::path& folder : preset_folders()) folders.push_back(std::move(folder));
  return folders;
}

bool ConfigFolders::has_group(const std::string& group) const {
  const std::vector<fs::path> folders = folders_of(group);
  return stays_below(group) && std::any_of(folders.begin(), folders.end(), [&](const fs::path& folder) {
           return holds_options(folder / group, true);
         });
}

std::vector<std::string> ConfigFolders::groups_below(const std::string& name) const {
  std::vector<std::string> groups;
  if (!stays_below(name)) return groups;
  for (const fs::path& folder : folders_) {
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
      const std::string group = entry->path().filename().string() + "/" + name;
      const bool known = std::find(groups.begin(), groups.end(), group) != groups.end();
      if (!known && holds_options(entry->path() / name, false)) groups.push_back(group);
    }
  }
  std::sort(groups.begin(), groups.end());
  return groups;
}

fs::path ConfigFolders::find(const std::string& group, const std::string& option) const {
  if (!stays_below(option)) return {};
  const bool has_ending = fs::path(option).extension() == ".yaml";
  for (const fs::path& folder : folders_of(group.empty() ? option : group)) {
    const fs::path file = (folder / group / (has_ending ? option : option + ".yaml")).lexically_normal();
    std::error_code error;
    if (fs::exists(file, error) && !fs::is_directory(file, error)) return file;
  }
  return {};
}

std::string ConfigFolders::missing(const std::string& group, const std::string& option) const {
  std::vector<std::string> searched, all, held;
  for (const fs::path& folder : folders_of(group)) {
    searched.push_back(folder.string());
    std::error_code error;
    const fs::path place = (folder / group).lexically_normal();
    if (!has_group(group) || !fs::is_directory(place, error)) continue;
    std::vector<std::string> options = options_in(place);
    all.insert(all.end(), options.begin(), options.end());
    if (options.size() > kMostShown) {
      const std::size_t more = options.size() - kMostShown;
      options.resize(kMostShown);
      options.push_back(std::to_string(more) + " more");
    }
    held.push_back(place.string() + " holds " + (options.empty() ? "no .yaml file" : joined(options, ", ")));
  }
  const std::string folders = joined(searched, " or ");
  if (group.empty()) return "there is no file '" + option + ".yaml' in " + folders;
  if (held.empty())
    return "there is no config group '" + group + "': no folder of that name with .yaml files in " + folders;
  const std::string near = nearest(option, all);
  return "the config group '" + group + "' has no option '" + option + "'" +
         (near.empty() ? "; " : "; did you mean '" + near + "'? ") + joined(held, "; ");
}

}  // namespace reverie
