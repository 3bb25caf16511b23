#pragma once
// How much of the video's frame a frame begins with, and where.

#include <optional>

#include "reverie/animation_mode.h"

namespace reverie::animation {

inline constexpr const char* kVideoMix = "video_mix";

/// Where the video's frame shows through.
enum class MixWhere { everywhere, bright, dark, changed, unchanged, near, far };

class VideoMix {
 public:
  explicit VideoMix(const Params& params);

  /// It asks for a depth estimator.
  bool needs_depth() const { return where_ == MixWhere::near || where_ == MixWhere::far; }

  /// `moved`, the picture as it was moved along, with as much of the video's frame `next` over it as
  /// video_mix says; both [1, 3, H, W] 0..1. Nothing where that is nothing. Throws Error where the depth is
  /// needed and there is no estimator.
  std::optional<at::Tensor> operator()(const at::Tensor& moved, const at::Tensor& next,
                                       const FrameContext& context, const AnimationMode::Tools& tools) const;

 private:
  at::Tensor mask(const at::Tensor& moved, const at::Tensor& next, const AnimationMode::Tools& tools) const;

  MixWhere where_;
};

}  // namespace reverie::animation
