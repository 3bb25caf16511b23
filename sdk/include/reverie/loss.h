#pragma once
// Loss: a differentiable measure of a picture against a target.

#include <ATen/core/Tensor.h>

#include <map>
#include <string>

#include "reverie/host.h"
#include "reverie/image_model.h"
#include "reverie/params.h"

namespace reverie {

class REVERIE_PUBLIC Loss {
 public:
  static constexpr const char* kKind = "losses";
  static constexpr std::uint32_t kInterfaceVersion = 1;

  /// A plugin class has the constructor `Plugin(Host&, const Params&, const Setup&)`.
  struct Setup {
    ImageSize size;  ///< of decode()'s pictures
  };

  virtual ~Loss() = default;

  /// [setup, frame] What the picture is compared with, [1, 3, H, W] of any size; undefined for none. A loss
  /// that needs no target (smoothing) ignores it.
  virtual void set_target(const at::Tensor& image) = 0;

  /// [setup, frame] Where the loss counts, [1, 1, H, W] 0..1 of any size; undefined = everywhere. It
  /// multiplies both sides of the comparison.
  virtual void set_mask(const at::Tensor& mask) = 0;

  /// [step] The scalar value for `image` [1, 3, H, W], unweighted: the host applies weight and stop.
  virtual at::Tensor evaluate(const at::Tensor& image, ImageModel& model) = 0;

  bool enabled() const { return enabled_; }
  void set_enabled(bool enabled) { enabled_ = enabled; }

 private:
  bool enabled_ = true;
};

}  // namespace reverie
