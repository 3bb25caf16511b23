// The conformance suite: what each interface's header promises, held against plugins.
//
// Without arguments of its own it runs over every plugin that is found, for this project's tests. With
// --plugin it is what `reverie plugins test` runs, once or, after a crash, again:
//
//   reverie-conformance --plugin FILE --report FD [--sample FILE] [--done TEST]... -- [name=value]...

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "conformance/report_listener.h"
#include "conformance/tested_plugin.h"
#include "fixtures/plugins_under_test.h"
#include "plugins/library_folder.h"
#include "plugins/plugin_call.h"
#include "support/device.h"

namespace reverie::test {
namespace {

struct Arguments {
  fs::path plugin, sample;
  int report = -1;
  std::vector<std::string> done, parameters;
};

Arguments read(int argc, char** argv) {
  Arguments result;
  int i = 1;
  for (; i + 1 < argc && std::string(argv[i]) != "--"; i += 2) {
    const std::string option = argv[i], value = argv[i + 1];
    if (option == "--plugin") result.plugin = value;
    if (option == "--sample") result.sample = value;
    if (option == "--report") result.report = std::atoi(value.c_str());
    if (option == "--done") result.done.push_back(value);
  }
  for (++i; i < argc; ++i) result.parameters.emplace_back(argv[i]);
  return result;
}

/// Models, samples and the host's own plugins lie in the installation that this program is part of.
void find_installation() {
  const fs::path prefix = fs::read_symlink("/proc/self/exe").parent_path().parent_path().parent_path();
  places.models = prefix / "share/reverie/models";
  places.samples = prefix / "share/reverie/conformance";
  places.plugin_folders = {library_folder(prefix) / "plugins"};
}

/// Tests of the interface itself that had a result.
int tests_of(const TestedPlugin& plugin) {
  const ::testing::UnitTest& all = *::testing::UnitTest::GetInstance();
  int count = 0;
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const ::testing::TestSuite& suite = *all.GetTestSuite(i);
    if (suite.name() == "All/" + plugin.interface + "Conformance")
      count += suite.successful_test_count() + suite.failed_test_count();
  }
  return count;
}

int test_one(const Arguments& arguments, int argc, char** argv) {
  report_to(arguments.report);
  find_installation();
  places.sample = arguments.sample;
  const TestedPlugin plugin = prepare_plugin(arguments.plugin, arguments.parameters);
  if (plugin.kind.empty()) return 1;
  std::string filter = "All/" + plugin.interface + "Conformance.*:All/DeclarationConformance.*";
  // These would take the sample for weights.
  const bool reads_sample = plugin.kind == FrameSource::kKind || plugin.kind == SoundSource::kKind;
  if (!reads_sample || places.sample.empty()) filter += ":WeightsConformance.*";
  for (const std::string& test : arguments.done) filter += (&test == &arguments.done[0] ? "-" : ":") + test;
  ::testing::GTEST_FLAG(filter) = filter;
  argc = 1;  // the rest is not GoogleTest's
  ::testing::InitGoogleTest(&argc, argv);
  report_tests();
  const int failed = RUN_ALL_TESTS();
  fs::remove_all(plugin.folder);
  if (arguments.done.empty() && tests_of(plugin) == 0)
    report({"untested",
            "its weights are not installed, and none of those that are fit it; name=PATH of its own "
            "parameter, or --sample FILE, names some"});
  report({"done"});
  return failed;
}

}  // namespace
}  // namespace reverie::test

int main(int argc, char** argv) {
  const reverie::PluginWatch watch;
  if (argc > 1 && std::string(argv[1]) == "--plugin")
    return reverie::test::test_one(reverie::test::read(argc, argv), argc, argv);
  reverie::test::find_installation();
  if (const char* reference = std::getenv("REVERIE_TEST_FIXTURES"))
    reverie::test::places.plugin_folders.emplace_back(reference);
  if (reverie::test::name_of_tested_device() != "cpu" && !reverie::test::there_is_a_card()) {
    std::puts("there is no card");
    return 0;
  }
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
