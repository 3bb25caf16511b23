// `reverie paint`: words in, a picture out.

#include "cli/real_program.h"
#include "support/scratch.h"

namespace reverie::test {
namespace {

/// Everything that takes time made small.
Words quick(Words words) {
  for (const char* word :
       {"width=32", "height=32", "cutouts=2", "steps_per_scene=2", "save_every=2", "seed=1"})
    words.push_back(word);
  words.push_back("perceptors=" + shipped_model());
  return words;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(Paint, MakesAPictureOfWordsAndNamesItsFile) {
  const Scratch scratch;
  const Outcome outcome = run(command("paint", quick({"a", "red heart"})), scratch.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto lines = lines_of(outcome.out);
  ASSERT_GE(lines.size(), 2u) << outcome.out;
  const Picture picture = read_png(scratch / lines[lines.size() - 2]);
  EXPECT_EQ(picture.width, 32);
  EXPECT_EQ(picture.height, 32);
}

TEST(Paint, SaysWhichSettingsMakeTheSamePicture) {
  const Scratch scratch;
  const Outcome outcome = run(command("paint", quick({"a red heart"})), scratch.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto lines = lines_of(outcome.out);
  ASSERT_GE(lines.size(), 2u);
  const auto quote = lines.back().find('\'');
  ASSERT_NE(quote, std::string::npos) << lines.back();
  const std::string file = lines.back().substr(quote + 1, lines.back().rfind('\'') - quote - 1);
  const Outcome again = render(scratch.path(), {file, "file_namespace=again"});
  ASSERT_EQ(again.status, 0) << again.err;
  const std::string painted = lines[lines.size() - 2];
  const Picture first = read_png(scratch / painted);
  const std::string number = painted.substr(painted.rfind('_'));
  const Picture second = read_png(scratch / ("images_out/again/again" + number));
  for (std::size_t c = 0; c < 3; ++c) EXPECT_DOUBLE_EQ(first.mean[c], second.mean[c]);
}

// ImageNet has tigers, and no hearts. Without a look, all words get the same settings; looks are made for
// photographs.
TEST(Paint, ChoosesPerceptorsByTheWordsAndTheLook) {
  for (const auto& [words, look, perceptor, limit] :
       {std::tuple{"a tiger", "", "\"tiny_lit_concepts\"", "0.22"},
        {"a red heart", "", "\"tiny_lit_concepts\"", "0.22"},
        {"a tiger", "paint", "\"tiny_lit\"", "0.12"},
        {"a red heart", "paint", "\"tiny_lit_concepts\"", "0.12"}}) {
    const Scratch scratch;
    Words given = {words, "width=32", "height=32", "cutouts=2", "steps_per_scene=1", "seed=1"};
    if (*look) given.push_back(std::string("preset=") + look);
    const Outcome outcome = run(command("paint", given), scratch.path());
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    const std::string settings = read_bytes(scratch / "images_out/paint/paint_settings.txt");
    EXPECT_TRUE(holds(settings, perceptor)) << settings;
    EXPECT_TRUE(holds(settings, std::string("\"saturation_limit\": ") + limit)) << settings;
  }
}

TEST(Paint, WithoutWordsIsAMistake) {
  const Scratch scratch;
  for (const Words& words : {Words{}, Words{"width=32"}}) {
    const Outcome outcome = run(command("paint", words), scratch.path());
    EXPECT_EQ(outcome.status, 2);
    EXPECT_NE(outcome.err.find("reverie paint"), std::string::npos) << outcome.err;
  }
}

TEST(Paint, KeepsQuotesAndSignsOfTheWords) {
  const Scratch scratch;
  const Outcome outcome = run(command("paint", quick({"a \"red\" heart, 'so' #1 \\ {x}"})), scratch.path());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
}

}  // namespace
}  // namespace reverie::test
