/// PNG sequence: each saved frame becomes <base>_<n>.png, 8 bits a channel.
///
/// A frame is written to a temporary file and renamed, so that no half-written picture is ever left under its
/// final name. Written with libpng rather than OpenCV because its start-up costs nothing.

#include <ATen/ATen.h>
#include <png.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "reverie/output_sink.h"
#include "reverie/plugin.h"

namespace reverie {
namespace {

class PngSequence final : public OutputSink {
 public:
  PngSequence(Host&, const Params&, const Setup& setup) : folder_(setup.folder), base_(setup.base_name) {}

  std::filesystem::path write(const at::Tensor& image, std::int64_t number) override {
    if (image.dim() != 4 || image.size(0) != 1 || image.size(1) != 3)
      throw Error(ErrorKind::plugin, "png_sequence takes pictures of shape [1, 3, H, W]");
    const std::filesystem::path path = folder_ / (base_ + "_" + std::to_string(number) + ".png");
    std::filesystem::path temporary = path;
    temporary += ".part";
    try {
      std::filesystem::create_directories(folder_);
    } catch (const std::filesystem::filesystem_error& error) {
      throw Error(ErrorKind::file,
                  "cannot create the output folder '" + folder_.string() + "': " + error.code().message());
    }
    // Rounded, so that 8-bit pictures survive a round trip.
    const at::Tensor bytes =
        (image[0].clamp(0, 1) * 255).round().to(at::kByte).permute({1, 2, 0}).contiguous();
    try {
      write_png(temporary, bytes);
      std::filesystem::rename(temporary, path);
    } catch (const std::exception& error) {
      std::error_code ignored;
      std::filesystem::remove(temporary, ignored);
      throw Error(ErrorKind::file, "cannot write '" + path.string() + "': " + error.what(),
                  "check free space and permissions");
    }
    return path;
  }

 private:
  static void write_png(const std::filesystem::path& path, const at::Tensor& rgb) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "wb"), &std::fclose);
    if (!file) throw std::runtime_error(std::strerror(errno));
    png_image header{};
    header.version = PNG_IMAGE_VERSION;
    header.width = static_cast<png_uint_32>(rgb.size(1));
    header.height = static_cast<png_uint_32>(rgb.size(0));
    header.format = PNG_FORMAT_RGB;
    if (!png_image_write_to_stdio(&header, file.get(), 0, rgb.const_data_ptr(), 0, nullptr))
      throw std::runtime_error(header.message);
    if (std::fflush(file.get()) != 0) throw std::runtime_error(std::strerror(errno));
  }

  std::filesystem::path folder_;
  std::string base_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(PngSequence, OutputSink, "png_sequence", "1.0", "one PNG file for each saved frame",
                      kNoParams);

}  // namespace reverie
