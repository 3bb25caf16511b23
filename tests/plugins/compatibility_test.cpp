// Every way to be broken is found, named with its reason, and none of the plugin's functions is called.

#include <dlfcn.h>
#include <sys/stat.h>

#include "fixtures/plugins_under_test.h"

namespace reverie::test {
namespace {

using ::testing::Test;
using ::testing::TestWithParam;
using State = PluginFile::State;

const PluginFile* file_in(const PluginRegistry& registry, const std::string& name) {
  for (const PluginFile& file : registry.files())
    if (file.name == name) return &file;
  return nullptr;
}

struct Fault {
  const char* name;
  std::vector<std::string> words;  // of the reason: what the plugin says and what the host says
};

class BrokenPlugin : public TestWithParam<Fault> {};

TEST_P(BrokenPlugin, IsRejectedWithItsReasonAndNeverCalled) {
  const PluginRegistry registry({kFixtures / "broken"});
  const PluginFile* file = file_in(registry, GetParam().name);
  ASSERT_TRUE(file) << "the fixture was not built";
  EXPECT_EQ(file->state, State::rejected);
  EXPECT_EQ(file->descriptor, nullptr);
  for (const std::string& word : GetParam().words)
    EXPECT_NE(file->reason.find(word), std::string::npos) << file->reason;

  const Error error = error_of([&] { registry.find(file->kind, file->name); });
  EXPECT_EQ(error.kind(), ErrorKind::plugin);
  EXPECT_NE(std::string(error.what()).find(file->path.string()), std::string::npos) << error.what();
  EXPECT_NE(std::string(error.what()).find(file->reason), std::string::npos) << error.what();
  EXPECT_EQ(std::getenv("REVERIE_FIXTURE_CREATED"), nullptr);
}

const std::string kHostAbi = "host " + std::to_string(kSdkAbi);
const std::string kOurLibTorch = std::string("host ") + TORCH_VERSION;

INSTANTIATE_TEST_SUITE_P(
    All, BrokenPlugin,
    testing::Values(
        Fault{"no_descriptor", {"not a Reverie plugin", "reverie_plugin_descriptor"}},
        Fault{"hidden_descriptor", {"not a Reverie plugin", "reverie_plugin_descriptor"}},
        Fault{"newer_sdk", {"SDK ABI", "plugin " + std::to_string(kSdkAbi + 1), kHostAbi, "newer Reverie"}},
        Fault{"older_sdk", {"SDK ABI", "plugin " + std::to_string(kSdkAbi - 1), kHostAbi, "rebuilt"}},
        Fault{"build_info_size",
              {"BuildInfo", "plugin " + std::to_string(sizeof(BuildInfo) + 8),
               "host " + std::to_string(sizeof(BuildInfo))}},
        Fault{"descriptor_size",
              {"PluginDescriptor", "plugin " + std::to_string(sizeof(PluginDescriptor) - 8),
               "host " + std::to_string(sizeof(PluginDescriptor))}},
        Fault{"other_interface", {"interface version of image_models", "plugin 4", "host 3"}},
        Fault{"other_libtorch", {"LibTorch", "plugin 1.13.1", kOurLibTorch}},
        Fault{"other_standard_library", {"standard library", "plugin libc++", "host libstdc++"}},
        Fault{"other_pointer_size", {"pointer size", "plugin 4", "host 8"}},
        Fault{"other_tensor",
              {"size of a tensor: plugin 24, host 8", "alignment of a tensor: plugin 16, host 8"}},
        Fault{"other_param_spec",
              {"ParamSpec", "plugin " + std::to_string(sizeof(ParamSpec) + 8),
               "host " + std::to_string(sizeof(ParamSpec))}},
        Fault{"other_setup",
              {"Setup", "plugin " + std::to_string(sizeof(ImageModel::Setup) + 8),
               "host " + std::to_string(sizeof(ImageModel::Setup))}},
        Fault{"other_structs", {"structs that calls pass", "plugin 48", "host 40"}},
        Fault{"wrong_kind", {"'losses'", "'image_models'"}},
        Fault{"unknown_kind", {"'paintings'", "'image_models'"}},
        Fault{"wrong_name", {"'another_name'", "file's name"}}, Fault{"no_name", {"incomplete", "no name"}},
        Fault{"no_create", {"incomplete", "no create"}}, Fault{"no_roles", {"incomplete", "no roles"}},
        Fault{"undefined_symbol", {"undefined symbol: reverie_fixture_function_that_nobody_defines"}}),
    [](const auto& info) { return std::string(info.param.name); });

// Without this, a change of the SDK could make each of the fixtures fail for the wrong reason.
TEST(Compatibility, TheFixturesWithoutAFaultAreAccepted) {
  const PluginRegistry registry({kFixtures / "broken"});
  const PluginFile& healthy = registry.find("image_models", "healthy");
  EXPECT_TRUE(healthy.warnings.empty()) << healthy.warnings.front();
}

TEST(Compatibility, EveryFixtureIsExpectedToBeRejectedOrAccepted) {
  std::set<std::string> known = {"healthy",     "other_compiler", "borrowed_name",    "first_role",
                                 "second_role", "throws_error",   "throws_exception", "throws_number"};
  const PluginRegistry registry({kFixtures / "broken"});
  for (const PluginFile& file : registry.files())
    EXPECT_EQ(file.state == State::usable, known.count(file.name) > 0) << file.name;
}

TEST(Compatibility, DifferencesThatUsuallyWorkAreWarnings) {
  const PluginRegistry registry({kFixtures / "broken"});
  const PluginFile& file = registry.find("image_models", "other_compiler");
  ASSERT_EQ(file.warnings.size(), 3u);
  EXPECT_NE(file.warnings[0].find("plugin Fortran 77, host "), std::string::npos) << file.warnings[0];
  EXPECT_NE(file.warnings[1].find("debug"), std::string::npos) << file.warnings[1];
  EXPECT_NE(file.warnings[2].find("sanitizer"), std::string::npos) << file.warnings[2];
}

TEST(Compatibility, NoCodeOfALibraryWithoutDescriptorRuns) {
  const char* trace = "REVERIE_FIXTURE_LOADED_no_descriptor";
  ::unsetenv(trace);
  const PluginRegistry registry({kFixtures / "broken"});
  EXPECT_EQ(std::getenv(trace), nullptr);
  // The trace itself works: this is what the registry did not do.
  ASSERT_TRUE(::dlopen((kFixtures / "broken/image_models/no_descriptor.so").c_str(), RTLD_NOW | RTLD_LOCAL));
  EXPECT_NE(std::getenv(trace), nullptr);
}

// The limit of what can be promised: BuildInfo can only be read from a loaded library, and loading one runs
// its static initialisers. After that nothing of a rejected library is called.
TEST(Compatibility, OfALibraryOfAnotherBuildOnlyStaticInitialisersRun) {
  const PluginRegistry registry({kFixtures / "broken"});
  EXPECT_NE(std::getenv("REVERIE_FIXTURE_LOADED_other_libtorch"), nullptr);
  EXPECT_EQ(std::getenv("REVERIE_FIXTURE_CREATED"), nullptr);
}

/// Files that are not libraries, made on the spot.
class NoLibrary : public Test {
 protected:
  NoLibrary() { fs::create_directories(folder_ / "image_models"); }
  fs::path file(const std::string& name = "it") const { return folder_ / "image_models" / (name + ".so"); }
  void write(const std::string& bytes) const { std::ofstream(file(), std::ios::binary) << bytes; }

