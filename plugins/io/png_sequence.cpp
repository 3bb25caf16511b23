/// PNG sequence: each saved frame becomes <base>_<n>.png, 8 or 16 bits a channel, with the run's settings in
/// it.
///
/// Where the image model knows its picture as a vector drawing, <base>_<n>.svg is that.
///
/// Where show_palette is on, <base>_palette.png shows the present colours. Written with libpng rather than
/// OpenCV because its start-up costs nothing.

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>

#include "png_file.h"
#include "reverie/atomic_file.h"
#include "reverie/output_sink.h"
#include "reverie/plugin.h"
#include "reverie/takes_opacity.h"
#include "reverie/vector_drawing.h"

namespace reverie::io {
namespace {

constexpr ParamSpec kParams[] = {kFrameDigits, kPngBits};

class PngSequence final : public OutputSink, public TakesOpacity, public TakesDrawing {
 public:
  PngSequence(Host&, const Params& params, const Setup& setup)
      : folder_(setup.folder),
        base_(setup.base_name),
        settings_(setup.settings),
        digits_(params.get<std::int64_t>("frame_digits")),
        bits_(png_bits(params)) {}

  std::filesystem::path write(const at::Tensor& image, std::int64_t number) override {
    const std::filesystem::path path = frame_path(folder_, base_, number, digits_);
    write_png(path, image, bits_, settings_);
    return path;
  }

  std::optional<std::filesystem::path> keep(const at::Tensor& image, std::int64_t step) override {
    const std::filesystem::path path = folder_ / (base_ + "_step_" + std::to_string(step) + ".png");
    write_png(path, image, bits_, settings_);
    return path;
  }

  void* extension(std::string_view id) override {
    return id == TakesOpacity::kId   ? static_cast<TakesOpacity*>(this)
           : id == TakesDrawing::kId ? static_cast<void*>(static_cast<TakesDrawing*>(this))
                                     : nullptr;
  }
  std::filesystem::path write(const at::Tensor& image, const at::Tensor& opacity,
                              std::int64_t number) override {
    return write(at::cat({image, opacity}, 1), number);
  }
  std::optional<std::filesystem::path> keep(const at::Tensor& image, const at::Tensor& opacity,
                                            std::int64_t step) override {
    return keep(at::cat({image, opacity}, 1), step);
  }

  void write_drawing(const std::string& svg, const std::filesystem::path& picture) override {
    write_atomically(std::filesystem::path(picture).replace_extension(".svg"), {svg});
  }

  void display(const Picture&, const std::optional<at::Tensor>& palette, std::int64_t) override {
    if (!palette) return;
    constexpr std::int64_t kLargestSide = 2048, kLargestCell = 32;
    const std::int64_t longer = std::max<std::int64_t>({palette->size(2), palette->size(3), 1});
    const std::int64_t cell = std::clamp<std::int64_t>(kLargestSide / longer, 1, kLargestCell);
    write_png(folder_ / (base_ + "_palette.png"),
              palette->repeat_interleave(cell, 2).repeat_interleave(cell, 3), 8, settings_);
  }

 private:
  std::filesystem::path folder_;
  std::string base_, settings_;
  std::int64_t digits_;
  int bits_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(PngSequence, OutputSink, "png_sequence", "1.3", "one PNG file for each saved frame",
                      kParams, "", "outputs");

}  // namespace reverie::io
