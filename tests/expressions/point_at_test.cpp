#include "expressions/point_at.h"

#include <gtest/gtest.h>

namespace reverie::test {
namespace {

TEST(PointAt, ShowsTheTextAndACaret) {
  EXPECT_EQ(point_at("1/0", 1), "1/0\n ^");
  EXPECT_EQ(point_at("1/0", 0), "1/0\n^");
  EXPECT_EQ(point_at("1/0", 3), "1/0\n   ^");
  EXPECT_EQ(point_at("1/0", 99), "1/0\n   ^");
  EXPECT_EQ(point_at("", 0), "\n^");
}

TEST(PointAt, CountsCharactersNotBytes) {
  const std::string umlaut = "\xC3\xA4", wide = "\xE6\xB0\xB4", accent = "e\xCC\x81",
                    emoji = "\xF0\x9F\x8E\xA8";
  EXPECT_EQ(point_at(umlaut + "/0", 2), umlaut + "/0\n ^");
  EXPECT_EQ(point_at(wide + "/0", 3), wide + "/0\n  ^");
  EXPECT_EQ(point_at(accent + "/0", 3), accent + "/0\n ^");
  EXPECT_EQ(point_at(emoji + "/0", 4), emoji + "/0\n  ^");
  // Inside a character is at it.
  EXPECT_EQ(point_at("a" + wide + "b", 2), "a" + wide + "b\n ^");
}

TEST(PointAt, KeepsToOneLineOfText) {
  EXPECT_EQ(point_at("a\n\tb", 3), "a  b\n   ^");
  EXPECT_EQ(point_at("a\xFFz", 2), "a?z\n  ^");
  EXPECT_EQ(point_at("a\xE2\x80\xA8z", 4), "a z\n  ^");  // a line separator
  EXPECT_EQ(point_at(std::string("a\0\x1B[1m", 6), 1), "a  [1m\n ^");
}

TEST(PointAt, KeepsTheSurroundingsOfThePlaceInALongText) {
  const std::string text = std::string(500, 'x') + "!" + std::string(500, 'y');
  const std::string shown = point_at(text, 500);
  const std::size_t line = shown.find('\n');
  ASSERT_NE(line, std::string::npos);
  EXPECT_LE(line, 90u);
  EXPECT_TRUE(shown.starts_with("...x"));
  EXPECT_EQ(shown.substr(line - 4, 4), "y...");
  const std::size_t caret = shown.size() - 1 - (line + 1);
  EXPECT_EQ(shown[caret], '!');

  const std::string begin = point_at(text, 3), end = point_at(text, text.size());
  EXPECT_TRUE(begin.starts_with("xxx"));
  EXPECT_TRUE(begin.ends_with("...\n   ^"));
  EXPECT_EQ(end.find('\n'), end.size() - 1 - (end.find('\n') + 1));
}

}  // namespace
}  // namespace reverie::test
