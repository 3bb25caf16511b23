#pragma once
// Footage: a picture or video that a prompt or mask names, frame by frame.

#include <memory>
#include <optional>

#include "reverie/frame_source.h"

namespace reverie::media {

class Footage {
 public:
  explicit Footage(std::shared_ptr<FrameSource> source) : source_(std::move(source)) {}

  /// Makes `index` the frame that image() and mask() give. Returns which of the source's it is: `index`
  /// itself, or past the end the last. Throws Error(file).
  std::int64_t seek(std::int64_t index);

  /// [1, 3, H, W] 0..1 on the CPU.
  const at::Tensor& image() const { return frame_; }

  /// The same as a mask [1, 1, H, W]: its luma 0.299 R + 0.587 G + 0.114 B, or 1 less that.
  at::Tensor mask(bool inverted) const;

 private:
  std::shared_ptr<FrameSource> source_;
  std::int64_t shown_ = -1;
  std::optional<std::int64_t> last_;  // where it is known
  at::Tensor frame_;
};

}  // namespace reverie::media
