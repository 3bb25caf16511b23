#pragma once
// Makes settings to render from a client's request.

#include <json/value.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/file_access.h"
#include "engine/network_cache.h"
#include "serve/run_cost.h"
#include "serve/run_record.h"

namespace reverie {
class PluginRegistry;
struct Problem;
struct SettingsSources;
}  // namespace reverie

namespace reverie::app {
struct Plan;
}

namespace reverie::serve {

/// What is the same for all runs of a server.
struct RunRules {
  const PluginRegistry& registry;
  std::shared_ptr<const engine::FileAccess> access;
  std::vector<std::filesystem::path> config_folders;
  std::shared_ptr<engine::NetworkCache> networks;  ///< of image models and estimators
};

/// Settings as a client sends them.
struct Submission {
  std::string text;   ///< as a settings file; a PNG picture that reverie made will do
  std::string words;  ///< if not empty, in the place of `text`: for what `reverie paint` does
  std::vector<std::string> overrides;  ///< name=value
  RunKind kind = RunKind::render;
  std::string title;  ///< empty: the beginning of the scenes
  bool hash_files = false;
};

/// In place of a hash.
inline constexpr const char* kFolder = "folder";

/// The result of checking them.
struct CheckedRun {
  RunRecord record;      ///< of use when there are no problems
  Json::Value problems;  ///< [{message, setting, file, line}]
  std::vector<std::string> notices;
  Film film;
  /// With hash_files: what the settings name besides published models, and its SHA-256; kFolder for a folder.
  std::map<std::string, std::string> files;
};

/// A settings text that a client sends, and what the server says of files and folders.
SettingsSources sources_of(const Submission& submission, const RunRules& rules);

/// [{message, setting, file, line}]
Json::Value json_of(const std::vector<Problem>& problems);

/// As `reverie check`: all mistakes, and files that are missing. Values that a run would choose by itself,
/// such as its seed, are chosen now, so that it is the same run whenever it is rendered.
CheckedRun check_run(const Submission& submission, const RunRules& rules);

/// What a client sends, as the program reads it: `find_more` as for app::make_plan(). Throws SettingsError.
app::Plan plan_of(const Submission& submission, const RunRules& rules,
                  const std::function<void(const app::Plan&, std::vector<Problem>&)>& find_more = {});

/// The plan of a record that check_run() made. Throws Error.
app::Plan plan_of(const RunRecord& record, const RunRules& rules);

/// The entries of a settings text, unchecked and in their order: {entries: [{name, value}], problems: [...]}.
/// Values are lists, groups, null or texts.
Json::Value read_settings(const std::string& text);

}  // namespace reverie::serve
