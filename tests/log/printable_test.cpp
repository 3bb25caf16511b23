// Texts of strangers, shown without what a terminal would obey and without what lets somebody in.
#include "log/printable.h"

#include <gtest/gtest.h>

namespace reverie {
namespace {

using namespace std::string_literals;

TEST(Printable, PlainTextStaysAsItIs) {
  const std::string text = "a \"red\" hill:2 | Füße \xE2\x82\xAC \xF0\x9F\x98\x80\n\tsecond line \\ end";
  EXPECT_EQ(log::printable(text), text);
}

TEST(Printable, ControlCharactersAreEscaped) {
  EXPECT_EQ(log::printable("\x1b]0;TITLE\x07\x1b[31mred\r"), "\\x1b]0;TITLE\\x07\\x1b[31mred\\x0d");
  EXPECT_EQ(log::printable("before\0after"s), "before\\x00after");
  EXPECT_EQ(log::printable("\x7f"), "\\u007f");
  EXPECT_EQ(log::printable("\xC2\x9B"
                           "31m"),
            "\\u009b31m");  // the control sequence introducer as one character
  EXPECT_EQ(log::printable("\xE2\x80\xAE"
                           "gnp.exe"),
            "\\u202egnp.exe");
}

TEST(Printable, BytesThatAreNoUtf8AreEscaped) {
  EXPECT_EQ(log::printable("a\x9b"
                           "b\xff"),
            "a\\x9bb\\xff");
  EXPECT_EQ(log::printable("\xC0\x9B"), "\\xc0\\x9b");           // overlong
  EXPECT_EQ(log::printable("\xED\xA0\x80"), "\\xed\\xa0\\x80");  // half of a surrogate pair
  EXPECT_EQ(log::printable("\xE2\x82"), "\\xe2\\x82");           // cut short
  EXPECT_EQ(log::printable("\xF5\x80\x80\x80"), "\\xf5\\x80\\x80\\x80");
}

/// Of every text, what is left holds no control character, whatever a decoder makes of it.
TEST(Printable, NothingIsLeftThatATerminalObeys) {
  for (int first = 0; first < 256; ++first)
    for (int second = 0; second < 256; ++second) {
      const std::string text =
          log::printable_line(std::string{static_cast<char>(first), static_cast<char>(second), 'x'});
      for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        ASSERT_FALSE((byte < 0x20 && byte != '\t') || byte == 0x7F) << first << " " << second;
        // Bytes of 80 to 9F stand only inside characters, and behind C2 they would be control characters.
        if (byte < 0x80 || byte >= 0xC0) continue;
        ASSERT_GT(i, 0u) << first << " " << second;
        ASSERT_FALSE(byte < 0xA0 && static_cast<unsigned char>(text[i - 1]) == 0xC2)
            << first << " " << second;
      }
    }
}

TEST(Printable, ALineIsOneLine) {
  EXPECT_EQ(log::printable_line("one\ntwo"), "one\\ntwo");
  EXPECT_EQ(log::printable_line("one\xE2\x80\xA8two"), "one\\u2028two");
}

TEST(Credentials, OfAddressesAreHidden) {
  EXPECT_EQ(log::without_credentials("'https://me:secret@host.org:8080/a.png' could not be downloaded"),
            "'https://***@host.org:8080/a.png' could not be downloaded");
  EXPECT_EQ(log::without_credentials("HTTP://token@host"), "HTTP://***@host");
  EXPECT_EQ(log::without_credentials("https://u:p@ss@host/x"), "https://***@host/x");
  EXPECT_EQ(log::without_credentials("https://host/a.png?token=abc&size=3#part"),
            "https://host/a.png?token=***&size=***#part");
  EXPECT_EQ(log::without_credentials("https://host/a?secret"), "https://host/a?***");
  EXPECT_EQ(log::without_credentials("[https://a:b@c/d]:2|rtsp://e:f@g"), "[https://***@c/d]:2|rtsp://***@g");
}

TEST(Credentials, OfThisMachinesPagesStay) {
  for (const char* host : {"127.0.0.1", "localhost", "[::1]"}) {
    const std::string address = "http://" + std::string(host) + ":8080/?token=abc";
    EXPECT_EQ(log::without_credentials(address), address);
  }
  EXPECT_EQ(log::without_credentials("http://localhost.example/?token=abc"),
            "http://localhost.example/?token=***");
}

TEST(Credentials, OtherTextsStay) {
  for (const char* text : {"a cat: who? me@home.org", "https://host/a@b.png", "://x:y@z", "https://", ""})
    EXPECT_EQ(log::without_credentials(text), text);
}

TEST(Credentials, AreHiddenBeforeTheTextIsEscaped) {
  EXPECT_EQ(log::shown("https://me:pass\x1bword@host"), "https://***@host");
}

}  // namespace
}  // namespace reverie
