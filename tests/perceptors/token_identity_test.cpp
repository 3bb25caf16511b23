// OpenAI's vocabulary: the ids that open_clip's tokenizer gives.

#include <gtest/gtest.h>
#include <json/json.h>

#include <fstream>
#include <sstream>

#include "reverie/error.h"
#include "support/process.h"
#include "tokenizer.h"
#include "vocabulary.h"

namespace reverie::test {
namespace {

using Ids = std::vector<std::int64_t>;

/// What token_strings.py made, once for all tests.
struct Reference {
  Scratch scratch;
  std::filesystem::path strings = scratch / "strings.jsonl", vocabulary;
  Reference() {
    const Outcome made =
        run({REVERIE_TEST_PYTHON, REVERIE_TEST_FOLDER "/token_strings.py", strings.string()}, scratch.path());
    EXPECT_EQ(made.status, 0) << made.err << "\n(tools/setup_test_python.sh installs what the script needs)";
    vocabulary = made.out.substr(0, made.out.find('\n'));
  }
};

const Reference& reference() {
  static const Reference made;
  return made;
}

const clip::Tokenizer& tokenizer() {
  static const clip::Tokenizer made(clip::read_openai_merges(reference().vocabulary));
  return made;
}

/// The ids between start and end.
Ids inner(const std::string& text) {
  const Ids ids = tokenizer().encode(text);
  EXPECT_EQ(ids.front(), 49406);
  EXPECT_EQ(ids.back(), 49407);
  return Ids(ids.begin() + 1, ids.end() - 1);
}

// Computed from the vocabulary file when the facts on CLIP were gathered, by neither this program nor
// open_clip.
TEST(OpenaiVocabulary, CheckVectors) {
  EXPECT_EQ(tokenizer().vocabulary(), 49408);
  EXPECT_EQ(inner("hello world"), (Ids{3306, 1002}));
  EXPECT_EQ(inner("a diagram"), (Ids{320, 22697}));
  EXPECT_EQ(inner("a photo of a cat"), (Ids{320, 1125, 539, 320, 2368}));
  EXPECT_EQ(inner("The quick brown fox's 42 jumps!!"),
            (Ids{518, 3712, 2866, 3240, 568, 275, 273, 18911, 748}));
  EXPECT_EQ(inner("pytti-tools, v0.1"), (Ids{4005, 5237, 268, 5771, 267, 341, 271, 269, 272}));
  EXPECT_EQ(inner("I can't they'll"), (Ids{328, 753, 713, 889, 1342}));
  EXPECT_EQ(inner("café ☃ 日本語"), (Ids{15304, 1741, 481, 39121, 44353, 34002, 508}));
}

TEST(OpenaiVocabulary, SameIdsAsOpenClipForTenThousandStrings) {
  std::ifstream file(reference().strings);
  int count = 0, repaired = 0, different = 0;
  for (std::string line; std::getline(file, line); ++count) {
    Json::Value value;
    std::istringstream(line) >> value;
    Ids expected;
    for (const Json::Value& id : value["ids"]) expected.push_back(id.asInt64());
    repaired += value["repaired"].asBool() ? 1 : 0;
    if (inner(value["text"].asString()) == expected) continue;
    if (++different <= 10) ADD_FAILURE() << line;
  }
  EXPECT_EQ(different, 0);
  EXPECT_EQ(count, 10'000);
  EXPECT_LT(repaired, 500) << "of so many, open_clip itself gives other ids than the ones compared with";
}

TEST(OpenaiVocabulary, LongTextsAreNoProblem) {
  // A program that merged pair by pair over the whole word would need hours for the first.
  std::string word;
  for (std::int64_t i = 0; i < 200'000; ++i) word += static_cast<char>('a' + i * i % 23);
  EXPECT_GT(inner(word).size(), 10'000u);
  std::string words, references;
  for (int i = 0; i < 20'000; ++i) {
    words += "word" + std::to_string(i) + " ";
    references += "&amp;é";
  }
  EXPECT_GT(inner(words).size(), 20'000u);
  EXPECT_EQ(inner(references).size(), 2 * 20'000u) << "'&' and 'é' again and again";
}

std::string complaint(const std::filesystem::path& vocabulary) {
  try {
    clip::read_openai_merges(vocabulary);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::file);
    EXPECT_NE(error.advice().find("reverie models fetch clip-vocabulary"), std::string::npos);
    return error.what();
  }
  return "";
}

TEST(OpenaiVocabulary, DamageIsNoticed) {
  const Scratch scratch;
  const std::string whole = read_bytes(reference().vocabulary);
  EXPECT_NE(complaint(scratch / "absent").find("cannot be read"), std::string::npos);
  EXPECT_NE(complaint(scratch.write("cut", whole.substr(0, 100'000))), "");
  std::string flipped = whole;
  flipped[50'000] = static_cast<char>(flipped[50'000] ^ 0x55);
  EXPECT_NE(complaint(scratch.write("flipped", flipped)), "");
  EXPECT_NE(complaint(scratch.write("short", "#version\ni n\nt h\n")).find("3 lines"), std::string::npos);
  EXPECT_NE(complaint(scratch.write("other", "#version\nnot_a_pair\n")).find("line 2"), std::string::npos);
}

}  // namespace
}  // namespace reverie::test
