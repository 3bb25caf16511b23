#pragma once
// Presets: small settings files of looks and motions, selected by `preset: NAME` like an option of a config
// group. Some come with the program, others are the user's own.

#include <filesystem>
#include <string>
#include <vector>

namespace reverie {

/// The config group that finds them everywhere.
inline constexpr const char* kPresetGroup = "preset";

struct Preset {
  std::string name;   ///< of the file, without its ending
  std::string about;  ///< the comment at the file's beginning, in one line; may be empty
  std::filesystem::path file;
  bool own = false;                     ///< the user's, not the program's
  std::vector<std::string> needs = {};  ///< settings that must be given with it, such as a video
};

/// The config folder of the user's presets, $XDG_CONFIG_HOME/reverie or ~/.config/reverie; empty where the
/// environment names neither. Its folder kPresetGroup holds them.
std::filesystem::path own_config_folder();

/// Config folders with presets: the user's, whose presets win, and the program's.
std::vector<std::filesystem::path> preset_folders();

/// All of them by name; the user's stand for the program's of the same name.
std::vector<Preset> installed_presets();

}  // namespace reverie
