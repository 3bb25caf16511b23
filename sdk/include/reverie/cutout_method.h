#pragma once
// CutoutMethod: which parts of a picture perceptors see, and how they are changed before.

#include <ATen/core/Tensor.h>

#include <tuple>
#include <vector>

#include "reverie/extension.h"
#include "reverie/host.h"
#include "reverie/params.h"

namespace reverie {

/// Where a cutout lies, in fractions of the picture's width and height. It may reach beyond 0..1.
struct CutoutPlace {
  double x, y;           ///< centre
  double width, height;  ///< of the cutout
};

class REVERIE_PUBLIC CutoutMethod : public Extensible {
 public:
  static constexpr const char* kKind = "cutouts";
  static constexpr std::uint32_t kInterfaceVersion = 1;

  /// A plugin class has the constructor `Plugin(Host&, const Params&, const Setup&)`.
  struct Setup {
    std::int64_t cutouts;  ///< that take() is asked for in a step, in all its calls for one perceptor
  };

  struct Batch {
    at::Tensor images;                ///< [N, 3, side, side], RGB 0..1; augmentations may leave that range
    std::vector<CutoutPlace> places;  ///< of each, for masks of prompts
  };

  /// [step] `count` cutouts of `image` [1, 3, H, W] 0..1, resized to `side` pixels, on Host::device().
  /// Differentiable where the image has a gradient. H, W and `side` may differ from call to call, and may be
  /// smaller than each other. All randomness comes from Host::cpu_generator() and Host::generator(): an
  /// instance keeps nothing from call to call that changes what it does.
  virtual Batch take(const at::Tensor& image, std::int64_t count, std::int64_t side) = 0;

  /// The structs that calls pass: their sizes are part of the handshake.
  using Structs = std::tuple<Batch, CutoutPlace>;
};

}  // namespace reverie
