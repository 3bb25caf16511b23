#include "web/png_bytes.h"

#include <png.h>

#include <algorithm>

#include "reverie/error.h"

namespace reverie::web {

namespace {

/// By hand: LibTorch's operators would start a pool of threads for each thread that asks for a picture.
template <typename Value, typename Round>
std::string interleaved(const at::Tensor& image, const Round& round) {
  const auto height = image.size(2), width = image.size(3);
  std::string pixels(static_cast<std::size_t>(3 * height * width), '\0');
  const Value* values = image.const_data_ptr<Value>();
  const std::int64_t channels = image.stride(1), rows = image.stride(2), columns = image.stride(3);
  char* pixel = pixels.data();
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x)
      for (std::int64_t c = 0; c < 3; ++c)
        *pixel++ = static_cast<char>(round(values[c * channels + y * rows + x * columns]));
  return pixels;
}

}  // namespace

std::string rgb_bytes(const at::Tensor& image) {
  if (image.scalar_type() == at::kByte)
    return interleaved<std::uint8_t>(image, [](std::uint8_t value) { return value; });
  return interleaved<float>(image, [](float value) {
    return static_cast<std::uint8_t>(std::clamp(value, 0.0f, 1.0f) * 255 + 0.5f);
  });
}

std::string png_bytes(const at::Tensor& image) {
  const std::string pixels = rgb_bytes(image);
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(image.size(3));
  header.height = static_cast<png_uint_32>(image.size(2));
  header.format = PNG_FORMAT_RGB;
  header.flags = PNG_IMAGE_FLAG_FAST;
  std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(header), '\0');
  png_alloc_size_t size = bytes.size();
  if (!png_image_write_to_memory(&header, bytes.data(), &size, 0, pixels.data(), 0, nullptr))
    throw Error(ErrorKind::plugin, std::string("cannot encode a picture as PNG: ") + header.message);
  bytes.resize(size);
  bytes.shrink_to_fit();
  return bytes;
}

}  // namespace reverie::web
