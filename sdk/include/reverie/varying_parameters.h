#pragma once
// VaryingParameters: how a plugin gets parameters that change while a run goes.
//
// A Loss has them in its Context, an AnimationMode in the context of advance(). An ImageModel, a
// CutoutMethod, and an AnimationMode that needs them before advance(), implement this extension.

#include "reverie/extension.h"
#include "reverie/frame.h"

namespace reverie {

/// Of an ImageModel, a CutoutMethod or an AnimationMode that declares numbers with is_animatable().
class REVERIE_PUBLIC VaryingParameters {
 public:
  static constexpr const char* kId = "reverie.varying_parameters/1";
  virtual ~VaryingParameters() = default;

  /// [step, frame] The present values of the animatable parameters, FrameContext::parameter(). An image model
  /// and a cutout method get them at the beginning of each step, before a move in it, if any of them varies.
  /// An animation mode gets them before variables(), at every move: those whose declaration names no
  /// variables of its own. The constructor has the numbers, too, Params::get<double>(); where they vary,
  /// those of the run's beginning.
  ///
  /// What is set here is no state: a run that goes on from a backup sets it again. Throws Error(settings)
  /// where values do not go together; before a run, an animation mode is tried with those of its frames.
  virtual void set_parameters(const FrameContext& now) = 0;
};

}  // namespace reverie
