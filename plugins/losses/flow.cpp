/// Flow: does the picture go on as the last move wants it to?
///
/// Where the move comes with an expected picture: the mean squared difference to it where it is reliable, and
/// latent_strength() times the same of latents. Where it comes with a flow alone: the mean squared difference
/// of the flow that is estimated from the picture before to this one, over the mean square of the flow
/// wanted. A flow of nothing gives 0: no motion is a target that has no length to be compared with.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "reverie/loss.h"
#include "reverie/mask.h"
#include "reverie/plugin.h"

namespace reverie {
namespace {

class Flow final : public Loss {
 public:
  Flow(Host&, const Params&, const Setup& setup) : size_(setup.size) {}

  Traits traits() const override {
    Traits traits;
    traits.mask = traits.flow_of_moves = true;
    return traits;
  }

  void set_mask(const at::Tensor& mask) override { mask_ = resize_mask(mask, size_.height, size_.width); }

  at::Tensor evaluate(const Context& context) override {
    if (!context.move) return context.image.sum() * 0;
    const AnimationMode::Move& move = *context.move;
    at::Tensor where = move.reliable.value_or(at::Tensor());
    if (mask_.defined()) where = where.defined() ? where * mask_ : mask_;
    if (move.expected) return distance_to(*move.expected, where, context);
    const double length = move.flow ? move.flow->square().mean().item<double>() : 0;
    if (length == 0) return context.image.sum() * 0;
    FlowEstimator* estimator = context.tools.flow;
    if (!estimator || !estimator->differentiable())
      throw Error(ErrorKind::settings, "the loss needs a flow estimator with gradients here",
                  "name another one in flow_model, such as horn_schunck");
    return masked_mse(estimator->estimate(context.before_move, context.image), *move.flow, where) / length;
  }

  // A model may make another latent of the same picture later, when its own state is another: a restored run
  // has to go on with this one.
  std::map<std::string, at::Tensor> state() const override {
    if (!expected_latent_.defined()) return {};
    return {{"expected_latent", expected_latent_}, {"expected_frame", at::scalar_tensor(frame_, at::kLong)}};
  }
  void load_state(const std::map<std::string, at::Tensor>& state) override {
    const auto latent = state.find("expected_latent"), frame = state.find("expected_frame");
    if (latent == state.end() || frame == state.end()) return;
    expected_latent_ = latent->second;
    frame_ = frame->second.item<std::int64_t>();
  }

 private:
  at::Tensor distance_to(const at::Tensor& expected, const at::Tensor& where, const Context& context) {
    at::Tensor loss = masked_mse(context.image, expected, where);
    const double strength = context.model->latent_strength();
    if (strength <= 0) return loss;
    const std::optional<at::Tensor> latent = context.model->latent();
    if (frame_ != context.frame) expected_latent_ = at::Tensor();
    if (!expected_latent_.defined()) {
      const at::NoGradGuard no_grad;
      expected_latent_ = context.model->encode_latent(expected).value_or(at::Tensor());
      frame_ = context.frame;
    }
    if (latent && expected_latent_.defined())
      loss =
          loss + masked_mse(*latent, expected_latent_, resize_mask(where, latent->size(2), latent->size(3))) *
                     strength;
    return loss;
  }

  ImageSize size_;
  at::Tensor mask_;
  at::Tensor expected_latent_;  // of what is expected at frame_; undefined before it is needed
  std::int64_t frame_ = -1;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Flow, Loss, "flow", "1.0", "keeps the motion of the last move", kNoParams, "",
                      "flow_stabilization_weight");

}  // namespace reverie
