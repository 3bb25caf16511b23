#include "png_file.h"

#include <ATen/ATen.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <vector>

#include "reverie/atomic_file.h"

namespace reverie::io {
namespace {

/// Red, green, blue and opacity of each pixel.
std::vector<std::uint8_t> with_opacity(const at::Tensor& image) {
  const Pixels8 colours = pixels_of(image.narrow(1, 0, 3)),
                opacity = pixels_of(image.narrow(1, 3, 1).expand({1, 3, -1, -1}));
  std::vector<std::uint8_t> bytes;
  bytes.reserve(colours.rgb.size() / 3 * 4);
  for (std::size_t i = 0; i < colours.rgb.size(); i += 3)
    bytes.insert(bytes.end(), {colours.rgb[i], colours.rgb[i + 1], colours.rgb[i + 2], opacity.rgb[i]});
  return bytes;
}

/// Two bytes for each of the values of [1, C, H, W] 0..1, the higher first, pixel by pixel.
std::vector<std::uint8_t> to_16_bits(const at::Tensor& image) {
  const at::Tensor values = (image[0].clamp(0, 1) * 65535).round().to(at::kInt).permute({1, 2, 0}).cpu();
  const at::Tensor high = at::floor_divide(values, 256), low = at::remainder(values, 256);
  const at::Tensor bytes = at::stack({high, low}, 3).to(at::kByte).contiguous();
  const auto* first = bytes.const_data_ptr<std::uint8_t>();
  return {first, first + bytes.numel()};
}

/// Red, green, blue and perhaps opacity of each pixel, as the file is to have them.
struct Rows {
  const std::vector<std::uint8_t>& bytes;
  std::int64_t width, height;
  int bits;  ///< a channel
  int channels = 3;
};

struct PngWriter {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::string bytes;    ///< the file so far
  std::string problem;  ///< why libpng gave up

  PngWriter() {
    png = png_create_write_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning);
    if (png) info = png_create_info_struct(png);
    if (!info) throw std::bad_alloc();
    png_set_write_fn(png, this, on_bytes, nullptr);
  }
  PngWriter(const PngWriter&) = delete;
  ~PngWriter() { png_destroy_write_struct(&png, &info); }

