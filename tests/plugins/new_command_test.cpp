// reverie plugins new: the plugins that it writes keep every promise and do something in a run, and it
// refuses what would not compile or would write over something.

#include <fstream>
#include <iterator>

#include "fixtures/plugins_under_test.h"
#include "plugins/registry.h"
#include "support/process.h"

namespace reverie::test {
namespace {

Outcome made(const std::vector<std::string>& words, const fs::path& folder = "/") {
  std::vector<std::string> command = {REVERIE_PROGRAM, "plugins", "new"};
  command.insert(command.end(), words.begin(), words.end());
  return run(command, folder);
}

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void expect_refusal(const Outcome& outcome, const std::string& words) {
  EXPECT_EQ(outcome.status, 2) << outcome.out << outcome.err;
  EXPECT_NE(outcome.err.find(words), std::string::npos) << "'" << words << "' in:\n" << outcome.err;
}

/// Those of the build, one for each kind: see tests/fixtures.
class NewPlugin : public testing::TestWithParam<std::string> {
 protected:
  std::string kind() const { return GetParam(); }
  std::string name() const { return "new_" + kind(); }
  fs::path plugins() const { return kFixtures / "skeletons/plugins"; }
  fs::path library() const { return plugins() / kind() / (name() + ".so"); }
  fs::path source() const { return kFixtures / "skeletons/source" / name(); }
};

TEST_P(NewPlugin, KeepsEveryPromise) {
  std::vector<std::string> command = {REVERIE_PROGRAM, "plugins", "test", library().string()};
  if (const fs::path sample = source() / ("sample." + name()); fs::exists(sample)) {
    command.emplace_back("--sample");
    command.push_back(sample.string());
  }
  const Outcome outcome = run(command, "/");
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  EXPECT_NE(outcome.out.find("PASSED: "), std::string::npos) << outcome.out;
}

TEST_P(NewPlugin, WorksInARunOfItsOwnSettings) {
  TemporaryFolder folder;
  fs::copy(source(), folder.path(), fs::copy_options::recursive);
  const Outcome outcome =
      run({REVERIE_PROGRAM, "--plugin-path", plugins().string(), "render", "try.yaml"}, folder.path());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  std::size_t files = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder / "images_out" / name()))
    files += entry.is_regular_file();
  EXPECT_GT(files, 1u) << "the run's settings, and a picture";
  // The settings of the run have its parameter, which they would not if nothing used it.
  EXPECT_NE(text_of(folder / "images_out" / name() / (name() + "_settings.txt")).find(name() + "_"),
            std::string::npos);
}

TEST_P(NewPlugin, LeavesNoTraceOfTheTemplate) {
  for (const fs::directory_entry& entry : fs::directory_iterator(source())) {
    EXPECT_EQ(entry.path().filename().string().find("template"), std::string::npos) << entry.path();
    const std::string text = text_of(entry.path());
    for (const char* word : {"template_", "TemplateName"})
      EXPECT_EQ(text.find(word), std::string::npos) << word << " in " << entry.path();
  }
}

INSTANTIATE_TEST_SUITE_P(All, NewPlugin, testing::ValuesIn(plugin_kinds()),
                         [](const auto& info) { return info.param; });

TEST(PluginsNew, WritesIntoAFolderOfThePluginsNameAndSaysWhatComesNext) {
  TemporaryFolder folder;
  const Outcome outcome = made({"losses", "dark_corners"}, folder.path());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  for (const char* file : {"CMakeLists.txt", "README.md", "dark_corners.cpp", "try.yaml"})
    EXPECT_TRUE(fs::is_regular_file(folder / "dark_corners" / file)) << file;
  EXPECT_NE(text_of(folder / "dark_corners/dark_corners.cpp").find("class DarkCornersPlugin "),
            std::string::npos);
  for (const char* words : {"cmake -S dark_corners -B dark_corners/build -DCMAKE_PREFIX_PATH=",
                            "cmake --build dark_corners/build\n",
                            "/bin/reverie plugins test "
                            "dark_corners/build/lib/reverie/plugins/losses/dark_corners.so\n"})
    EXPECT_NE(outcome.out.find(words), std::string::npos) << words << " in:\n" << outcome.out;
}

TEST(PluginsNew, WritesOverNothing) {
  TemporaryFolder folder;
  std::ofstream(folder / "README.md") << "mine";
  expect_refusal(made({"io", "my_sink", folder.path().string()}), "README.md' is there already");
  EXPECT_EQ(text_of(folder / "README.md"), "mine");
  EXPECT_FALSE(fs::exists(folder / "my_sink.cpp")) << "a refusal leaves nothing behind";
  fs::remove(folder / "README.md");
  fs::create_symlink("nowhere", folder / "try.yaml");
  expect_refusal(made({"io", "my_sink", folder.path().string()}), "try.yaml' is there already");
  fs::remove(folder / "try.yaml");
  // Other files do not matter.
  std::ofstream(folder / "notes.txt") << "mine";
  EXPECT_EQ(made({"io", "my_sink", folder.path().string()}).status, 0);
  expect_refusal(made({"io", "my_sink", folder.path().string()}), "is there already");
}

TEST(PluginsNew, AFileInTheFoldersPlaceIsAnError) {
  TemporaryFolder folder;
  std::ofstream(folder / "my_sink") << "a file";
  const Outcome outcome = made({"io", "my_sink"}, folder.path());
  EXPECT_NE(outcome.status, 0);
  EXPECT_NE(outcome.err.find("my_sink"), std::string::npos) << outcome.err;
  EXPECT_EQ(text_of(folder / "my_sink"), "a file");
}

TEST(PluginsNew, RefusesNamesThatNoPluginCanHave) {
  TemporaryFolder folder;
  for (const char* name : {"my-model", "my model", "../model", "modèle", "a.b", "", "a/b"})
    expect_refusal(made({"image_models", name}, folder.path()), "letters, digits and '_'");
  expect_refusal(made({"image_models", "3d"}, folder.path()), "must not begin with a digit");
  expect_refusal(made({"image_models", "Fourier"}, folder.path()), "has a plugin image_models/fourier");
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(PluginsNew, RefusesKindsThatThereAreNotAndSaysWhichIsMeant) {
  for (const auto& [word, kind] : {std::pair{"image_model", "image_models"},
                                   {"ImageModel", "image_models"},
                                   {"loss", "losses"},
                                   {"sink", "io"},
                                   {"output_sink", "io"},
                                   {"audio_filter", "audio"},
                                   {"animation_mode", "animation"},
                                   {"optimizer", "optimisers"},
                                   {"viewr", "viewers"}})
    expect_refusal(made({word, "mine"}),
                   "did you mean '" + std::string(kind) + "'? kinds are image_models, ");
  expect_refusal(made({"sculptures", "mine"}), "there is no kind of plugins 'sculptures'");
}

TEST(PluginsNew, SaysHowItIsUsed) {
  expect_refusal(made({}), "reverie plugins new takes a kind, a name");
  expect_refusal(made({"losses"}), "reverie plugins new takes a kind, a name");
  expect_refusal(made({"losses", "a", "b", "c"}), "reverie plugins new takes a kind, a name");
  const Outcome help = made({"--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_NE(help.out.find("reverie plugins new KIND NAME [DIR]"), std::string::npos) << help.out;
}

}  // namespace
}  // namespace reverie::test
