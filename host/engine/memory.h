#pragma once
// Options for malloc.

#include <malloc.h>

namespace reverie::engine {

/// Steps allocate and free the same large buffers over and over: keep them instead of returning them to the
/// kernel, which would hand out zeroed pages again at each step. Call it before anything large is allocated.
inline void keep_freed_memory() {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 2147483647);
  mallopt(M_TOP_PAD, 64 << 20);
}

/// Returns memory to the kernel that loading needed and no step will need.
inline void release_freed_memory() { malloc_trim(0); }

}  // namespace reverie::engine
