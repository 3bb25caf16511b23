#include "footage.h"

#include <algorithm>

#include "reverie/resize.h"

namespace reverie::animation {

std::optional<at::Tensor> Footage::frame(FrameSource& video, std::int64_t index) {
  if (const auto found = frames_.find(index); found != frames_.end()) return found->second;
  const std::optional<at::Tensor> read = video.read(index);
  if (!read) return std::nullopt;
  return frames_[index] = lanczos_resize(read->to(device_), size_.height, size_.width);
}

std::optional<at::Tensor> Footage::last_frame(FrameSource& video, std::int64_t after, std::int64_t index) {
  if (const auto count = video.info().frames) index = std::min(index, *count - 1);
  for (; index > after; --index)
    if (auto found = frame(video, index)) return found;
  return std::nullopt;
}

}  // namespace reverie::animation
