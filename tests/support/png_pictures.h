#pragma once
// PNG pictures as other programs write them.

#include <gtest/gtest.h>
#include <png.h>

#include <filesystem>
#include <vector>

namespace reverie::test {

/// 8-bit `pixels`, row by row: grey ones, or red, green and blue, by their number.
inline void write_png(const std::filesystem::path& path, int width, int height,
                      const std::vector<unsigned char>& pixels) {
  const auto area = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  ASSERT_TRUE(pixels.size() == area || pixels.size() == 3 * area);
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(width);
  header.height = static_cast<png_uint_32>(height);
  header.format = pixels.size() == area ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  ASSERT_TRUE(png_image_write_to_file(&header, path.c_str(), 0, pixels.data(), 0, nullptr));
}

}  // namespace reverie::test
