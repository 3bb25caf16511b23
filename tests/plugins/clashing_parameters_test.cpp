// Plugins whose parameters are called alike, side by side in the real program.

#include <algorithm>
#include <sstream>

#include "plugins/reverie_says.h"

namespace reverie::test {
namespace {

const std::string kPath = "--plugin-path '" + (kFixtures / "clashing").string() + "' ";

/// What the program makes of settings while all of these plugins are installed.
Said config(const std::string& words, const fs::path& folder = "/") {
  return reverie_says(kPath + "config scenes=x " + words, folder);
}

/// The lines of `name: value` in what was said, of this name, with or without its plugin's.
std::vector<std::string> lines_of(const Said& said, const std::string& name) {
  std::vector<std::string> lines;
  std::istringstream text(said.text);
  for (std::string line; std::getline(text, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || colon < name.size()) continue;
    const std::size_t begin = colon - name.size();
    if (line.compare(begin, name.size(), name) != 0) continue;
    if (begin == 0 || line[begin - 1] == '.') lines.push_back(line);
  }
  return lines;
}

using Lines = std::vector<std::string>;

TEST(ClashingParameters, APluginThatTakesASettingsNameIsRejectedAndNothingElseIs) {
  const Said list = reverie_says(kPath + "plugins list");
  EXPECT_EQ(list.status, 0);
  expect(list, "REJECTED: its parameter 'cutouts' has the name of a setting of the program");
  expect(list,
         "REJECTED: its parameter 'cutouts' is declared as a setting of the program, which declares it as "
         "another "
         "type (whole number or expression of t, 1 to 4096)");
  expect(list,
         "REJECTED: its parameter 'cutins' is declared as a setting of the program, which has none of this "
         "name");
  const Said settings = config("cutouts=7");
  EXPECT_EQ(settings.status, 0) << settings.text;
  EXPECT_EQ(lines_of(settings, "cutouts"), Lines{"cutouts: 7"});
  const Said check = reverie_says(kPath + "check scenes=x viewers=shadows_cutouts");
  EXPECT_EQ(check.status, 2) << check.text;
  expect(check, "has the name of a setting of the program");
  const Said named = config("shadows_cutouts.cutouts=many");
  EXPECT_EQ(named.status, 2) << named.text;
  expect(named, "viewers/shadows_cutouts: it cannot be used: its parameter 'cutouts'");
}

TEST(ClashingParameters, EitherOfTwoPluginsWorksBesideTheOther) {
  const Said a = config("outputs=sink_a strength=0.25"), b = config("outputs=sink_b strength=hard");
  EXPECT_EQ(a.status, 0) << a.text;
  EXPECT_EQ(b.status, 0) << b.text;
  EXPECT_EQ(lines_of(a, "strength"), Lines{"strength: 0.25"});
  EXPECT_EQ(lines_of(b, "strength"), Lines{"strength: \"hard\""});
  EXPECT_EQ(lines_of(config("outputs=sink_a"), "strength"), Lines{"strength: 0.5"});
  EXPECT_EQ(lines_of(config("outputs=sink_b"), "strength"), Lines{"strength: \"soft\""});
  EXPECT_EQ(lines_of(config(""), "strength"), Lines{}) << "neither is in use";
}

TEST(ClashingParameters, BothTogetherNeedTheirLongNames) {
  const Said both = config("outputs='[sink_a, sink_b]' strength=0.25");
  EXPECT_EQ(both.status, 2) << both.text;
  expect(both,
         "command line: 'strength' is a number in io/sink_a and a text in io/sink_b; write 'sink_a.strength' "
         "and 'sink_b.strength' in its place");
  const Said one = config("outputs='[sink_a, sink_b]' strength=0.25 sink_b.strength=hard");
  EXPECT_EQ(one.status, 2) << "the short name stays ambiguous\n" << one.text;
  const Said longer = config("outputs='[sink_a, sink_b]' sink_a.strength=0.25 SINK_B.Strength=hard");
  EXPECT_EQ(longer.status, 0) << longer.text;
  EXPECT_EQ(lines_of(longer, "strength"), (Lines{"sink_a.strength: 0.25", "sink_b.strength: \"hard\""}));
  const Said whole = config("outputs='[sink_a, sink_b]' io/sink_a.strength=0.75");
  EXPECT_EQ(lines_of(whole, "strength"), (Lines{"sink_a.strength: 0.75", "sink_b.strength: \"soft\""}));
}

TEST(ClashingParameters, EachChosenPluginChecksByItsOwnDeclaration) {
  const Said narrow = config("outputs=sink_a strength=7");
  EXPECT_EQ(narrow.status, 2) << narrow.text;
  expect(narrow, "'strength' is 7, which is out of range; allowed: number, 0 to 1");
  EXPECT_EQ(lines_of(config("outputs=sink_c strength=7"), "strength"), Lines{"strength: 7"});
  const Said both = config("outputs='[sink_a, sink_c]' strength=0.75");
  EXPECT_EQ(lines_of(both, "strength"), Lines{"strength: 0.75"}) << both.text;
  const Said too_much = config("outputs='[sink_a, sink_c]' strength=7");
  EXPECT_EQ(too_much.status, 2) << too_much.text;
  expect(too_much, "allowed: number, 0 to 1; so io/sink_a declares it");
  EXPECT_EQ(too_much.text.find("sink_c declares"), std::string::npos) << too_much.text;
  const Said apart = config("outputs='[sink_a, sink_c]' strength=0.75 sink_c.strength=7");
  EXPECT_EQ(lines_of(apart, "strength"), (Lines{"sink_a.strength: 0.75", "sink_c.strength: 7"}))
      << apart.text;
}

TEST(ClashingParameters, OfAPluginThatIsNotChosenHaveNoEffect) {
  for (const char* words : {"strength=7", "strength=many", "sink_a.strength=1 sink_b.strength=many"}) {
    const Said said = config(words);
    EXPECT_EQ(said.status, 0) << said.text;
  }
  // What no installed plugin would take is a slip.
  const Said slip = config("sink_c.strength=much");
  EXPECT_EQ(slip.status, 2) << slip.text;
  expect(slip, "'sink_c.strength' is much, which is not a number; allowed: number, 0 to 10");
  const Said unknown = reverie_says("config scenes=x strength=7");
  EXPECT_EQ(unknown.status, 2);
  expect(unknown, "there is no setting 'strength'");
  const Said elsewhere = config("sink_z.strength=7");
  EXPECT_EQ(elsewhere.status, 2);
  expect(elsewhere, "there is no setting 'sink_z.strength': no plugin 'sink_z' is installed; did you mean");
  expect(config("sink_a.strenth=1"),
         "the plugin io/sink_a has no parameter 'strenth'; did you mean "
         "'sink_a.strength'?");
  expect(config("sink_a.width=1"), "'width' is a setting of the program");
}

TEST(ClashingParameters, LongNamesInFilesSweepsAndReferences) {
  TemporaryFolder folder;
  std::ofstream(folder / "run.yaml") << "scenes: x\noutputs: [sink_a, sink_b]\nsink_a.strength: 0.25\n"
                                        "sink_b.strength: ${sink_a.strength} drops\n";
  std::ofstream(folder / "run.json") << R"({"scenes": "x", "outputs": ["sink_a", "sink_b"],
    "sink_a.strength": 0.25, "sink_b.strength": "${sink_a.strength} drops"})";
  const Lines expected = {"sink_a.strength: 0.25", "sink_b.strength: \"0.25 drops\""};
  for (const char* file : {"run.yaml", "run.json"}) {
    const Said said = reverie_says(kPath + "config " + file, folder.path());
    EXPECT_EQ(said.status, 0) << said.text;
    EXPECT_EQ(lines_of(said, "strength"), expected);
  }
  const Said sweep = reverie_says(kPath + "config run.yaml -m sink_a.strength=0.5,1", folder.path());
  EXPECT_EQ(sweep.status, 0) << sweep.text;
  EXPECT_EQ(lines_of(sweep, "strength"), (Lines{"sink_a.strength: 0.5", "sink_b.strength: \"0.5 drops\"",
                                                "sink_a.strength: 1", "sink_b.strength: \"1 drops\""}));
  // The command line wins over the file, whichever name it uses; in one file, the long name does.
  std::ofstream(folder / "one.yaml") << "scenes: x\noutputs: sink_a\nsink_a.strength: 0.25\nstrength: 1\n";
  EXPECT_EQ(lines_of(reverie_says(kPath + "config one.yaml", folder.path()), "strength"),
            Lines{"strength: 0.25"});
  EXPECT_EQ(lines_of(reverie_says(kPath + "config one.yaml strength=0.75", folder.path()), "strength"),
            Lines{"strength: 0.75"});
  const Said wrong = reverie_says(kPath + "config run.yaml sink_a.strength=2", folder.path());
  EXPECT_EQ(wrong.status, 2);
  expect(wrong, "command line: 'sink_a.strength' is 2, which is out of range; allowed: number, 0 to 1");
}

