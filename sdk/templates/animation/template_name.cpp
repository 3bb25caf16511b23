/// template_name: a slow zoom towards the middle of the picture.
///
/// The header to read is reverie/animation_mode.h. reverie/warp.h looks pictures up at other places.

#include <ATen/ATen.h>
#include <reverie/animation_mode.h>
#include <reverie/plugin.h>  // REVERIE_EXPORT_PLUGIN
#include <reverie/warp.h>    // pixel_places, warp

#include <algorithm>

namespace {  // nothing but the descriptor at the end is visible outside this library

// Settings that this plugin adds; reverie/params.h has the other types. One with is_animatable() may be an
// expression of t and of the sound, such as 2*sin(t).
constexpr reverie::ParamSpec kParams[] = {
    reverie::number("template_name_zoom", 1)
        .is_animatable()
        .unit("percent")
        .help("how much larger with each frame"),
};

class TemplateNamePlugin final : public reverie::AnimationMode {
 public:
  TemplateNamePlugin(reverie::Host&, const reverie::Params&, const Setup&) {}

  // Neither depths, nor flow, nor a video.
  Needs needs() const override { return {}; }

  // Between frames, without gradients. A model that has a canvas is moved by it, any other by its picture.
  Move advance(const reverie::FrameContext& context, reverie::ImageModel& model, const Tools&) override {
    const double scale = std::max(0.01, 1 + context.parameter("template_name_zoom") / 100);
    Move move;
    if (const std::optional<at::Tensor> canvas = model.canvas()) {
      model.set_canvas(zoomed(*canvas, scale));
    } else {
      model.encode(zoomed(model.decode_final(), scale).clamp(0, 1));
      move.reset_optimiser = true;  // the parameters are others now
    }
    move.image = model.decode_final();
    // What was at a place p from the middle is at scale * p now.
    move.flow = from_middle(move.image) * (scale - 1);
    return move;
  }

 private:
  // Where the pixels lie, [1, 2, H, W], counted from the middle.
  static at::Tensor from_middle(const at::Tensor& image) {
    const at::Tensor places = reverie::pixel_places(image.size(2), image.size(3), image.device());
    return places - places.mean({2, 3}, /*keepdim=*/true);
  }

  static at::Tensor zoomed(const at::Tensor& image, double scale) {
    const at::Tensor places = reverie::pixel_places(image.size(2), image.size(3), image.device());
    const at::Tensor middle = places.mean({2, 3}, /*keepdim=*/true);
    return reverie::warp(image, (places - middle) / scale + middle, reverie::Sampling::bilinear,
                         reverie::Infill::mirror);
  }
};

}  // namespace

// Class, interface, name, version, summary, parameters. The name is the library's file name.
REVERIE_EXPORT_PLUGIN(TemplateNamePlugin, reverie::AnimationMode, "template_name", "0.1", "a slow zoom",
                      kParams);
