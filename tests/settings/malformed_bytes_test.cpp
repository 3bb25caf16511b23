// Files that are not text, or not a file: they are written here because editors and version control would
// mend them.

#include <gtest/gtest.h>

#include <random>

#include "support/process.h"

namespace reverie::test {
namespace {

/// Checks `bytes` as a settings file: refused, by itself, with `fragment` behind the file's name.
void expect_refused(const std::string& bytes, const std::string& fragment,
                    const std::string& name = "settings.yaml") {
  const Scratch scratch;
  const std::string file = scratch.write(name, bytes).string();
  const Outcome outcome = run({REVERIE_PROGRAM, "check", file}, scratch.path());
  EXPECT_EQ(outcome.signal, 0) << fragment;
  EXPECT_EQ(outcome.status, 2) << fragment;
  const std::size_t found = outcome.err.find(file + ":");
  ASSERT_NE(found, std::string::npos) << outcome.err.substr(0, 500);
  EXPECT_NE(outcome.err.find(fragment, found), std::string::npos) << outcome.err.substr(0, 500);
}

std::string wide(const std::string& text, std::size_t width, bool big_endian) {
  std::string result;
  for (const char c : text) {
    std::string unit(width, '\0');
    unit[big_endian ? width - 1 : 0] = c;
    result += unit;
  }
  return result;
}

std::string repeated(const std::string& text, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += text;
  return result;
}

const std::string kGood = "scenes: a red heart\nwidth: 64\n";

TEST(MalformedBytes, Utf16WithMark) {
  expect_refused("\xFF\xFE" + wide(kGood, 2, false), "UTF-16");
  expect_refused("\xFE\xFF" + wide(kGood, 2, true), "UTF-16");
}

TEST(MalformedBytes, Utf16AndUtf32WithoutMark) {
  expect_refused(wide(kGood, 2, false), "zero byte");
  expect_refused(wide(kGood, 2, true), "zero byte");
  expect_refused(wide(kGood, 4, true), "zero byte");
}

TEST(MalformedBytes, Latin1) {
  expect_refused("width: 64\nscenes: caf\xE9 au lait\n", ":2: is not encoded in UTF-8");
}

TEST(MalformedBytes, Utf8CutInsideACharacter) {
  expect_refused("scenes: caf\xC3", ":1: is not encoded in UTF-8");
}

TEST(MalformedBytes, ZeroByteInALine) {
  expect_refused(std::string("scenes: red\nwidth: 6\0004\n", 24), ":2: holds a zero byte");
}

TEST(MalformedBytes, EscapedZeroCharacter) {
  expect_refused("scenes: \"red \\0 heart\"\n", ":1: 'scenes' is");
  expect_refused("{\"scenes\": \"red \\u0000 heart\"}", ":1: 'scenes' is");
}

TEST(MalformedBytes, EmptyFiles) {
  expect_refused("", "is empty");
  expect_refused(" \n\t\r\n", "is empty");
  expect_refused("\xEF\xBB\xBF", "is empty");
}

TEST(MalformedBytes, Noise) {
  std::mt19937 random(7);
  for (int i = 0; i < 5; ++i) {
    std::string noise(4096, ' ');
    for (char& c : noise) c = static_cast<char>(random());
    expect_refused(noise, "");
  }
}

/// Everything a keyboard can type, in no order: readers of text are easier to upset than checks of bytes.
TEST(MalformedBytes, PrintableNoise) {
  std::mt19937 random(8);
  const std::string alphabet = "abc 123\n:-[]{}\"'#&*!|>%@`,?~$\\\t";
  for (int i = 0; i < 8; ++i) {
    std::string noise = i % 2 ? "{" : "";
    for (int k = 0; k < 600; ++k) noise += alphabet[random() % alphabet.size()];
    expect_refused(noise, "");
  }
}

TEST(MalformedBytes, Picture) {
  expect_refused(std::string("\x89PNG\r\n\x1A\n\0\0\0\rIHDR", 16), ": is a PNG picture that was cut short",
                 "picture.png");
  expect_refused("\xFF\xD8\xFF\xE0 a JPEG picture", ":1: ", "picture.jpg");
}

TEST(MalformedBytes, TooLarge) {
  const Scratch scratch;
  const std::filesystem::path file = scratch.write("large.yaml", kGood);
  std::filesystem::resize_file(file, 17u << 20);  // a hole: costs no disk
  const Outcome outcome = run({REVERIE_PROGRAM, "check", file.string()}, scratch.path());
  EXPECT_EQ(outcome.status, 2);
  EXPECT_NE(outcome.err.find("large.yaml: is larger than 16 MB"), std::string::npos) << outcome.err;
}

TEST(MalformedBytes, DeviceThatNeverEnds) {
  const Scratch scratch;
  const Outcome outcome = run({REVERIE_PROGRAM, "check", "/dev/zero"}, scratch.path());
  EXPECT_EQ(outcome.status, 2);
  EXPECT_NE(outcome.err.find("/dev/zero: is not an ordinary file"), std::string::npos) << outcome.err;
}

TEST(MalformedBytes, Nesting) {
  const std::size_t deep = 100'000;
  expect_refused("scenes: " + repeated("[", deep), "nested too deeply");
  expect_refused("scenes: " + repeated("{a: ", deep) + repeated("}", deep), "nested too deeply");
  expect_refused(repeated("- ", deep) + "a", "nested too deeply");
  expect_refused(repeated("? ", deep) + "a", "nested too deeply");
  expect_refused(repeated("{\"a\":", deep) + "1" + repeated("}", deep), "nested too deeply");
  expect_refused("{\"a\":" + repeated("[", deep), "nested too deeply");
  expect_refused("{'a':" + repeated("(", deep), "nested too deeply");
}

TEST(MalformedBytes, TextThatGrows) {
  expect_refused("scene_prefix: " + std::string(600'000, 'x') + "\nscenes: ${scene_prefix} ${scene_prefix}\n",
                 ":2: 'scenes': its text grows beyond 1 MB");
}

TEST(MalformedBytes, TextThatIsLong) {
  const std::string text(1'100'000, 'x');
  expect_refused("scenes: " + text + "\n", ":1: 'scenes': its text is longer than 1 MB");
  expect_refused("{\"scenes\": \"" + text + "\"}", ":1: 'scenes': its text is longer than 1 MB");
}

TEST(MalformedBytes, EndlessName) {
  expect_refused("scenes: red\n? " + std::string(100'000, 'n') + "\n: 1\n", ":2: there is no setting 'nnn");
}

TEST(MalformedPlaces, Missing) {
  const Scratch scratch;
  const Outcome outcome = run({REVERIE_PROGRAM, "check", "nowhere/settings.yaml"}, scratch.path());
  EXPECT_EQ(outcome.status, 2);
  EXPECT_NE(outcome.err.find("nowhere/settings.yaml: cannot be read: No such file or directory"),
            std::string::npos)
      << outcome.err;
}

TEST(MalformedPlaces, Folder) {
  const Scratch scratch;
  const Outcome outcome = run({REVERIE_PROGRAM, "check", scratch.path().string()}, scratch.path());
  EXPECT_EQ(outcome.status, 2);
  EXPECT_NE(outcome.err.find(scratch.path().string() + ": is a folder"), std::string::npos) << outcome.err;
}

TEST(MalformedPlaces, NameOutsideAscii) {
  expect_refused("width: wide\nscenes: red\n", ":1: 'width' is wide", "réglages ☃.yaml");
}

}  // namespace
}  // namespace reverie::test
