// Plugins whose static initialisers end the program, or throw: they are rejected by name, and all else works.

#include "cli/real_program.h"
#include "fixtures/plugins_under_test.h"
#include "plugins/probe.h"

namespace reverie::test {
namespace {

/// A cache folder of its own, and a count of how often the fixtures were loaded.
class AtLoad : public testing::Test {
 protected:
  AtLoad() {
    ::setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);
    ::setenv("REVERIE_FIXTURE_LOADS", (folder_ / "loads").c_str(), 1);
    fs::create_directories(folder_ / "plugins/image_models");
  }
  ~AtLoad() override {
    ::unsetenv("XDG_CACHE_HOME");
    ::unsetenv("REVERIE_FIXTURE_LOADS");
  }

  fs::path put(const std::string& fixture) {
    const fs::path to = folder_ / "plugins/image_models" / (fixture + ".so");
    fs::copy_file(kFixtures / "at_load/image_models" / (fixture + ".so"), to);
    return to;
  }
  test::Outcome reverie(Words words) {
    words.insert(words.begin(), {REVERIE_PROGRAM, "--plugin-path", (folder_ / "plugins").string()});
    return run(words, folder_.path());
  }
  std::int64_t loads_of(const std::string& fixture) const {
    std::ifstream file(folder_ / "loads");
    return std::count(std::istream_iterator<std::string>(file), {}, fixture);
  }

  TemporaryFolder folder_;
};

TEST_F(AtLoad, WhateverAPluginDoesItIsRejectedByNameAndTheRestWorks) {
  const std::pair<const char*, const char*> harmful[] = {{"exits", "ends the program"},
                                                         {"exits_at_once", "ends the program"},
                                                         {"aborts", "crashes"},
                                                         {"throws_text", "the moon is full"},
                                                         {"throws_a_number", "throws an exception"}};
  put("harmless");
  for (const auto& [name, reason] : harmful) put(name);
  const PluginRegistry registry({folder_ / "plugins"});
  EXPECT_EQ(registry.find("image_models", "harmless").state, PluginFile::State::usable);
  for (const auto& [name, reason] : harmful) {
    const Error error = error_of([&, name = name] { registry.find("image_models", name); });
    for (const std::string& words : {std::string(name) + ".so", std::string(reason)})
      EXPECT_TRUE(holds(error.what(), words)) << words << " in: " << error.what();
  }

  const test::Outcome list = reverie({"plugins", "list"});
  EXPECT_EQ(list.status, 0) << list.err;
  EXPECT_TRUE(holds(list.out, "image_models/unlimited_palette")) << list.out;
  for (const auto& [name, reason] : harmful)
    EXPECT_TRUE(holds(list.out, (folder_ / "plugins/image_models" / (std::string(name) + ".so")).string()))
        << list.out;
  const test::Outcome check = reverie({"check", "scenes=x", "image_model=exits"});
  EXPECT_EQ(check.status, 2);
  EXPECT_TRUE(holds(check.err, "exits.so")) << check.err;
}

TEST_F(AtLoad, AFileIsTriedOnceAndAgainWhenItHasChanged) {
  const fs::path harmless = put("harmless"), exits = put("exits");
  const auto look = [&] { PluginRegistry({folder_ / "plugins"}); };
  look();
  // In the child for both, in one of its own, and here.
  EXPECT_EQ(loads_of("exits"), 2);
  const std::int64_t first = loads_of("harmless");
  EXPECT_GE(first, 2);
  look();
  EXPECT_EQ(loads_of("exits"), 2);
  EXPECT_EQ(loads_of("harmless"), first) << "what it declares is known without loading it";
  fs::last_write_time(exits, fs::last_write_time(exits) + std::chrono::seconds(1));
  look();
  EXPECT_EQ(loads_of("exits"), 4);
}

TEST_F(AtLoad, HarmlessFilesCostOneChildForAll) {
  put("harmless");
  const test::Outcome first = reverie({"settings"});
  EXPECT_EQ(first.status, 0);
  EXPECT_EQ(loads_of("harmless"), 2);  // in the child, and in the program
  EXPECT_EQ(reverie({"settings"}).out, first.out);
  EXPECT_EQ(loads_of("harmless"), 2) << "only a run that chooses it needs it";
}

TEST_F(AtLoad, AForgedMemoryIsNoticedWhenThePluginIsLoaded) {
  const fs::path file = folder_ / "cache/reverie/plugins";
  put("harmless");
  ASSERT_EQ(reverie({"settings"}).status, 0);
  std::string text = contents(file);
  const std::size_t summary = text.find("\"summary\":\"", text.find("harmless.so"));
  ASSERT_NE(summary, std::string::npos) << text;
  text.insert(summary + 11, "forged, ");
  std::ofstream(file) << text;
  const test::Outcome forged = reverie({"plugins", "describe", "harmless"});
  EXPECT_TRUE(holds(forged.out, "forged, "))
      << forged.out << "it is what is shown until the plugin is loaded";

  const Words check = {"check",    "scenes=x", "image_model=harmless", "perceptors=tiny_vit",
                       "width=32", "height=32"};
  const test::Outcome refused = reverie(check);
  EXPECT_NE(refused.status, 0);
  for (const char* words : {"harmless.so", "declaration has changed", "again"})
    EXPECT_TRUE(holds(refused.err, words)) << words << " in: " << refused.err;
  EXPECT_FALSE(holds(reverie(check).err, "declaration has changed"));
  EXPECT_FALSE(holds(contents(file), "forged, "));
}

TEST_F(AtLoad, ALibraryThatNeverLoadsIsGivenUpAndRemembered) {
  const std::vector<fs::path> libraries = {put("harmless"), put("has_no_end")};
  const std::vector<ProbeResult> results = probe(libraries, std::chrono::seconds(2));
  EXPECT_EQ(results[0].trouble, "");
  EXPECT_TRUE(holds(results[1].trouble, "did not end within 2 s")) << results[1].trouble;
  EXPECT_TRUE(results[1].certain) << "or each command would wait for it";
}

TEST_F(AtLoad, WithoutACacheFolderItIsTriedEachTime) {
  std::ofstream(folder_ / "cache") << "a file where the folder should be";
  put("exits");
  for (int i = 0; i < 2; ++i) {
    const test::Outcome list = reverie({"plugins", "list"});
    EXPECT_EQ(list.status, 0);
    EXPECT_TRUE(holds(list.out, "ends the program")) << list.out;
  }
}

TEST_F(AtLoad, ADamagedMemoryKnowsNothing) {
  const fs::path file = folder_ / "cache/reverie/plugins", library = put("harmless");
  fs::create_directories(file.parent_path());
  {
    ProbeMemory memory(file);
    memory.add(library, {"", "what it declares", {"a warning"}});
    memory.save();
  }
  const auto known = ProbeMemory(file).find(library);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->declaration, "what it declares");
  EXPECT_EQ(known->warnings, std::vector<std::string>{"a warning"});
  const std::string whole = contents(file);
  for (std::size_t cut = 0; cut + 1 < whole.size(); cut += 7) {
    std::ofstream(file) << whole.substr(0, cut);
    EXPECT_FALSE(ProbeMemory(file).find(library)) << cut;
  }
}

}  // namespace
}  // namespace reverie::test
