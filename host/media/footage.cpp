#include "media/footage.h"

#include <ATen/ATen.h>

namespace reverie {

at::Tensor Footage::image(std::int64_t index) {
  if (!changes_at(index)) return frame_;
  std::optional<at::Tensor> frame = source_->read(index);
  if (!frame) {
    still_ = true;
    // Only a run that goes on where another stopped begins behind the end.
    if (!frame_.defined())
      for (std::int64_t i = 0; (frame = source_->read(i)); ++i) frame_ = *frame;
    if (!frame_.defined()) throw Error(ErrorKind::file, "a picture or video in the settings holds no frame");
    return frame_;
  }
  still_ = source_->info().frames == 1;
  shown_ = index;
  frame_ = *frame;
  return frame_;
}

at::Tensor Footage::mask(std::int64_t index, bool inverted) {
  const at::Tensor rgb = image(index);
  const at::Tensor luma =
      rgb.narrow(1, 0, 1) * 0.299 + rgb.narrow(1, 1, 1) * 0.587 + rgb.narrow(1, 2, 1) * 0.114;
  return inverted ? 1 - luma : luma;
}

}  // namespace reverie