TEST(ClashingParameters, ReachTheirPluginsAndTheRunCanBeMadeAgain) {
  TemporaryFolder folder;
  const std::string tiny = "scenes=x width=32 height=32 cutouts=2 steps_per_scene=2 save_every=2 seed=1 ";
  const Said first =
      reverie_says(kPath + "render " + tiny +
                       "outputs='[sink_a, sink_b, sink_c]' sink_a.strength=0.25 sink_b.strength=hard",
                   folder.path());
  ASSERT_EQ(first.status, 0) << first.text;
  const fs::path out = folder / "images_out/default";
  EXPECT_EQ(contents(out / "default_sink_a.txt"), "0.25");
  EXPECT_EQ(contents(out / "default_sink_b.txt"), "hard");
  EXPECT_EQ(contents(out / "default_sink_c.txt"), "5");
  const Said again = reverie_says(kPath + "render images_out/default/default_settings.txt", folder.path());
  ASSERT_EQ(again.status, 0) << again.text;
  EXPECT_EQ(contents(out / "default(1)_sink_a.txt"), "0.25");
  EXPECT_EQ(contents(out / "default(1)_sink_b.txt"), "hard");
  EXPECT_EQ(contents(out / "default(1)_settings.txt"), contents(out / "default_settings.txt"));
}

TEST(ClashingParameters, AreAllListed) {
  const Said all = reverie_says(kPath + "settings strength");
  EXPECT_EQ(all.status, 0) << all.text;
  EXPECT_EQ(std::count(all.text.begin(), all.text.end(), '\n'), 3) << all.text;
  expect(all, "  strength = 0.5  (number, 0 to 1)  sink_a: how strong the ink is in sink_a");
  expect(all, "  strength = soft  (text)  sink_b: how strong the ink is in sink_b\n");
  expect(all, "  strength = 5  (number, 0 to 10)  sink_c: how strong the ink is in sink_c");
  EXPECT_EQ(reverie_says(kPath + "settings sink_b.strength").text,
            "  strength = soft  (text)  sink_b: how strong the ink is in sink_b\n");
  expect(reverie_says(kPath + "plugins describe sink_c"), "strength = 5  (number, 0 to 10)");
  const Said reader = reverie_says("plugins describe video_file");
  expect(reader, "outputs  (a setting of the program, which it reads)");
}

}  // namespace
}  // namespace reverie::test
