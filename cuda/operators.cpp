// Kernels for cards as LibTorch operators, which their users find by name (reverie/card_kernels.h).

#include <ATen/ATen.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <torch/library.h>

#include "cutouts/pytti/card_operators.h"
#include "flow_estimators/raft/card_operators.h"
#include "image_models/limited_palette/card_operators.h"
#include "launch.h"
#include "losses/direct_on_card.h"
#include "reverie/warp_operator.h"

namespace reverie::cuda {
namespace {

/// Launches on the device's current stream.
class Walk {
 public:
  explicit Walk(c10::Device device)
      : guard_(device), stream_(c10::cuda::getCurrentCUDAStream(device.index()).stream()) {}

  template <typename Element>
  void operator()(const Element& element, std::int64_t count) const {
    const char* error = launch(element, count, stream_);
    TORCH_CHECK(error == nullptr, "a kernel could not be launched: ", error);
  }

 private:
  c10::cuda::CUDAGuard guard_;
  void* stream_;
};

}  // namespace
}  // namespace reverie::cuda

TORCH_LIBRARY(reverie, library) {
  for (const char* schema : reverie::pytti::kCutoutSchemas) library.def(schema);
  library.def(reverie::detail::kWarpSchema);
  library.def(reverie::losses::kDirectSchema);
  library.def(reverie::limited_palette::kPaletteSchema);
  for (const char* schema : reverie::raft::kLookUpSchemas) library.def(schema);
}

TORCH_LIBRARY_IMPL(reverie, CUDA, library) {
  using reverie::cuda::Walk;
  library.impl("augmented_cutouts", &reverie::pytti::augmented_cutouts<float, Walk>);
  library.impl("augmented_cutouts_backward", &reverie::pytti::augmented_cutouts_backward<float, Walk>);
  library.impl("warp", &reverie::detail::walk_warp<Walk>);
  library.impl("direct_loss", &reverie::losses::walk_direct_loss<float, Walk>);
  library.impl("palette_backward", &reverie::limited_palette::palette_backward<float, Walk>);
  library.impl("raft_look_up", &reverie::raft::raft_look_up<Walk>);
  library.impl("raft_look_up_backward", &reverie::raft::raft_look_up_backward<Walk>);
}
