#pragma once
// From entries of files and the command line to the settings of a run.

#include "settings/settings.h"

namespace reverie {

/// A plugin's declared parameters, as far as settings are concerned.
struct PluginParams {
  std::string plugin;
  std::span<const ParamSpec> specs;
};

struct Resolution {
  Settings settings;  ///< every setting that works, and all parameters of the plugins in use
  std::vector<Problem> problems;
  std::vector<std::string> notices;  ///< what the artist should know but need not change
};

/// `entries`: file entries, then overrides; later ones win. `active` are the parameters of the plugins that
/// this run will use; `others` those of all other installed plugins, whose settings are checked
/// but have no effect. All problems are collected; `problems` of reading the files go in first.
Resolution resolve(const std::vector<RawEntry>& entries, std::vector<Problem> problems,
                   const std::vector<PluginParams>& active, const std::vector<PluginParams>& others);

/// What a setting of the table takes; see allowed() of its declaration.
std::string allowed(const Setting& setting);

/// All problems of a resolution as one report, a line each.
std::string report(const std::vector<Problem>& problems);

/// Error(settings) with the report of these problems; whoever shows them elsewhere than in a terminal has
/// them one by one.
class SettingsError final : public Error {
 public:
  explicit SettingsError(std::vector<Problem> problems, std::string advice = "nothing was rendered")
      : Error(ErrorKind::settings, report(problems), std::move(advice)), problems_(std::move(problems)) {}
  const std::vector<Problem>& problems() const noexcept { return problems_; }

 private:
  std::vector<Problem> problems_;
};

}  // namespace reverie
