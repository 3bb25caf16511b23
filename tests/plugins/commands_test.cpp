// What the program itself says about plugins.

#include <span>
#include <sstream>

#include "plugins/reverie_says.h"
#include "settings/table.h"

namespace reverie::test {
namespace {

const std::string kBroken = "--plugin-path '" + (kFixtures / "broken").string() + "' ";
const std::string kReference = "--plugin-path '" + (kFixtures / "reference").string() + "' ";

TEST(PluginsList, ShowsUsableShadowedAndRejectedFilesWithTheirReasons) {
  TemporaryFolder folder;
  fs::create_directories(folder / "image_models");
  fs::copy_file(kBuild / "lib/reverie/plugins/image_models/unlimited_palette.so",
                folder / "image_models/unlimited_palette.so");
  const Said outcome =
      reverie_says(kBroken + kReference + "--plugin-path " + folder.path().string() + " plugins list");
  EXPECT_EQ(outcome.status, 0);
  expect(outcome, "image_models/soft_grid");
  expect(outcome, "a coarse grid of colours, enlarged smoothly");
  expect(outcome, (folder / "image_models/unlimited_palette.so").string());
  expect(outcome, "shadowed: another file of this name comes first: " +
                      (folder / "image_models/unlimited_palette.so").string());
  expect(outcome, "REJECTED: LibTorch: plugin 1.13.1, host " TORCH_VERSION);
  expect(outcome, "warning: compiler: plugin Fortran 77");
  const PluginRegistry broken({kFixtures / "broken"});
  for (const PluginFile& file : broken.files()) expect(outcome, file.path.string());
}

TEST(PluginsList, SaysWhatEachKindIsFor) {
  const Said outcome = reverie_says("plugins list");
  std::size_t last = 0;
  for (const std::string& kind : plugin_kinds()) {
    const std::size_t heading = outcome.text.find("\n" + kind + ": "),
                      first = outcome.text.find("  " + kind + "/");
    ASSERT_NE(heading, std::string::npos) << kind << " in:\n" << outcome.text;
    EXPECT_GT(heading, last) << kind;
    EXPECT_GT(first, heading) << kind;
    last = heading;
  }
}

TEST(PluginsList, FollowsTheVariable) {
  ::setenv("REVERIE_PLUGIN_PATH", (kFixtures / "reference").c_str(), 1);
  expect(reverie_says("plugins list"), "audio/peak");
  ::unsetenv("REVERIE_PLUGIN_PATH");
  EXPECT_EQ(reverie_says("plugins list").text.find("audio/peak"), std::string::npos);
}

TEST(PluginsList, NeverLooksInTheWorkingDirectory) {
  ::unsetenv("REVERIE_PLUGIN_PATH");
  TemporaryFolder folder;
  for (const char* place : {"image_models", "plugins/image_models", "lib/reverie/plugins/image_models"}) {
    fs::create_directories(folder / place);
    fs::copy_file(kFixtures / "broken/image_models/healthy.so", folder / place / "healthy.so");
  }
  fs::copy_file(kFixtures / "broken/image_models/healthy.so", folder / "healthy.so");
  const Said outcome = reverie_says("plugins list", folder.path());
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.text.find("healthy"), std::string::npos) << outcome.text;
}

// An empty entry in the program's list of library folders would mean the working directory.
TEST(Program, FindsNoLibraryInTheWorkingDirectory) {
  TemporaryFolder folder;
  std::ofstream(folder / "libjsoncpp.so.25") << "not a library";
  std::ofstream(folder / "libpng16.so.16") << "not a library";
  const Said outcome = reverie_says("plugins list", folder.path());
  EXPECT_EQ(outcome.status, 0) << outcome.text;
  EXPECT_EQ(outcome.text.find("REJECTED"), std::string::npos) << outcome.text;
}

TEST(PluginsDescribe, ShowsWhatIsDeclared) {
  for (const char* name : {"soft_grid", "'Soft Grid'", "image_models/soft_grid"}) {
    const Said outcome = reverie_says(kReference + "plugins describe " + name);
    EXPECT_EQ(outcome.status, 0);
    expect(outcome, "image_models/soft_grid 1.0");
    expect(outcome, "also called: Soft Grid");
    expect(outcome, "cell = 8");
    expect(outcome, "1 to 256");
    expect(outcome, "side of the square of one colour");
  }
}

TEST(PluginsDescribe, SaysWhyAPluginCannotBeUsed) {
  const Said rejected = reverie_says(kBroken + "plugins describe other_libtorch");
  EXPECT_EQ(rejected.status, 1);
  expect(rejected, "plugin 1.13.1");
  const Said missing = reverie_says("plugins describe no_such_plugin");
  EXPECT_EQ(missing.status, 1);
  expect(missing, "there is no plugin 'no_such_plugin'");
}

TEST(PluginsDescribe, AnAliasTakesNoOthersName) {
  const Said owner = reverie_says(kBroken + "plugins describe healthy");
  EXPECT_EQ(owner.status, 0);
  expect(owner, "image_models/healthy.so");
  EXPECT_EQ(owner.text.find("borrowed_name"), std::string::npos) << owner.text;
  const Said borrower = reverie_says(kBroken + "plugins describe 'Borrowed Plumes'");
  expect(borrower, "image_models/borrowed_name.so");
  expect(borrower, "also called: Borrowed Plumes\n");
  // Nor where the owner cannot be used.
  TemporaryFolder folder;
  fs::create_directories(folder / "image_models");
  const fs::path broken = kFixtures / "broken/image_models";
  fs::copy_file(broken / "borrowed_name.so", folder / "image_models/borrowed_name.so");
  std::ofstream(folder / "image_models/healthy.so") << "no library";
  const std::string path = "--plugin-path " + folder.path().string() + " ";
  const Said damaged = reverie_says(path + "plugins describe healthy");
  EXPECT_EQ(damaged.status, 1);
  expect(damaged, (folder / "image_models/healthy.so").string());
  const Said check = reverie_says(path + "check scenes=x image_model=healthy");
  EXPECT_EQ(check.status, 2);
  expect(check, (folder / "image_models/healthy.so").string());
}

TEST(Render, RefusesABrokenPluginAndSaysWhy) {
  const Said outcome = reverie_says(kBroken + "check scenes=x image_model=other_libtorch");
  EXPECT_EQ(outcome.status, 2);
  expect(outcome, "plugin 1.13.1");
  expect(outcome, (kFixtures / "broken/image_models/other_libtorch.so").string());
}

TEST(Settings, OfAPluginAreCheckedAgainstItsDeclaration) {
  const Said good = reverie_says(kReference + "check scenes=x image_model=soft_grid cell=16");
  EXPECT_EQ(good.status, 0) << good.text;
  const Said wrong = reverie_says(kReference + "check scenes=x image_model=soft_grid cell=0");
  EXPECT_EQ(wrong.status, 2);
  expect(wrong, "'cell'");
  expect(wrong, "1 to 256");
  const Said typo = reverie_says(kReference + "check scenes=x image_model=soft_grid cel=16");
  EXPECT_EQ(typo.status, 2);
  expect(typo, "did you mean 'cell'?");
}

/// Who gives keyframes to a number that takes none is owed a reason; those of a plugin of somebody else may
/// leave it to the general one.
TEST(Settings, EveryFixedNumberSaysWhyItIsFixed) {
  for (const Setting& setting : settings_table()) {
    if (!setting.spec.is_fixed()) continue;
    EXPECT_STRNE(setting.spec.fallback_text, "") << setting.spec.name;
  }
  const PluginRegistry ours({kBuild / "lib/reverie/plugins"});
  ASSERT_FALSE(ours.files().empty());
  for (const PluginFile& file : ours.files()) {
    ASSERT_TRUE(file.descriptor) << file.path;
    for (const ParamSpec& spec : std::span(file.descriptor->params, file.descriptor->param_count)) {
      if (!spec.is_fixed() || spec.host_setting) continue;
      EXPECT_STRNE(spec.fallback_text, "") << file.name << "." << spec.name;
    }
  }
}

TEST(Settings, ListsSayWhyANumberIsFixed) {
  const Said listed = reverie_says("settings steps_per_scene cut_pow pixel_size");
  std::istringstream lines(listed.text);
  for (std::string line; std::getline(lines, line);) {
    if (line.find(" = ") == std::string::npos) continue;
    const bool varies = line.find("cut_pow") != std::string::npos;
    EXPECT_EQ(line.find("fixed: ") == std::string::npos, varies) << line;
  }
  expect(reverie_says("plugins describe siren"), "fixed: ");
  // Of a plugin that gives no reason.
  expect(reverie_says(kReference + "plugins describe soft_grid"), "fixed: its plugin reads it");
  const Said refused = reverie_says("check scenes=x steps_per_scene='0: 10, 5: 20'");
  EXPECT_EQ(refused.status, 2);
  expect(refused, "times are counted by it");
}

}  // namespace
}  // namespace reverie::test
