// CLIP's tokenizer with a list of merges short enough to apply by hand.

#include "tokenizer.h"

#include <gtest/gtest.h>

#include "reverie/error.h"
#include "unicode.h"

namespace reverie::test {
namespace {

using clip::Tokenizer;
using Ids = std::vector<std::int64_t>;
using Words = std::vector<std::string>;

// Ids 512 to 519 in this order.
const std::string kMerges =
    "h e\n"                    // 512
    "l l\n"                    // 513
    "he ll\n"                  // 514
    "hell o</w>\n"             // 515
    "t h\n"                    // 516
    "th e</w>\n"               // 517
    "\xC3\x83 \xC2\xA9</w>\n"  // 518: the bytes C3 A9 of an e with an acute accent, spelt as U+00C3 and
                               // U+00A9
    "a a\n";                   // 519
constexpr std::int64_t kStart = 520, kEnd = 521, kLast = 256;  // kLast: the symbol ends its word

/// Of printable ASCII, which '!' begins.
std::int64_t id(char c) { return c - '!'; }

/// The ids between start and end.
Ids inner(const std::string& text) {
  const Ids ids = Tokenizer(kMerges).encode(text);
  EXPECT_GE(ids.size(), 2u);
  EXPECT_EQ(ids.front(), kStart);
  EXPECT_EQ(ids.back(), kEnd);
  return Ids(ids.begin() + 1, ids.end() - 1);
}

TEST(TokenizerIds, Layout) {
  EXPECT_EQ(Tokenizer(kMerges).vocabulary(), 522);
  EXPECT_EQ(Tokenizer("").vocabulary(), 514);
  EXPECT_EQ(Tokenizer("").encode(""), (Ids{512, 513}));
  EXPECT_EQ(inner("!"), Ids{0 + kLast});
  EXPECT_EQ(inner("a"), Ids{64 + kLast}) << "320 in CLIP's own vocabulary too";
  EXPECT_EQ(inner("~"), Ids{93 + kLast});
  EXPECT_EQ(inner("!!"), (Ids{0, 0 + kLast}));
}

TEST(TokenizerIds, BytesBeyondAscii) {
  // Bytes A1..AC follow '~', then AE..FF, then 00..20, 7F..A0 and AD.
  const clip::BytePairEncoding plain("");
  const auto bytes = [&](const std::string& word) {
    Ids ids;
    plain.encode(word, ids);
    return ids;
  };
  EXPECT_EQ(bytes("\xC2\xA1"), (Ids{106 + 0xC2 - 0xAE, 94 + kLast}));
  EXPECT_EQ(bytes("\xC2\xAC"), (Ids{106 + 0xC2 - 0xAE, 94 + 11 + kLast}));
  EXPECT_EQ(bytes("\xC3\xBF"), (Ids{106 + 0xC3 - 0xAE, 106 + 0xBF - 0xAE + kLast}));
  EXPECT_EQ(bytes("\xC2\x80"), (Ids{106 + 0xC2 - 0xAE, 188 + 33 + 1 + kLast}));
  EXPECT_EQ(bytes("\xC2\xAD"), (Ids{106 + 0xC2 - 0xAE, 255 + kLast}));
  EXPECT_EQ(bytes("\x01"), Ids{188 + 1 + kLast});
  EXPECT_EQ(bytes("\x7F"), Ids{188 + 33 + kLast});
}

TEST(TokenizerMerges, InTheOrderOfTheList) {
  EXPECT_EQ(inner("hello"), Ids{515});                      // h e l l o> he l l o> he ll o> hell o> hello>
  EXPECT_EQ(inner("the"), Ids{517});                        // t h e>: "h e" is not "h e</w>"
  EXPECT_EQ(inner("he"), (Ids{id('h'), id('e') + kLast}));  // no merge ends a word here
  EXPECT_EQ(inner("hell"), (Ids{512, id('l'), id('l') + kLast}));  // he l l>: "l l" is not "l l</w>"
  EXPECT_EQ(inner("hella"), (Ids{514, id('a') + kLast}));
  EXPECT_EQ(inner("then"), (Ids{id('t'), 512, id('n') + kLast}));  // "h e" comes before "t h"
  EXPECT_EQ(inner("thin"), (Ids{516, id('i'), id('n') + kLast}));
}

TEST(TokenizerMerges, AllPlacesFromTheLeftWithoutOverlap) {
  EXPECT_EQ(inner("aaa"), (Ids{519, id('a') + kLast}));
  EXPECT_EQ(inner("aaaa"), (Ids{519, id('a'), id('a') + kLast}));
  EXPECT_EQ(inner("aaaaa"), (Ids{519, 519, id('a') + kLast}));
  EXPECT_EQ(inner("llhell"), (Ids{513, 512, id('l'), id('l') + kLast}));
}

TEST(TokenizerMerges, OfBytesOutsideAscii) { EXPECT_EQ(inner("\xC3\xA9"), Ids{518}); }

TEST(TokenizerWords, AreSplitLikeClipDoes) {
  EXPECT_EQ(Tokenizer::split("a red heart"), (Words{"a", "red", "heart"}));
  EXPECT_EQ(Tokenizer::split("4242"), (Words{"4", "2", "4", "2"}));
  EXPECT_EQ(Tokenizer::split("v2.10"), (Words{"v", "2", ".", "1", "0"}));
  EXPECT_EQ(Tokenizer::split("wow!!, ok"), (Words{"wow", "!!,", "ok"}));
  EXPECT_EQ(
      Tokenizer::split("it's don't they'll we've i'm you're he'd"),
      (Words{"it", "'s", "don", "'t", "they", "'ll", "we", "'ve", "i", "'m", "you", "'re", "he", "'d"}));
  EXPECT_EQ(Tokenizer::split("snake_case-word"), (Words{"snake", "_", "case", "-", "word"}));
  EXPECT_EQ(Tokenizer::split("caf\xC3\xA9 noir"), (Words{"caf\xC3\xA9", "noir"}));
  EXPECT_EQ(Tokenizer::split(""), Words{});
}

TEST(TokenizerWords, CaseAndSpaceAreEvenedOut) {
  EXPECT_EQ(Tokenizer::clean("  A  Red\n\tHeart "), "a red heart");
  EXPECT_EQ(inner(" HELLO \n the"), (Ids{515, 517}));
  EXPECT_EQ(inner(" \t "), Ids{});
}

TEST(TokenizerWords, NamesOfStartAndEnd) {
  EXPECT_EQ(inner("a <|startoftext|> <|EndOfText|><start_of_text>b<end_of_text>"),
            (Ids{64 + kLast, kStart, kEnd, kStart, 65 + kLast, kEnd}));
  EXPECT_EQ(inner("<|endoftext").size(), 2u + 9u) << "only the whole name counts";
}

TEST(TokenizerWords, TextIsRepaired) {
  EXPECT_EQ(Tokenizer::clean("P&EACUTE;REZ &amp;amp; &#x201C;Söhne&#x201D;"), "pérez & \"söhne\"");
  EXPECT_EQ(Tokenizer::clean("ＬＯＵＤ　ﬂuﬃer\x1B[31m \x07‘red’\r\n"), "loud fluffier 'red'");
  EXPECT_EQ(Tokenizer::clean("e\xCC\x81"), "é");
  EXPECT_EQ(Tokenizer::clean("ΟΔΟΣ ΣΟΦΟΣ"), "οδος σοφος");
  EXPECT_EQ(Tokenizer::clean("İ"), "i\xCC\x87");
}

TEST(TokenizerWords, NumbersOfAnyScriptStandAlone) {
  EXPECT_EQ(Tokenizer::split("٣٤½ⅷ日本"), (Words{"٣", "٤", "½", "ⅷ", "日本"}));
}

TEST(TokenizerMerges, AnyTextCanBeSpelt) {
  std::string everything;
  for (unsigned c = 1; c < 0x800; ++c) everything += clip::encode_utf8(clip::Text{static_cast<char32_t>(c)});
  for (const std::int64_t token : inner(everything)) {
    EXPECT_GE(token, 0);
    EXPECT_LT(token, kStart);
  }
}

TEST(TokenizerErrors, InvalidUtf8IsQuoted) {
  // A lone continuation byte, a cut character, a surrogate, a longer form than needed, beyond Unicode.
  for (const char* bad : {"red \x80 heart", "red heart \xC3", "red \xED\xA0\x80 heart", "red \xC0\xAF heart",
                          "red \xF4\x90\x80\x80 heart"}) {
    try {
      Tokenizer("").encode(bad);
      FAIL() << bad;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::settings);
      EXPECT_NE(std::string(error.what()).find("'red "), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find("UTF-8"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace reverie::test
