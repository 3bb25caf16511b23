#pragma once
// Footage: a picture or video that a prompt or mask names, frame by frame.

#include <memory>

#include "reverie/frame_source.h"

namespace reverie {

class Footage {
 public:
  explicit Footage(std::shared_ptr<FrameSource> source) : source_(std::move(source)) {}

  /// Whether frame `index` may differ from the one given out last. True before the first.
  bool changes_at(std::int64_t index) const { return index != shown_ && !still_; }

  /// Frame `index` [1, 3, H, W] 0..1 on the CPU; past the end, the last one. Throws Error(file).
  at::Tensor image(std::int64_t index);

  /// The same as a mask [1, 1, H, W]: its luma 0.299 R + 0.587 G + 0.114 B, or 1 less that.
  at::Tensor mask(std::int64_t index, bool inverted);

 private:
  std::shared_ptr<FrameSource> source_;
  std::int64_t shown_ = -1;
  bool still_ = false;  // nothing comes after what was shown
  at::Tensor frame_;
};

}  // namespace reverie
