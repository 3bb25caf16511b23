// Presets: options of the group `preset`, found wherever the settings file lies.

#include <cstdlib>

#include "settings/config_folder_fixture.h"
#include "settings/presets.h"

namespace reverie::test {
namespace {

/// The user's own config folder is home/reverie.
class Presets : public Groups {
 protected:
  Presets() {
    if (const char* before = std::getenv("XDG_CONFIG_HOME")) before_ = before;
    file("run.yaml", "preset: soft\nheight: 2\n");
    file("home/reverie/preset/soft.yaml", "# Soft\n#  and pale.\n\n# Not about it.\nwidth: 10\nheight: 20\n");
    ::setenv("XDG_CONFIG_HOME", path("home").c_str(), 1);
  }
  ~Presets() override {
    before_ ? ::setenv("XDG_CONFIG_HOME", before_->c_str(), 1) : ::unsetenv("XDG_CONFIG_HOME");
  }

 private:
  std::optional<std::string> before_;
};

TEST_F(Presets, AreSelectedLikeOptionsOfAGroup) {
  EXPECT_EQ(values(), (Values{{"width", "10 home/reverie/preset/soft.yaml:5"}, {"height", "2 run.yaml:2"}}));
  file("plain.yaml", "height: 2\n");
  EXPECT_EQ(values({"preset=soft"}, "plain.yaml")["height"], "20 home/reverie/preset/soft.yaml:6");
}

TEST_F(Presets, AreBasedOnOthers) {
  file("home/reverie/preset/softer.yaml", "defaults: [soft, _self_]\nwidth: 11\n");
  EXPECT_EQ(values({"preset=softer"}),
            (Values{{"width", "11 home/reverie/preset/softer.yaml:2"}, {"height", "2 run.yaml:2"}}));
  file("run.yaml", "defaults: [/preset/soft, _self_]\nwidth: 1\n");
  EXPECT_EQ(values()["width"], "1 run.yaml:2");
}

TEST_F(Presets, OfTheSettingsFileWin) {
  file("preset/soft.yaml", "width: 30\n");
  EXPECT_EQ(values()["width"], "30 preset/soft.yaml:1");
}

TEST_F(Presets, ThatAreMissingAreNamedWithTheNearest) {
  const std::string said = problems({"preset=sofd"});
  EXPECT_NE(said.find("no option 'sofd'"), std::string::npos) << said;
  EXPECT_NE(said.find("did you mean 'soft'"), std::string::npos) << said;
}

TEST_F(Presets, OtherGroupsAreNotLookedForThere) {
  file("home/reverie/motion/pan.yaml", "width: 10\n");
  file("run.yaml", "motion: pan\n");
  EXPECT_EQ(values(), (Values{{"motion", "pan run.yaml:1"}}));  // no group, so it is taken for a setting
}

TEST_F(Presets, TheCommentAtTheBeginningSaysWhatTheyAre) {
  const std::vector<Preset> presets = installed_presets();
  ASSERT_EQ(presets.size(), 1u);
  EXPECT_EQ(presets[0].name, "soft");
  EXPECT_EQ(presets[0].about, "Soft and pale.");
  EXPECT_TRUE(presets[0].own);
}

}  // namespace
}  // namespace reverie::test
