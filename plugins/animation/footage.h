#pragma once
// A video's frames at the size that is rendered.

#include <map>
#include <optional>

#include "reverie/frame_source.h"

namespace reverie::animation {

/// Keeps the frames that it is asked for again: a video is quickest to read in ascending order.
class Footage {
 public:
  Footage(ImageSize size, c10::Device device) : size_(size), device_(device) {}

  /// The frame [1, 3, H, W], resized with the Lanczos filter; nothing past the end.
  std::optional<at::Tensor> frame(FrameSource& video, std::int64_t index);
  /// The last frame of those after `after`, up to `index`.
  std::optional<at::Tensor> last_frame(FrameSource& video, std::int64_t after, std::int64_t index);

  /// Frames before this one are not asked for any more.
  void forget_before(std::int64_t index) { frames_.erase(frames_.begin(), frames_.lower_bound(index)); }

 private:
  ImageSize size_;
  c10::Device device_;
  std::map<std::int64_t, at::Tensor> frames_;
};

}  // namespace reverie::animation
