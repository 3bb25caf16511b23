#pragma once
// Settings that come from several files.

#include <map>

#include "settings/groups.h"
#include "settings/settings_fixture.h"

namespace reverie::test {

namespace fs = std::filesystem;
using Texts = std::vector<std::string>;

/// A config folder that is written as a test needs it.
class Groups : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return (scratch_ / name).string(); }

  void file(const std::string& name, const std::string& text) {
    fs::create_directories((scratch_ / name).parent_path());
    scratch_.write(name, text);
  }

  GatheredSettings gather(const Texts& overrides = {}, const std::string& base = "run.yaml",
                          const Texts& config_folders = {}) {
    SettingsSources sources{scratch_ / base, overrides, {}};
    for (const std::string& folder : config_folders) sources.config_folders.push_back(scratch_ / folder);
    GatheredSettings result = gather_settings(sources, {});
    for (RawEntry& entry : result.entries) entry.location.file = local(entry.location.file);
    for (Problem& problem : result.problems) {
      problem.location.file = local(problem.location.file);
      problem.message = local(problem.message);
    }
    for (std::string& notice : result.notices) notice = local(notice);
    return result;
  }

  /// The values that win, by name: "value file:line".
  std::map<std::string, std::string> values(const Texts& overrides = {}, const std::string& base = "run.yaml",
                                            const Texts& config_folders = {}) {
    const GatheredSettings gathered = gather(overrides, base, config_folders);
    EXPECT_EQ(report(gathered.problems), "");
    std::map<std::string, std::string> result;
    for (const RawEntry& entry : gathered.entries)
      result[entry.name] = entry.value.display() + " " + entry.location.text();
    return result;
  }

  std::string problems(const Texts& overrides = {}, const Texts& config_folders = {}) {
    return report(gather(overrides, "run.yaml", config_folders).problems);
  }

 private:
  /// A text without the test's own folder in it.
  std::string local(std::string text) const {
    const std::string folder = scratch_.path().string();
    for (std::size_t at; (at = text.find(folder)) != std::string::npos;)
      text.replace(at, folder.size() + (text.compare(at + folder.size(), 1, "/") == 0), "");
    return text;
  }

  Scratch scratch_;
};

using Values = std::map<std::string, std::string>;

}  // namespace reverie::test
