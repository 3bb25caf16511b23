#include "kernels.h"
#include "reverie/cpu.h"

namespace reverie::clip {

extern const Kernels kernels_baseline;

const Kernels& kernels() {
#if defined(__x86_64__)
  extern const Kernels kernels_avx2, kernels_avx512;
  static const Kernels& chosen = choose_kernels(kernels_baseline, kernels_avx2, kernels_avx512);
  return chosen;
#else
  return kernels_baseline;
#endif
}

}  // namespace reverie::clip
