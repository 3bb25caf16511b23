// Where plugins are looked for, which of two counts, and what is said when there is none.

#include "fixtures/plugins_under_test.h"

namespace reverie::test {
namespace {

using State = PluginFile::State;

class Registry : public testing::Test {
 protected:
  /// A copy of a fixture in one of the test's own plugin folders.
  fs::path put(const std::string& fixture, const std::string& folder,
               const std::string& kind = "image_models", std::string name = {}) {
    if (name.empty()) name = fixture;
    fs::create_directories(folder_ / folder / kind);
    const fs::path to = folder_ / folder / kind / (name + ".so");
    fs::copy_file(kFixtures / "broken/image_models" / (fixture + ".so"), to);
    return to;
  }

  TemporaryFolder folder_;
};

TEST_F(Registry, FirstFolderWinsAndTheOtherIsListedAsShadowed) {
  const fs::path first = put("healthy", "a"), second = put("healthy", "b");
  const PluginRegistry registry({folder_ / "a", folder_ / "b"});
  ASSERT_EQ(registry.files().size(), 2u);
  EXPECT_EQ(registry.find("image_models", "healthy").path, first);
  EXPECT_EQ(registry.files()[1].path, second);
  EXPECT_EQ(registry.files()[1].state, State::shadowed);
  EXPECT_NE(registry.files()[1].reason.find(first.string()), std::string::npos) << registry.files()[1].reason;
  EXPECT_EQ(registry.usable("image_models").size(), 1u);

  const PluginRegistry other({folder_ / "b", folder_ / "a"});
  EXPECT_EQ(other.find("image_models", "healthy").path, second);
}

TEST_F(Registry, ReplacementOfABrokenPluginCarriesAWarning) {
  const fs::path first = put("other_libtorch", "a", "image_models", "healthy"), second = put("healthy", "b");
  const PluginRegistry registry({folder_ / "a", folder_ / "b"});
  const PluginFile& found = registry.find("image_models", "healthy");
  EXPECT_EQ(found.path, second);
  ASSERT_EQ(found.warnings.size(), 1u);
  EXPECT_NE(found.warnings[0].find(first.string()), std::string::npos) << found.warnings[0];
  EXPECT_NE(found.warnings[0].find("1.13.1"), std::string::npos) << found.warnings[0];
}

TEST_F(Registry, FolderNamedTwiceDoesNotShadowItself) {
  put("healthy", "a");
  fs::create_symlink(folder_ / "a", folder_ / "link");
  const PluginRegistry registry({folder_ / "a", folder_ / "a" / ".", folder_ / "link"});
  EXPECT_EQ(registry.files().size(), 1u);
}

TEST_F(Registry, MissingFoldersAreNoError) {
  const PluginRegistry registry({folder_ / "nothing here"});
  EXPECT_TRUE(registry.files().empty());
  const Error error = error_of([&] { registry.find("image_models", "anything"); });
  EXPECT_NE(std::string(error.what()).find((folder_ / "nothing here/image_models").string()),
            std::string::npos)
      << error.what();
  EXPECT_NE(std::string(error.what()).find("there is none"), std::string::npos) << error.what();
}

TEST_F(Registry, LibrariesInTheWrongPlaceAreListed) {
  const fs::path in_no_kind = put("healthy", "a", "image_model");
  fs::copy_file(in_no_kind, folder_ / "a" / "healthy.so");
  const PluginRegistry registry({folder_ / "a"});
  ASSERT_EQ(registry.files().size(), 2u);
  for (const PluginFile& file : registry.files()) {
    EXPECT_EQ(file.state, State::rejected);
    EXPECT_NE(file.reason.find("image_models, perceptors"), std::string::npos) << file.reason;
  }
  // The likeliest mistake: naming the folder of a kind instead of the one above it.
  put("healthy", "b");
  const PluginRegistry deeper({folder_ / "b/image_models"});
  const Error error = error_of([&] { deeper.find("image_models", "healthy"); });
  EXPECT_NE(std::string(error.what()).find("was found, but"), std::string::npos) << error.what();
}

TEST_F(Registry, OtherFilesAreNoPlugins) {
  fs::create_directories(folder_ / "a/image_models");
  for (const char* name : {"README.md", "libold.so.1", "so", "plugin.so~"})
    std::ofstream(folder_ / "a/image_models" / name) << "x";
  EXPECT_TRUE(PluginRegistry({folder_ / "a"}).files().empty());
}

TEST_F(Registry, FindsByNameWhateverTheCaseAndByAlias) {
  const PluginRegistry& all = plugins();
  for (const char* name : {"unlimited_palette", "Unlimited Palette", "UNLIMITED PALETTE", "Unlimited_Palette",
                           "unlimited palette"})
    EXPECT_EQ(all.find("image_models", name).name, "unlimited_palette") << name;
  const PluginRegistry registry({kFixtures / "broken"});
  EXPECT_EQ(registry.find("image_models", "borrowed plumes").name, "borrowed_name");
  EXPECT_THROW(registry.find("image_models", "borrowed_plumes"), Error);
}

TEST_F(Registry, NameCountsMoreThanAnAliasWhicheverComesFirst) {
  put("borrowed_name", "a");
  put("healthy", "b");
  const PluginRegistry registry({folder_ / "a", folder_ / "b"});
  EXPECT_EQ(registry.find("image_models", "Healthy").name, "healthy");
  const PluginRegistry alone({folder_ / "a"});
  EXPECT_EQ(alone.find("image_models", "healthy").name, "borrowed_name");
}

TEST_F(Registry, NamesAreOfTheirKind) {
  EXPECT_THROW(plugins().find("perceptors", "unlimited_palette"), Error);
  EXPECT_THROW(plugins().find("no such kind", "unlimited_palette"), Error);
}

TEST_F(Registry, MissingPluginNamesFoldersNamesAndTheNearest) {
  put("healthy", "a");
  put("borrowed_name", "b");
  put("other_libtorch", "b");
  const PluginRegistry registry({folder_ / "a", folder_ / "b"});
  const Error error = error_of([&] { registry.find("image_models", "helthy"); });
  EXPECT_EQ(error.kind(), ErrorKind::plugin);
  const std::string what = error.what();
  for (const std::string& words :
       {std::string("'helthy'"), std::string("image_models"), (folder_ / "a/image_models").string(),
        (folder_ / "b/image_models").string(), std::string("healthy, borrowed_name"),
        std::string("Borrowed Plumes"), (folder_ / "b/image_models/other_libtorch.so").string(),
        std::string("plugin 1.13.1")})
    EXPECT_NE(what.find(words), std::string::npos) << "'" << words << "' in: " << what;
  EXPECT_NE(error.advice().find("'healthy'"), std::string::npos) << error.advice();
  EXPECT_EQ(error_of([&] { registry.find("image_models", "nothing like it at all"); }).advice(), "");
}

TEST_F(Registry, ARoleIsOfTheInstallationsOwnPluginIfItHasOne) {
  put("first_role", "a");
  put("second_role", "b");
  // The installation's folder is the last one.
  const PluginRegistry registry({folder_ / "a", folder_ / "b"}), other({folder_ / "b", folder_ / "a"});
  EXPECT_EQ(registry.with_role("image_models", "other_weight").name, "second_role");
  EXPECT_EQ(other.with_role("image_models", "other_weight").name, "first_role");
  EXPECT_EQ(registry.with_role("image_models", "one_weight").name, "first_role");
  const Error error = error_of([&] { registry.with_role("image_models", "no_weight"); });
  EXPECT_EQ(error.kind(), ErrorKind::plugin);
  EXPECT_NE(std::string(error.what()).find("'no_weight'"), std::string::npos) << error.what();
  EXPECT_THROW(registry.with_role("losses", "one_weight"), Error);
}

class SearchPath : public testing::Test {
 protected:
  void SetUp() override {
    if (const char* value = std::getenv("REVERIE_PLUGIN_PATH")) before_ = value;
    ::unsetenv("REVERIE_PLUGIN_PATH");
  }
  void TearDown() override {
    ::unsetenv("REVERIE_PLUGIN_PATH");
    if (before_) ::setenv("REVERIE_PLUGIN_PATH", before_->c_str(), 1);
  }
  std::optional<std::string> before_;
};

TEST_F(SearchPath, CommandLineThenVariableThenInstallation) {
  ::setenv("REVERIE_PLUGIN_PATH", "/v1:/v2", 1);
  const std::vector<fs::path> expected = {"/c1", "/c2", "/c3", "/v1", "/v2", "/prefix/lib/reverie/plugins"};
  EXPECT_EQ(plugin_search_path({"/c1:/c2", "/c3"}, "/prefix"), expected);
}

TEST_F(SearchPath, EmptyEntriesAreNotTheWorkingDirectory) {
  ::setenv("REVERIE_PLUGIN_PATH", ":/v1::", 1);
  const std::vector<fs::path> expected = {"/v1", "/prefix/lib/reverie/plugins"};
  EXPECT_EQ(plugin_search_path({"", ":"}, "/prefix"), expected);
  // Where the program cannot tell where it lies, there is no installation to look in.
  EXPECT_EQ(plugin_search_path({}, ""), std::vector<fs::path>{"/v1"});
}

TEST_F(SearchPath, RelativeFoldersAreMadeAbsoluteAtOnce) {
  for (const fs::path& folder : plugin_search_path({"here"}, "/prefix"))
    EXPECT_TRUE(folder.is_absolute()) << folder;
}

/// Creating instances.
class Creation : public testing::Test {
 protected:
  Creation() : registry_({kFixtures / "broken"}), host_(host_options()) {}

