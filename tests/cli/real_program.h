#pragma once
// The real program as an artist runs it, and the pictures it leaves.

#include <gtest/gtest.h>
#include <png.h>

#include <array>
#include <cstring>

#include "support/process.h"

namespace reverie::test {

namespace fs = std::filesystem;

inline fs::path prefix() { return fs::path(REVERIE_PROGRAM).parent_path().parent_path(); }

/// One of the shipped models: the first by name, so that every test uses the same.
inline std::string shipped_model() {
  std::string first;
  for (const auto& entry : fs::directory_iterator(prefix() / "share/reverie/models")) {
    const std::string name = entry.path().stem().string();
    if (entry.path().extension() == ".safetensors" && (first.empty() || name < first)) first = name;
  }
  return first;
}

/// A picture small enough to be rendered in moments.
inline Words tiny(const std::string& scenes, const Words& more = {}) {
  Words words = {"scenes=" + scenes,
                 "perceptors=" + shipped_model(),
                 "width=64",
                 "height=64",
                 "cutouts=4",
                 "steps_per_scene=4",
                 "seed=1"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

inline Words command(const std::string& name, Words words, const fs::path& program = REVERIE_PROGRAM) {
  words.insert(words.begin(), {program.string(), name});
  return words;
}

inline Outcome render(const fs::path& folder, const Words& words) {
  return run(command("render", words), folder);
}

struct Picture {
  std::int64_t width = 0, height = 0;
  std::array<double, 3> mean{};       ///< of red, green, blue, 0..255
  std::vector<unsigned char> pixels;  ///< red, green, blue, row by row
};

/// Decodes the whole file, so that a damaged one is noticed wherever it is damaged.
inline Picture read_png(const fs::path& path) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  Picture picture;
  EXPECT_TRUE(png_image_begin_read_from_file(&header, path.c_str())) << path << ": " << header.message;
  if (header.opaque == nullptr) return picture;
  header.format = PNG_FORMAT_RGB;
  std::vector<unsigned char> pixels(PNG_IMAGE_SIZE(header));
  EXPECT_TRUE(png_image_finish_read(&header, nullptr, pixels.data(), 0, nullptr))
      << path << ": " << header.message;
  EXPECT_EQ(header.warning_or_error, 0u) << path << ": " << header.message;
  picture.width = header.width;
  picture.height = header.height;
  for (std::size_t i = 0; i < pixels.size(); ++i)
    picture.mean[i % 3] += 3.0 * pixels[i] / static_cast<double>(pixels.size());
  picture.pixels = std::move(pixels);
  return picture;
}

/// Names of the files below a folder, sorted, relative to it.
inline Words files_below(const fs::path& folder) {
  Words names;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (!entry.is_directory()) names.push_back(fs::relative(entry.path(), folder).string());
  std::sort(names.begin(), names.end());
  return names;
}

inline bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace reverie::test