  /// False when libpng gave up. It then jumps here, over code that must have nothing to clean up.
  bool write(const Rows& rows, std::vector<png_text>& texts) {
    if (setjmp(png_jmpbuf(png))) return false;
    png_set_IHDR(png, info, static_cast<png_uint_32>(rows.width), static_cast<png_uint_32>(rows.height),
                 rows.bits, rows.channels == 4 ? PNG_COLOR_TYPE_RGB_ALPHA : PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_sRGB(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
    png_set_text(png, info, texts.data(), static_cast<int>(texts.size()));
    png_write_info(png, info);
    const png_byte* row = rows.bytes.data();
    for (std::int64_t y = 0; y < rows.height; ++y, row += rows.channels * rows.width * rows.bits / 8)
      png_write_row(png, row);
    png_write_end(png, info);
    return true;
  }

 private:
  static void on_error(png_structp png, png_const_charp message) {
    static_cast<PngWriter*>(png_get_error_ptr(png))->problem = message;
    png_longjmp(png, 1);
  }
  static void on_warning(png_structp, png_const_charp) {}
  static void on_bytes(png_structp png, png_bytep data, png_size_t size) {
    static_cast<PngWriter*>(png_get_io_ptr(png))->bytes.append(reinterpret_cast<const char*>(data), size);
  }
};

/// Reads the rows of a file as write_png() leaves them, with opacity added where there is none.
struct PngReader {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::FILE* file = nullptr;
  std::vector<std::uint8_t> bytes;
  std::size_t width = 0, height = 0;
  int bits = 8;

  explicit PngReader(const std::filesystem::path& path) : file(std::fopen(path.c_str(), "rbe")) {
    png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, on_error, on_warning);
    if (png) info = png_create_info_struct(png);
    if (!info) throw std::bad_alloc();
  }
  PngReader(const PngReader&) = delete;
  ~PngReader() {
    png_destroy_read_struct(&png, &info, nullptr);
    if (file) std::fclose(file);
  }

  /// False when it is no such file. libpng then jumps here, over code that must have nothing to clean up.
  bool read() {
    if (!file || setjmp(png_jmpbuf(png))) return false;
    png_init_io(png, file);
    png_read_info(png, info);
    bits = png_get_bit_depth(png, info);
    width = png_get_image_width(png, info);
    height = png_get_image_height(png, info);
    const int type = png_get_color_type(png, info);
    if ((bits != 8 && bits != 16) || (type != PNG_COLOR_TYPE_RGB && type != PNG_COLOR_TYPE_RGB_ALPHA))
      return false;
    png_set_add_alpha(png, (1U << static_cast<unsigned>(bits)) - 1, PNG_FILLER_AFTER);
    png_read_update_info(png, info);
    const std::size_t row = png_get_rowbytes(png, info);
    bytes.resize(row * height);
    for (std::size_t y = 0; y < height; ++y) png_read_row(png, bytes.data() + y * row, nullptr);
    return true;
  }

 private:
  static void on_error(png_structp png, png_const_charp) { png_longjmp(png, 1); }
  static void on_warning(png_structp, png_const_charp) {}
};

png_text text(const char* keyword, const char* value, int compression) {
  png_text result{};
  result.compression = compression;
  result.key = const_cast<char*>(keyword);  // libpng reads it only
  result.text = const_cast<char*>(value);
  return result;
}

std::string png_file(const Rows& rows, const std::string* settings) {
  std::vector<png_text> texts = {text("Software", "Reverie", PNG_TEXT_COMPRESSION_NONE)};
  if (settings) texts.push_back(text("reverie.settings", settings->c_str(), PNG_ITXT_COMPRESSION_zTXt));
  PngWriter writer;
  if (!writer.write(rows, texts)) throw Error(ErrorKind::plugin, "cannot make a PNG file: " + writer.problem);
  return std::move(writer.bytes);
}

}  // namespace

std::filesystem::path frame_path(const std::filesystem::path& folder, const std::string& base,
                                 std::int64_t number, std::int64_t digits) {
  std::string text = std::to_string(number);
  const auto wanted = static_cast<std::size_t>(digits);
  text.insert(0, wanted - std::min(wanted, text.size()), '0');
  return folder / (base + "_" + text + ".png");
}

at::Tensor read_png_with_opacity(const std::filesystem::path& path) {
  PngReader reader(path);
  if (!reader.read()) throw Error(ErrorKind::file, "'" + path.string() + "' cannot be read back");
  const auto height = static_cast<std::int64_t>(reader.height),
             width = static_cast<std::int64_t>(reader.width);
  at::Tensor bytes =
      at::from_blob(reader.bytes.data(), {height, width, 4, reader.bits / 8}, at::kByte).to(at::kFloat);
  const at::Tensor values =
      reader.bits == 8 ? bytes.select(3, 0) / 255 : (bytes.select(3, 0) * 256 + bytes.select(3, 1)) / 65535;
  return values.permute({2, 0, 1}).unsqueeze(0).contiguous();
}

std::optional<PngSize> png_size(const std::filesystem::path& path) {
  // The signature, and the first chunk: its length, its name, width and height.
  std::array<unsigned char, 24> head{};
  std::ifstream file(path, std::ios::binary);
  if (!file.read(reinterpret_cast<char*>(head.data()), head.size()) || png_sig_cmp(head.data(), 0, 8) != 0 ||
      !std::equal(head.begin() + 12, head.begin() + 16, "IHDR"))
    return std::nullopt;
  const auto number = [&](std::size_t at) {
    std::int64_t result = 0;
    for (std::size_t i = at; i < at + 4; ++i) result = result * 256 + head[i];
    return result;
  };
  return PngSize{number(16), number(20)};
}

std::string png_of(const at::Tensor& image, int bits, const std::string& settings) {
  if (image.dim() != 4 || image.size(0) != 1 || (image.size(1) != 3 && image.size(1) != 4))
    throw Error(ErrorKind::plugin, "PNG files take pictures of shape [1, 3, H, W], or [1, 4, H, W]");
  const std::vector<std::uint8_t> rows = bits != 8            ? to_16_bits(image)
                                         : image.size(1) == 3 ? pixels_of(image).rgb
                                                              : with_opacity(image);
  return png_file({rows, image.size(3), image.size(2), bits, static_cast<int>(image.size(1))}, &settings);
}

void write_png(const std::filesystem::path& path, const at::Tensor& image, int bits,
               const std::string& settings) {
  const std::string bytes = png_of(image, bits, settings);
  create_folder_of(path);
  write_atomically(path, {bytes});
}

std::string png_of(const Pixels8& pixels, const std::string& settings) {
  return png_file({pixels.rgb, pixels.width, pixels.height, 8, 3}, settings.empty() ? nullptr : &settings);
}

}  // namespace reverie::io