  Error failure(const std::string& name, const std::string& words = {}) {
    const PluginFile& plugin = registry_.find("audio", name);
    Settings settings = usual_params(plugin);
    if (!words.empty()) {
      SettingValue value = *settings.find("words");
      value.text = words;
      settings.set("words", value);
    }
    return error_of([&] { make<AudioFilter>(plugin, host_, settings); });
  }

  PluginRegistry registry_;
  engine::HostServices host_;
};

TEST_F(Creation, AnErrorArrivesWhole) {
  const Error error = failure("throws_error");
  EXPECT_EQ(error.kind(), ErrorKind::settings);
  EXPECT_NE(std::string(error.what()).find("audio/throws_error"), std::string::npos) << error.what();
  EXPECT_NE(std::string(error.what()).find("no such frequency"), std::string::npos) << error.what();
  EXPECT_EQ(error.advice(), "choose another");
}

TEST_F(Creation, OtherExceptionsArriveWithTheirText) {
  const Error error = failure("throws_exception");
  EXPECT_EQ(error.kind(), ErrorKind::plugin);
  EXPECT_NE(std::string(error.what()).find("audio/throws_exception"), std::string::npos) << error.what();
  EXPECT_NE(std::string(error.what()).find("no such frequency"), std::string::npos) << error.what();
}

TEST_F(Creation, WhatIsThrownStaysOnItsLine) {
  const std::string what = failure("throws_error", "no such\nreverie: done \x1b[31m\n").what();
  EXPECT_NE(what.find("no such\\nreverie: done \\x1b[31m"), std::string::npos) << what;
  EXPECT_EQ(what.find('\n'), std::string::npos) << what;
}

TEST_F(Creation, WhateverElseIsThrownEndsInAnErrorToo) {
  const Error error = failure("throws_number");
  EXPECT_EQ(error.kind(), ErrorKind::plugin);
  EXPECT_NE(std::string(error.what()).find("audio/throws_number"), std::string::npos) << error.what();
}

TEST_F(Creation, LongTextsAreCutNotOverrun) {
  const std::string what = failure("throws_error", std::string(100000, 'x')).what();
  EXPECT_NE(what.find(std::string(1000, 'x')), std::string::npos);
  EXPECT_LT(what.size(), 5000u);
}

TEST_F(Creation, NothingMadeAndNothingSaidIsAnError) {
  const PluginFile& plugin = registry_.find("image_models", "healthy");
  const Error error = error_of([&] { make<ImageModel>(plugin, host_); });
  EXPECT_NE(std::string(error.what()).find("image_models/healthy could not start: it gave no reason"),
            std::string::npos)
      << error.what();
  // The fixtures' other trace works as well.
  ASSERT_NE(std::getenv("REVERIE_FIXTURE_CREATED"), nullptr);
  ::unsetenv("REVERIE_FIXTURE_CREATED");
}

TEST(PluginKinds, AreTheOnesThatTheBuildKnows) {
  std::string built;
  for (const std::string& kind : plugin_kinds()) built += (built.empty() ? "" : " ") + kind;
  EXPECT_EQ(REVERIE_KINDS_OF_THE_BUILD, built) << "reverie_plugin_kinds() reads the header's table";
}

}  // namespace
}  // namespace reverie::test
