#pragma once
// Loss: a differentiable measure of the picture that a run makes small.

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <tuple>

#include "reverie/animation_mode.h"
#include "reverie/extension.h"
#include "reverie/frame.h"
#include "reverie/host.h"
#include "reverie/image_model.h"
#include "reverie/params.h"

namespace reverie {

/// A run has losses by the setting `losses`, and by settings of their own: see roles in plugin.h. The keys
/// name, weight, stop, mask and target of an item of `losses` are the host's; no parameter may be called so.
class REVERIE_PUBLIC Loss : public Extensible {
 public:
  static constexpr const char* kKind = "losses";
  static constexpr std::uint32_t kInterfaceVersion = 2;

  /// A plugin class has the constructor `Plugin(Host&, const Params&, const Setup&)`. Parameters declared
  /// with is_animatable() are expressions of t and of the sound; Context::parameter() and numbers() have
  /// their values at the step.
  struct Setup {
    ImageSize size;              ///< of the picture; may be another one where only traits() is asked
    double latent_strength = 0;  ///< the image model's, see image_model.h; 0 where only traits() is asked
  };

  /// What it works with.
  struct Traits {
    bool target = false;         ///< it compares with a picture: set_target() is called
    bool mask = false;           ///< it may count in a part of the picture: set_mask() is called
    bool depth = false;          ///< it needs a depth estimator with gradients
    bool flow = false;           ///< it needs a flow estimator with gradients
    bool flow_of_moves = false;  ///< the same, but only where moves come with a flow and no expected picture
  };

  /// What is known at a step; `step`, `frame`, `t` and `audio` as in FrameContext.
  struct Context : FrameContext {
    at::Tensor image;                           ///< [1, 3, H, W] 0..1, differentiable
    ImageModel* model = nullptr;                ///< for latent() and encode_latent(); never null
    AnimationMode::Tools tools;                 ///< null where neither traits() nor the animation mode asked
    const AnimationMode::Move* move = nullptr;  ///< the last one; null before the first
    at::Tensor before_move;  ///< [1, 3, H, W] 0..1: the picture before that move; undefined without
  };

  /// [setup] Asked once, after construction.
  virtual Traits traits() const { return {}; }

  /// [setup, frame] What the picture is compared with, [1, 3, H, W] of any size; undefined for none, with
  /// which the value is 0. Copy it: whoever gave it may change it later.
  virtual void set_target(const at::Tensor& /*image*/) {}

  /// [setup, frame] Where the loss counts, [1, 1, H, W] 0..1 of any size; undefined = everywhere. It
  /// multiplies both sides of the comparison. Copy it, too.
  virtual void set_mask(const at::Tensor& /*mask*/) {}

  /// [step] The value as a finite float32 scalar, unweighted: the host applies weight and stop. A value that
  /// depends on the picture has a gradient with respect to context.image, to the model's parameters (through
  /// context.model->latent()), or to both.
  virtual at::Tensor evaluate(const Context& context) = 0;

  /// [frame] What cannot be computed again after a restart, and must be the same for an exact one.
  virtual std::map<std::string, at::Tensor> state() const { return {}; }
  /// [setup] Takes back what state() gave, on the run's device.
  virtual void load_state(const std::map<std::string, at::Tensor>& /*state*/) {}

  /// The structs that calls pass: their sizes are part of the handshake.
  using Structs = std::tuple<Traits, Context>;
};

}  // namespace reverie
