// The elements that run on a card. No header of LibTorch is included here: nvcc takes minutes for them.

#include <cuda_runtime.h>

#include "cutouts/pytti/elements.h"
#include "flow_estimators/raft/elements.h"
#include "image_models/limited_palette/elements.h"
#include "launch.h"
#include "losses/direct_element.h"
#include "reverie/warp_element.h"

namespace reverie::cuda {
namespace {

constexpr int kThreads = 256;  // of a block

template <typename Element>
__global__ void __launch_bounds__(kThreads) walk(const Element element, const std::int64_t count) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * kThreads;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x; i < count; i += step)
    element(i);
}

}  // namespace

template <typename Element>
const char* launch(const Element& element, std::int64_t count, void* stream) {
  constexpr std::int64_t kMostBlocks = 1 << 20;
  if (count <= 0) return nullptr;
  const std::int64_t blocks = (count + kThreads - 1) / kThreads;
  walk<<<static_cast<unsigned>(blocks < kMostBlocks ? blocks : kMostBlocks), kThreads, 0,
         static_cast<cudaStream_t>(stream)>>>(element, count);
  const cudaError_t error = cudaGetLastError();
  return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}

#define REVERIE_ELEMENT(...) template const char* launch<__VA_ARGS__>(const __VA_ARGS__&, std::int64_t, void*)

REVERIE_ELEMENT(pytti::PoolCutouts<float>);
REVERIE_ELEMENT(pytti::AugmentPooled<float>);
REVERIE_ELEMENT(pytti::ColoursBackward<float>);
REVERIE_ELEMENT(pytti::ScatterToPooled<float>);
REVERIE_ELEMENT(pytti::GatherToPicture<float>);
REVERIE_ELEMENT(reverie::detail::WarpElement<Sampling::nearest>);
REVERIE_ELEMENT(reverie::detail::WarpElement<Sampling::bilinear>);
REVERIE_ELEMENT(reverie::detail::WarpElement<Sampling::bicubic>);
REVERIE_ELEMENT(losses::DirectElement<float>);
REVERIE_ELEMENT(limited_palette::LargestElement<float>);
REVERIE_ELEMENT(limited_palette::PaletteBackwardElement<float>);
REVERIE_ELEMENT(limited_palette::PaletteSumElement<float>);
REVERIE_ELEMENT(raft::LookUpElement);
REVERIE_ELEMENT(raft::LookUpBackwardElement);

}  // namespace reverie::cuda
