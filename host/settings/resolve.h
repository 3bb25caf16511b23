#pragma once
// From entries of files and the command line to the settings of a run.

#include "settings/run_settings.h"

namespace reverie {

struct Resolution {
  RunSettings settings;  ///< no plugin is chosen yet: see RunSettings::choose()
  std::vector<Problem> problems;
  std::vector<std::string> notices;  ///< what the artist should know but need not change
};

/// `entries`: file entries, then overrides; later ones win, but of one file, `plugin.name` wins over `name`.
/// `installed`: all plugins whose parameters settings may name. All problems of the program's settings are
/// collected; `problems` of reading the files go in first.
Resolution resolve(const std::vector<RawEntry>& entries, std::vector<Problem> problems,
                   const std::vector<PluginParams>& installed);

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