  void expect_rejected(const std::string& word) const {
    const PluginRegistry registry({folder_.path()});
    ASSERT_EQ(registry.files().size(), 1u);
    const PluginFile& found = registry.files().front();
    EXPECT_EQ(found.state, State::rejected);
    EXPECT_NE(found.reason.find(word), std::string::npos) << found.reason;
  }

  TemporaryFolder folder_;
};

TEST_F(NoLibrary, Text) {
  write("this is not a library\n");
  expect_rejected("not a shared library");
}

TEST_F(NoLibrary, Empty) {
  write("");
  expect_rejected("not a shared library");
}

TEST_F(NoLibrary, ForeignSystem) {
  write("MZ" + std::string(4096, '\0'));
  expect_rejected("not a shared library");
}

TEST_F(NoLibrary, TruncatedAnywhere) {
  const std::string whole = contents(kFixtures / "broken/image_models/healthy.so");
  ASSERT_GT(whole.size(), 4096u);
  for (int part = 0; part < 32; ++part) {
    write(whole.substr(0, whole.size() * static_cast<std::size_t>(part) / 32));
    SCOPED_TRACE(part);
    expect_rejected("not a shared library");
  }
  write(whole.substr(0, whole.size() - 1));
  expect_rejected("not a shared library");
}

TEST_F(NoLibrary, Directory) {
  fs::create_directory(file());
  expect_rejected("not a file");
}

TEST_F(NoLibrary, DanglingLink) {
  fs::create_symlink("nowhere", file());
  expect_rejected("cannot be read: No such file");
}

TEST_F(NoLibrary, LinkToItself) {
  fs::create_symlink(file(), file());
  expect_rejected("cannot be read: Too many levels");
}

TEST_F(NoLibrary, PipeDoesNotHoldUpTheSearch) {
  ASSERT_EQ(::mkfifo(file().c_str(), 0600), 0);
  expect_rejected("not a file");
}

TEST_F(NoLibrary, Unreadable) {
  if (::geteuid() == 0) GTEST_SKIP() << "everything is readable to root";
  fs::copy_file(kFixtures / "broken/image_models/healthy.so", file("healthy"));
  fs::permissions(file("healthy"), fs::perms::none);
  expect_rejected("cannot be read: Permission denied");
}

}  // namespace
}  // namespace reverie::test
