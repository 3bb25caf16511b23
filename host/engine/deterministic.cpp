#include "engine/deterministic.h"

#include <ATen/Context.h>

#include <cstdlib>

namespace reverie::engine {

void use_deterministic_algorithms(bool on) {
  at::Context& torch = at::globalContext();
  // cuBLAS reads it when it is first used; LibTorch knows two values with which it is deterministic.
  if (on) ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 0);
  torch.setDeterministicAlgorithms(on, /*warn_only=*/false);
  torch.setDeterministicCuDNN(on);
  torch.setBenchmarkCuDNN(false);  // which would choose by the clock
  // Against operators that read what nobody has written. Ours write all, and filling takes time.
  torch.setDeterministicFillUninitializedMemory(false);
}

}  // namespace reverie::engine
