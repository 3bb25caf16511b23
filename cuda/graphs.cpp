// CUDA graphs: see host/engine/recorded_work.h.

#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <exception>

#include "engine/recorded_work.h"

extern "C" __attribute__((visibility("default"))) reverie::engine::RecordWork reverie_record_work;

namespace {

constexpr int kWarmUps = 3;  // libraries choose their algorithms and take their memory

struct GraphRecording final : reverie::engine::Recording {
  at::cuda::CUDAGraph graph;
  void replay() override { graph.replay(); }
};

}  // namespace

void reverie_record_work(const std::function<void()>& work,
                         std::unique_ptr<reverie::engine::Recording>& recording) {
  auto made = std::make_unique<GraphRecording>();
  c10::cuda::device_synchronize();
  {
    const c10::cuda::CUDAStreamGuard aside(c10::cuda::getStreamFromPool());
    for (int i = 0; i < kWarmUps; ++i) work();
    c10::cuda::device_synchronize();
    // Other threads, such as the one that saves frames, may go on to use the card.
    made->graph.capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
    try {
      work();
    } catch (...) {
      const std::exception_ptr failure = std::current_exception();
      try {
        made->graph.capture_end();
      } catch (const std::exception&) {  // the first failure says more
      }
      std::rethrow_exception(failure);
    }
    made->graph.capture_end();
  }
  c10::cuda::device_synchronize();
  recording = std::move(made);
}
