#include "media/footage.h"

#include <ATen/ATen.h>

namespace reverie::media {

std::int64_t Footage::seek(std::int64_t index) {
  const std::int64_t wanted = last_ ? std::min(index, *last_) : index;
  if (wanted == shown_) return shown_;
  if (const std::optional<at::Tensor> frame = source_->read(wanted)) {
    frame_ = *frame;
    shown_ = wanted;
    if (source_->info().frames == 1) last_ = shown_;
    return shown_;
  }
  // Past the end. Only reading up to the last frame shows which one it is.
  for (std::int64_t i = shown_ + 1; const std::optional<at::Tensor> frame = source_->read(i); shown_ = i++)
    frame_ = *frame;
  if (!frame_.defined()) throw Error(ErrorKind::file, "a picture or video in the settings holds no frame");
  last_ = shown_;
  return shown_;
}

at::Tensor Footage::mask(bool inverted) const {
  const at::Tensor luma =
      frame_.narrow(1, 0, 1) * 0.299 + frame_.narrow(1, 1, 1) * 0.587 + frame_.narrow(1, 2, 1) * 0.114;
  return inverted ? 1 - luma : luma;
}

}  // namespace reverie::media
