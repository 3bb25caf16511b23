#pragma once
// From what a client sends to settings that a server renders.

#include <json/value.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/file_access.h"
#include "engine/network_cache.h"
#include "serve/run_record.h"

namespace reverie {
class PluginRegistry;
struct Problem;
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
  std::string text;                    ///< as a settings file; a PNG picture that reverie made will do
  std::vector<std::string> overrides;  ///< name=value
  RunKind kind = RunKind::render;
  std::string title;  ///< empty: the beginning of the scenes
};

/// What became of them.
struct CheckedRun {
  RunRecord record;      ///< of use when there are no problems
  Json::Value problems;  ///< [{message, setting, file, line}]
  std::vector<std::string> notices;
};

/// As `reverie check`: everything that is wrong, and files that are missing. What a run would choose by
/// itself, such as its seed, is chosen now, so that it is the same run whenever it is rendered.
CheckedRun check_run(const Submission& submission, const RunRules& rules);

/// The plan of a record that check_run() made. Throws Error.
app::Plan plan_of(const RunRecord& record, const RunRules& rules);

/// What a settings text says, unchecked and in its order: {entries: [{name, value}], problems: [...]}, where
/// whatever is no list, group or null is a text.
Json::Value read_settings(const std::string& text);

}  // namespace reverie::serve
