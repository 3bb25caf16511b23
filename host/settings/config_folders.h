#pragma once
// Where config groups are looked for. A group is a folder of a config folder, an option of it a YAML file in
// that folder: `motion: zoom_in` is motion/zoom_in.yaml.

#include <filesystem>
#include <string>
#include <vector>

namespace reverie {

class ConfigFolders {
 public:
  /// Looks in `given`, in the folder of `file` and the one above it (where the file is an option itself), and
  /// in config/ of the working directory. `file` may be empty. Presets are also looked for in
  /// preset_folders().
  ConfigFolders(const std::filesystem::path& file, const std::vector<std::filesystem::path>& given);

  /// `group` may be several folders deep, "a/b"; anything that leaves the config folder is not a group.
  bool has_group(const std::string& group) const;

  /// Groups of that name one folder deeper, such as "conf/motion" for "motion"; sorted.
  std::vector<std::string> groups_below(const std::string& name) const;

  /// The file of an option in the first folder that has it; empty if none has. `group` may be empty: the file
  /// then lies in the config folder itself.
  std::filesystem::path find(const std::string& group, const std::string& option) const;

  /// What to say when find() found nothing: the folders, the options there and the nearest.
  std::string missing(const std::string& group, const std::string& option) const;

 private:
  /// Those in which a path below a config folder may be.
  std::vector<std::filesystem::path> folders_of(const std::string& path) const;

  std::vector<std::filesystem::path> folders_;
};

}  // namespace reverie
