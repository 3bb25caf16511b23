// No settings file makes the program slow, large, or fall: limits hold while a text is read.

#include <sys/resource.h>

#include "settings/limits.h"
#include "settings/settings_fixture.h"

namespace reverie::test {
namespace {

std::string repeated(const std::string& text, std::size_t count) {
  std::string result;
  result.reserve(text.size() * count);
  for (std::size_t i = 0; i < count; ++i) result += text;
  return result;
}

std::string problems_of(const std::string& text) {
  std::vector<Problem> problems;
  read_settings_text(text, "FILE", problems);
  return report(problems);
}

/// Peak memory of the process, in MB.
long peak() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

TEST(ReaderLimits, OfValuesAreTheSameInEveryLanguage) {
  const std::string most = repeated("1, ", 199'990) + "1", more = repeated("1, ", 200'010) + "1";
  EXPECT_EQ(problems_of("scenes: red\nperceptors: [" + most + "]"), "");
  EXPECT_EQ(problems_of("{\"scenes\": \"red\", \"perceptors\": [" + most + "]}"), "");
  EXPECT_EQ(problems_of("{'scenes': 'red', 'perceptors': [" + most + "]}"), "");
  for (const std::string& text :
       {"scenes: red\nperceptors: [" + more + "]", "{\"scenes\": \"red\",\n\"perceptors\": [" + more + "]}",
        "{'scenes': 'red',\n'perceptors': [" + more + "]}"}) {
    const std::string found = problems_of(text);
    EXPECT_EQ(found.rfind("FILE:2: ", 0), 0u) << found;
    EXPECT_NE(found.find("200,000 values"), std::string::npos) << found;
  }
}

TEST(ReaderLimits, OfNestingAreTheSameInEveryLanguage) {
  const auto nested = [](std::size_t depth) { return repeated("[", depth) + "1" + repeated("]", depth); };
  const std::size_t most = kDeepestNesting - 1;
  EXPECT_EQ(problems_of("scenes: red\nperceptors: " + nested(most)), "");
  EXPECT_EQ(problems_of("{\"perceptors\": " + nested(most) + "}"), "");
  EXPECT_EQ(problems_of("{'perceptors': " + nested(most) + "}"), "");
  for (const std::size_t depth : {most + 2, std::size_t{1000}, std::size_t{1'000'000}})
    for (const std::string& text :
         {"scenes: red\nperceptors: " + nested(depth), "{\"a\": 1,\n\"perceptors\": " + nested(depth) + "}",
          "{'a': 1,\n'perceptors': " + nested(depth) + "}",
          "scenes: red\nperceptors:\n" + repeated("- ", depth) + "1",
          "{\"a\": 1,\n\"perceptors\": " + repeated("{\"a\":", depth) + "1" + repeated("}", depth) + "}"})
      EXPECT_NE(problems_of(text).find("nested too deeply"), std::string::npos)
          << depth << " " << text.substr(0, 40);
}

TEST(ReaderLimits, DeepAliasesCountAsWhatTheyStandFor) {
  std::string text = "a0: &a0 [1]\n";
  for (int i = 1; i < 40; ++i)
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  EXPECT_NE(problems_of(text).find("nested too deeply"), std::string::npos);
}

/// 16 MB of anything: what is made of them is bounded.
TEST(ReaderLimits, TheLargestFilesCostLittle) {
  const std::size_t bytes = kMostSettingsBytes - 1000;
  [[maybe_unused]] const long before = peak();
  for (const std::string& text :
       {"scenes: [" + repeated("a,", bytes / 2) + "b]", "scenes:\n" + repeated("- a\n", bytes / 4),
        repeated("a: 1\n", bytes / 5), "scenes: '" + repeated("a ", bytes / 2) + "'",
        "scenes: " + repeated("a ", bytes / 2), "scenes: |\n" + repeated(" aaaaaaa\n", bytes / 9),
        repeated("# words\n", bytes / 8) + "scenes: red",
        "{\"scenes\": [" + repeated("1,", bytes / 2) + "1]}",
        "{\"scenes\": [" + repeated("{},", bytes / 3) + "1]}",
        "{\"scenes\": \"" + repeated("ab", bytes / 2) + "\"}",
        "{" + repeated("\"a\":1,", bytes / 6) + "\"b\":1}",
        "{'scenes': [" + repeated("1,", bytes / 2) + "1]}",
        "{'scenes': '" + repeated("\\x41", bytes / 4) + "'}", "scenes: {" + repeated("? ", bytes / 2) + "}",
        "scenes: " + repeated("&a ", bytes / 3), "scenes: " + repeated("{a: ", bytes / 4)}) {
    problems_of(text);
#if !defined(__SANITIZE_ADDRESS__)  // which keeps freed memory for a while
    EXPECT_LT(peak() - before, 400) << "MB, for " << text.substr(0, 20);
#endif
  }
}

}  // namespace
}  // namespace reverie::test
