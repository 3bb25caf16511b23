#pragma once
// FlowLoss: does the picture go on as the motion from the last frame wants it to?

#include <memory>
#include <optional>

#include "reverie/animation_mode.h"
#include "reverie/flow_estimator.h"
#include "reverie/image_model.h"

namespace reverie {

class FlowLoss {
 public:
  /// `estimator` may be null where moves come with an expected picture. It must outlive this.
  FlowLoss(ImageSize size, FlowEstimator* estimator) : size_(size), estimator_(estimator) {}

  /// The move that led here, and the picture [1, 3, H, W] before it.
  void set_move(const at::Tensor& before, const AnimationMode::Move& move);

  /// Where the loss counts, [1, 1, H, W] 0..1; undefined: everywhere.
  void set_mask(const at::Tensor& mask);
  const at::Tensor& mask() const { return mask_; }  ///< of the picture's size, or undefined

  /// Whether the last move has anything to compare with.
  bool has_target() const { return expected_.defined() || flow_.defined(); }

  /// Where the mode tells what to expect: the mean squared difference to it under the reliability, and
  /// latent_strength() times the same of latents. Where it tells the flow itself: the mean squared difference
  /// of the flow that is estimated from the picture before to `image`, over the mean square of the flow
  /// wanted. Scalar. A flow of nothing gives 0: no motion is a target that has no length to be compared with.
  at::Tensor evaluate(const at::Tensor& image, ImageModel& model) const;

  /// The latent of what is expected, undefined before it is needed. A model may make another one of the same
  /// picture later, when its own state is another: a restored run has to go on with this one.
  const at::Tensor& expected_latent() const { return expected_latent_; }
  void set_expected_latent(const at::Tensor& latent) { expected_latent_ = latent; }

 private:
  ImageSize size_;
  FlowEstimator* estimator_;
  at::Tensor before_, flow_, expected_, reliable_, mask_;
  mutable at::Tensor expected_latent_;
};

}  // namespace reverie
