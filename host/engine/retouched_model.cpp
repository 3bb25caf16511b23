#include "engine/retouched_model.h"

#include <ATen/ATen.h>

namespace reverie::engine {

void RetouchedModel::encode(const at::Tensor& image) {
  model_.encode(retouch_(image));
  unfinished_ = false;
}

void RetouchedModel::encode_next(const at::Tensor& image) {
  model_.encode_next(retouch_(image));
  unfinished_ = false;
}

void RetouchedModel::set_canvas(const at::Tensor& canvas) {
  if (holds_colours(canvas)) return model_.set_canvas(retouch_(canvas));
  model_.set_canvas(canvas);
  unfinished_ = true;
}

/// Nobody says what a canvas of three channels is. It holds colours where the present one, enlarged, is what
/// the model shows.
bool RetouchedModel::holds_colours(const at::Tensor& canvas) {
  const std::optional<at::Tensor> present = model_.canvas();
  if (canvas.size(1) != 3 || !present) return false;
  const at::Tensor shown = model_.decode_final();
  if (shown.size(2) % present->size(2) != 0 || shown.size(3) % present->size(3) != 0) return false;
  const at::Tensor enlarged = at::upsample_nearest2d(present->clamp(0, 1), {shown.size(2), shown.size(3)});
  return at::allclose(enlarged, shown, 1e-4, 1e-4);
}

void RetouchedModel::finish(AnimationMode::Move& move) {
  if (!unfinished_) return;
  const at::Tensor moved = model_.decode_final();
  const bool shows_moved = move.image.defined() && at::equal(move.image, moved);
  model_.encode(retouch_(moved));
  move.reset_optimiser = true;
  if (shows_moved) move.image = model_.decode_final();
  unfinished_ = false;
}

}  // namespace reverie::engine
