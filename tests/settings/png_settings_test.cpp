// Settings out of pictures, which libpng writes here.

#include <png.h>

#include "settings/settings_fixture.h"

namespace reverie::test {
namespace {

const std::string kSettings = "{\n  \"scenes\": \"caf\u00e9, 2\",\n  \"width\": 64\n}\n";

void append(png_structp png, png_bytep data, png_size_t size) {
  static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<char*>(data), size);
}

/// A grey picture with one text, before or behind its pixels.
std::string picture(const std::string& keyword, const std::string& text, int compression,
                    bool behind = false) {
  std::string bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_infop end = png_create_info_struct(png);
  png_set_write_fn(png, &bytes, append, nullptr);
  png_set_IHDR(png, info, 3, 2, 8, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  std::string name = keyword, words = text, nothing;
  png_text entry{};
  entry.compression = compression;
  entry.key = name.data();
  entry.text = words.data();
  entry.text_length = compression < PNG_ITXT_COMPRESSION_NONE ? words.size() : 0;
  entry.itxt_length = compression < PNG_ITXT_COMPRESSION_NONE ? 0 : words.size();
  entry.lang = nothing.data();
  entry.lang_key = nothing.data();
  if (!keyword.empty()) png_set_text(png, behind ? end : info, &entry, 1);
  png_write_info(png, info);
  png_byte row[3] = {0, 128, 255};
  for (int y = 0; y < 2; ++y) png_write_row(png, row);
  png_write_end(png, end);
  png_destroy_info_struct(png, &end);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

std::string problems_of(const std::string& bytes) {
  Read read = read_text(bytes, "picture.png");
  std::string text = report(read.problems);
  const std::size_t at = text.find(read.file);
  return at == std::string::npos ? text : text.replace(at, read.file.size(), "FILE");
}

TEST(PngSettings, OfEveryKindOfTextBeforeAndBehindThePixels) {
  for (const int kind : {PNG_TEXT_COMPRESSION_NONE, PNG_TEXT_COMPRESSION_zTXt, PNG_ITXT_COMPRESSION_NONE,
                         PNG_ITXT_COMPRESSION_zTXt}) {
    for (const bool behind : {false, true}) {
      const Read read = read_text(picture("reverie.settings", kSettings, kind, behind), "picture.jpg");
      EXPECT_EQ(report(read.problems), "") << kind;
      ASSERT_EQ(read.entries.size(), 2u) << kind;
      EXPECT_EQ(read.entries[0].name, "scenes");
      EXPECT_EQ(read.entries[0].value.text, "caf\u00e9, 2");
      EXPECT_EQ(read.entries[1].location.text(), read.file) << "a picture has no lines";
    }
  }
}

TEST(PngSettings, PicturesWithoutThem) {
  const std::string none =
      "FILE: is a PNG picture without settings in it: only those that Reverie wrote have them";
  EXPECT_EQ(problems_of(picture("", "", PNG_TEXT_COMPRESSION_NONE)), none);
  EXPECT_EQ(problems_of(picture("Comment", kSettings, PNG_TEXT_COMPRESSION_NONE)), none);
  EXPECT_EQ(problems_of(picture("reverie.settings2", kSettings, PNG_ITXT_COMPRESSION_NONE)), none);
}

TEST(PngSettings, DamagedPictures) {
  const std::string whole = picture("reverie.settings", kSettings, PNG_ITXT_COMPRESSION_NONE);
  const std::size_t text = whole.find("scenes\": ");
  ASSERT_NE(text, std::string::npos);
  std::string changed = whole;
  changed[text] = 'S';
  EXPECT_EQ(problems_of(changed), "FILE: is a PNG picture whose settings are damaged");
  EXPECT_EQ(problems_of(whole.substr(0, text)), "FILE: is a PNG picture whose settings are damaged");
  for (const std::size_t length : {8u, 12u, 20u, 33u, 36u})
    EXPECT_EQ(problems_of(whole.substr(0, length)),
              "FILE: is a PNG picture that was cut short, without settings in what is left of it");
  std::string squeezed = picture("reverie.settings", kSettings, PNG_TEXT_COMPRESSION_zTXt);
  EXPECT_EQ(problems_of(squeezed), "");
  // A text that claims to be gigabytes is not asked for.
  std::string huge = whole;
  huge.replace(whole.find("iTXt") - 4, 4, "\x7F\xFF\xFF\xFF");
  EXPECT_EQ(problems_of(huge), "FILE: is a PNG picture with a text of more than 16 MB");
}

TEST(PngSettings, CompressedTextThatGrowsBeyondTheLimit) {
  EXPECT_EQ(
      problems_of(picture("reverie.settings", std::string((16u << 20) + 1, ' '), PNG_TEXT_COMPRESSION_zTXt)),
      "FILE: is a PNG picture whose settings are damaged");
}

TEST(PngSettings, AnyChangedByteIsNoticedOrMattersNothing) {
  const Scratch scratch;
  for (const int kind : {PNG_ITXT_COMPRESSION_NONE, PNG_ITXT_COMPRESSION_zTXt}) {
    const std::string whole = picture("reverie.settings", kSettings, kind);
    for (std::size_t i = 8; i < whole.size(); ++i) {
      std::string changed = whole;
      changed[i] = static_cast<char>(changed[i] ^ 0x20);
      std::vector<Problem> problems;
      const std::vector<RawEntry> entries =
          read_settings_file(scratch.write("picture.png", changed), problems);
      if (!problems.empty()) continue;
      ASSERT_EQ(entries.size(), 2u) << i;
      EXPECT_EQ(entries[0].value.text, "caf\u00e9, 2") << i;
      EXPECT_EQ(entries[1].value.text, "64") << i;
    }
  }
}

TEST(PngSettings, MistakesInThem) {
  EXPECT_EQ(problems_of(picture("reverie.settings", " ", PNG_TEXT_COMPRESSION_NONE)),
            "FILE: is a PNG picture whose settings are empty");
  EXPECT_EQ(problems_of(picture("reverie.settings", "{\"scenes\": }", PNG_TEXT_COMPRESSION_NONE))
                .find("FILE: not valid JSON"),
            0u);
}

}  // namespace
}  // namespace reverie::test
