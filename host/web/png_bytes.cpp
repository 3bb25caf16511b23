#include "web/png_bytes.h"

#include <png.h>

#include <algorithm>
#include <vector>

#include "reverie/error.h"

namespace reverie {

std::string png_bytes(const at::Tensor& image) {
  const auto height = image.size(2), width = image.size(3);
  std::vector<png_byte> pixels(static_cast<std::size_t>(3 * height * width));
  // By hand: LibTorch's operators would start a pool of threads for each thread that asks for a picture.
  const float* values = image.const_data_ptr<float>();
  const std::int64_t channels = image.stride(1), rows = image.stride(2), columns = image.stride(3);
  png_byte* pixel = pixels.data();
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x)
      for (std::int64_t c = 0; c < 3; ++c)
        *pixel++ = static_cast<png_byte>(
            std::clamp(values[c * channels + y * rows + x * columns], 0.0f, 1.0f) * 255 + 0.5f);

  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(width);
  header.height = static_cast<png_uint_32>(height);
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

}  // namespace reverie
