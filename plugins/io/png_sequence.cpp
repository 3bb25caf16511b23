/// PNG sequence: each saved frame becomes <base>_<n>.png, 8 bits a channel, with the run's settings in it.
///
/// The settings are an iTXt chunk with the keyword "reverie.settings". Nothing in a file depends on when it
/// was written: the same picture and settings give the same bytes. Where show_palette is on,
/// <base>_palette.png shows the present colours. Written with libpng rather than OpenCV because its start-up
/// costs nothing.

#include <ATen/ATen.h>
#include <png.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "reverie/atomic_file.h"
#include "reverie/output_sink.h"
#include "reverie/plugin.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    integer("frame_digits", 0)
        .range(0, 12)
        .unit("digits")
        .help("frame numbers are filled up with zeros to so many digits; 0 leaves them as they are"),
};

/// [1, 3, H, W] 0..1 to bytes [H, W, 3], rounded, so that 8-bit pictures survive a round trip.
at::Tensor to_bytes(const at::Tensor& image) {
  if (image.dim() != 4 || image.size(0) != 1 || image.size(1) != 3)
    throw Error(ErrorKind::plugin, "png_sequence takes pictures of shape [1, 3, H, W]");
  return (image[0].clamp(0, 1) * 255).round().to(at::kByte).permute({1, 2, 0}).cpu().contiguous();
}

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
  bool write(const at::Tensor& rgb, std::vector<png_text>& texts) {
    if (setjmp(png_jmpbuf(png))) return false;
    png_set_IHDR(png, info, static_cast<png_uint_32>(rgb.size(1)), static_cast<png_uint_32>(rgb.size(0)), 8,
                 PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_set_sRGB(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
    png_set_text(png, info, texts.data(), static_cast<int>(texts.size()));
    png_write_info(png, info);
    const png_byte* row = rgb.const_data_ptr<png_byte>();
    for (std::int64_t y = 0; y < rgb.size(0); ++y, row += rgb.stride(0)) png_write_row(png, row);
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

class PngSequence final : public OutputSink {
 public:
  PngSequence(Host&, const Params& params, const Setup& setup)
      : folder_(setup.folder),
        base_(setup.base_name),
        settings_(setup.settings),
        digits_(static_cast<std::size_t>(params.get<std::int64_t>("frame_digits"))) {}

  std::filesystem::path write(const at::Tensor& image, std::int64_t number) override {
    std::string text = std::to_string(number);
    text.insert(0, digits_ - std::min(digits_, text.size()), '0');
    const std::filesystem::path path = folder_ / (base_ + "_" + text + ".png");
    write_png(path, image);
    return path;
  }

  void display(const Picture&, const std::optional<at::Tensor>& palette, std::int64_t) override {
    if (!palette) return;
    constexpr std::int64_t kLargestSide = 2048, kLargestCell = 32;
    const std::int64_t longer = std::max<std::int64_t>({palette->size(2), palette->size(3), 1});
    const std::int64_t cell = std::clamp<std::int64_t>(kLargestSide / longer, 1, kLargestCell);
    write_png(folder_ / (base_ + "_palette.png"),
              palette->repeat_interleave(cell, 2).repeat_interleave(cell, 3));
  }

 private:
  void write_png(const std::filesystem::path& path, const at::Tensor& image) {
    const at::Tensor rgb = to_bytes(image);
    std::vector<png_text> texts = {text("Software", "Reverie", PNG_TEXT_COMPRESSION_NONE),
                                   text("reverie.settings", settings_.c_str(), PNG_ITXT_COMPRESSION_zTXt)};
    PngWriter writer;
    if (!writer.write(rgb, texts))
      throw Error(ErrorKind::plugin, "cannot make '" + path.string() + "': " + writer.problem);
    create_folder_of(path);
    write_atomically(path, {writer.bytes});
  }

  static png_text text(const char* keyword, const char* value, int compression) {
    png_text result{};
    result.compression = compression;
    result.key = const_cast<char*>(keyword);  // libpng reads it only
    result.text = const_cast<char*>(value);
    return result;
  }

  std::filesystem::path folder_;
  std::string base_, settings_;
  std::size_t digits_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(PngSequence, OutputSink, "png_sequence", "1.1", "one PNG file for each saved frame",
                      kParams);

}  // namespace reverie
