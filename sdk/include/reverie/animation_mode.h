#pragma once
// AnimationMode: moves the picture between frames.

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "reverie/depth_estimator.h"
#include "reverie/extension.h"
#include "reverie/flow_estimator.h"
#include "reverie/frame.h"
#include "reverie/frame_source.h"
#include "reverie/image_model.h"

namespace reverie {

class REVERIE_PUBLIC AnimationMode : public Extensible {
 public:
  static constexpr const char* kKind = "animation";
  static constexpr std::uint32_t kInterfaceVersion = 4;

  /// A plugin class has the constructor `Plugin(Host&, const Params&, const Setup&)`. Motion settings are
  /// parameters declared with is_animatable(): FrameContext::parameter() and numbers() have their present
  /// values.
  struct Setup {
    ImageSize size;            ///< of decode()'s pictures
    double frames_per_second;  ///< of the animation
  };

  /// What the host must have ready before advance(); asked once, after construction.
  struct Needs {
    bool depth = false;
    bool flow = false;
    bool video = false;
  };

  /// Given to advance(). Pointers are null where needs() did not ask.
  struct Tools {
    DepthEstimator* depth = nullptr;
    FlowEstimator* flow = nullptr;
    FrameSource* video = nullptr;
  };

  /// What a move leaves for the losses.
  struct Move {
    at::Tensor image;  ///< the moved picture, or the video's [1, 3, H, W]: target of stabilisation losses
    std::optional<at::Tensor> flow;  ///< [1, 2, H, W] pixels, from the last frame to this
    /// [1, 3, H, W] 0..1: what the frames before make one expect here, by their motion; target of a video's
    /// flow loss. Absent where `flow` itself is the target.
    std::optional<at::Tensor> expected;
    std::optional<at::Tensor> reliable;  ///< [1, 1, H, W] 0..1: where `flow` or `expected` can be trusted
    bool reset_optimiser = false;  ///< the parameters were encoded again; their old momentum means nothing
    /// The source had ended before this move, and with it ends the render: nothing has moved.
    bool finished = false;
  };

  virtual Needs needs() const = 0;

  /// [setup] The picture to start from where the settings name none (a video's first frame).
  virtual std::optional<at::Tensor> first_image(const Tools& /*tools*/) { return std::nullopt; }

  /// [frame] The values of the variables that motion settings were declared to use besides t and the sound
  /// (is_animatable("r|R")), all of them, for the picture as `model` has it now. Called before the settings
  /// are evaluated; advance() follows with the same picture, so that what had to be computed can be kept
  /// until then.
  virtual std::map<std::string, double> variables(ImageModel& /*model*/, const Tools& /*tools*/) {
    return {};
  }

  /// [frame] Moves `model` to the next frame through its canvas, or by decoding and encoding, without
  /// gradient.
  virtual Move advance(const FrameContext& context, ImageModel& model, const Tools& tools) = 0;

  /// [frame] What must be kept to continue exactly.
  virtual std::map<std::string, at::Tensor> state() const { return {}; }
  virtual void load_state(const std::map<std::string, at::Tensor>& /*state*/) {}

  /// The structs that calls pass: their sizes are part of the handshake.
  using Structs = std::tuple<FrameContext, Needs, Tools, Move>;
};

}  // namespace reverie
