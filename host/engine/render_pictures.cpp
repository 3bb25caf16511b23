// The pictures of a run: those that are saved, and those that are shown.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "engine/render.h"
#include "reverie/vector_drawing.h"

namespace reverie::engine {

at::Tensor Render::decode_final() {
  const auto& [name, instance] = ensemble_.model;
  return call_plugin(name, result_.moment, [&, &model = *instance] { return model.decode_final(); });
}

/// [1, 3, H, W], with alpha [1, 4, H, W]. Of its own memory: the model goes on with what it gives.
at::Tensor Render::final_picture() {
  const at::NoGradGuard no_grad;
  at::Tensor picture = decode_final();
  if (opacity_.is_on()) picture = at::cat({picture, opacity_.decode()}, 1);
  return growth_.shown(picture).detach().to(at::kCPU, at::kFloat).clone(at::MemoryFormat::Contiguous);
}

/// The same as an SVG document, where the image model draws; else empty. A drawing has no transparency.
std::string Render::final_drawing() {
  const auto& [name, instance] = ensemble_.model;
  if (opacity_.is_on()) return {};
  return call_plugin(name, result_.moment, [&, &model = *instance] {
    auto* drawing = extension_of<VectorDrawing>(model);
    return drawing ? drawing->svg() : std::string();
  });
}

/// The same for those who watch, who know of no transparency.
at::Tensor Render::picture_to_show() {
  if (!opacity_.is_on()) return final_picture();
  const at::NoGradGuard no_grad;
  return growth_.shown(opacity_.over_checks(decode_final())).to(at::kCPU, at::kFloat).contiguous();
}

void Render::display(RunEvents& events) {
  const auto& [name, instance] = ensemble_.model;
  std::optional<at::Tensor> palette;
  if (show_palette_)
    if (const auto picture = call_plugin(name, result_.moment, [&] { return instance->palette_picture(); }))
      palette = picture->detach().cpu().contiguous();
  at::Tensor made;
  events.publish(
      RunDisplay{result_.moment, [&] { return made.defined() ? made : made = picture_to_show(); }, palette});
}

}  // namespace reverie::engine
