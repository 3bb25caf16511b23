#include "kernels.h"
#include "reverie/cpu.h"

namespace reverie::limited_palette {

extern const PaletteKernels palette_kernels_baseline;

const PaletteKernels& palette_kernels() {
#if defined(__x86_64__)
  extern const PaletteKernels palette_kernels_avx2, palette_kernels_avx512;
  static const PaletteKernels& chosen =
      choose_kernels(palette_kernels_baseline, palette_kernels_avx2, palette_kernels_avx512);
  return chosen;
#else
  return palette_kernels_baseline;
#endif
}

}  // namespace reverie::limited_palette
