/// template_name: squares of one size at random places, some of them mirrored.
///
/// The header to read is reverie/cutout_method.h: it says what is asked for at each step.

#include <ATen/ATen.h>
#include <reverie/cutout_method.h>
#include <reverie/plugin.h>  // REVERIE_EXPORT_PLUGIN

#include <algorithm>

namespace {  // nothing but the descriptor at the end is visible outside this library

// Settings that this plugin adds; reverie/params.h has the other types. They are the
// plugin's own: settings files write them as they are or as template_name.NAME. The program checks values
// against the range before it makes the plugin. The program's own cut_pow and the like are read with
// of_host().
constexpr reverie::ParamSpec kParams[] = {
    reverie::number("template_name_size", 0.6)
        .above(0)
        .at_most(1)
        .help("side of the squares, as a fraction of the picture's shorter side"),
};

class TemplateNamePlugin final : public reverie::CutoutMethod {
 public:
  TemplateNamePlugin(reverie::Host& host, const reverie::Params& params, const Setup&)
      : host_(host), size_(params.get<double>("template_name_size")) {}

  // Everything random comes from the host's generators, so that a run can be repeated and restored.
  Batch take(const at::Tensor& image, std::int64_t count, std::int64_t side) override {
    const std::int64_t width = image.size(3), height = image.size(2);
    const auto shorter = static_cast<double>(std::min(width, height));
    const auto length = std::max<std::int64_t>(1, static_cast<std::int64_t>(shorter * size_));
    const at::Tensor chance = at::rand({count, 3}, host_.cpu_generator(), at::kDouble);
    const auto c = chance.accessor<double, 2>();
    Batch batch;
    std::vector<at::Tensor> squares;
    for (std::int64_t i = 0; i < count; ++i) {
      const auto x = static_cast<std::int64_t>(c[i][0] * static_cast<double>(width - length + 1));
      const auto y = static_cast<std::int64_t>(c[i][1] * static_cast<double>(height - length + 1));
      at::Tensor square = image.narrow(2, y, length).narrow(3, x, length);
      if (c[i][2] < 0.5) square = square.flip({3});
      squares.push_back(at::adaptive_avg_pool2d(square, {side, side}));
      // Masks of prompts need to know where it was: centre and size, as fractions of the picture.
      const auto part = [&](std::int64_t of, std::int64_t whole) {
        return static_cast<double>(of) / static_cast<double>(whole);
      };
      batch.places.push_back({part(2 * x + length, 2 * width), part(2 * y + length, 2 * height),
                              part(length, width), part(length, height)});
    }
    batch.images = at::cat(squares);
    return batch;
  }

 private:
  reverie::Host& host_;
  double size_;
};

}  // namespace

// Class, interface, name, version, summary, parameters. The name is the library's file name.
REVERIE_EXPORT_PLUGIN(TemplateNamePlugin, reverie::CutoutMethod, "template_name", "0.1",
                      "squares of one size at random places", kParams);
