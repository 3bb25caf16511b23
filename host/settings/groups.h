#pragma once
// From a settings file, the config groups it selects and the command line to one list of entries.
//
// The rules are Hydra's where Hydra has any (https://hydra.cc/docs/advanced/defaults_list): a file's
// `defaults` list names other files, later ones win, `_self_` stands for the file itself and comes last if it
// is not there; `override GROUP: x` and a selection on the command line replace what was selected, at its
// place. A group that was not selected before and is named on the command line comes behind all files. Beyond
// Hydra, a line `GROUP: option` of a file selects as well, at its place. A name that is a setting is never a
// group, except in `defaults`. Values of the command line win over all files.

#include <filesystem>
#include <functional>
#include <map>
#include <optional>

#include "settings/resolve.h"

namespace reverie {

/// Throws Error unless settings may name this file; `written` is what they call it. None: they may name any.
using MayRead = std::function<void(const std::filesystem::path& file, const std::string& written)>;

/// Where the settings of a run come from.
struct SettingsSources {
  std::filesystem::path file;          ///< empty: default.yaml of the first config folder that has one
  std::vector<std::string> overrides;  ///< name=value, or GROUP=option
  std::vector<std::filesystem::path> config_folders;  ///< besides the usual ones
  std::optional<std::string> text = {};               ///< stands for the file; `file` is only what to call it
  std::map<std::string, std::string> left_out = {};   ///< settings that count for nothing here, and why
  MayRead may_read = {};                              ///< for lists of wildcards and files of curves
};

struct GatheredSettings {
  std::filesystem::path file;     ///< the one that all others were selected from; empty if there is none
  std::vector<RawEntry> entries;  ///< later ones win
  std::vector<Problem> problems;
  std::vector<std::string> notices;
  std::filesystem::path curves = {};  ///< that entries were read from; empty: none
};

/// The base file when none is named, as the reference has it: default.yaml of these folders or of config/.
/// Empty if there is none.
std::filesystem::path default_file(const std::vector<std::filesystem::path>& config_folders);

/// `plugins`: all that are installed; their parameters are settings too.
GatheredSettings gather_settings(const SettingsSources& sources, const std::vector<PluginParams>& plugins);

}  // namespace reverie
