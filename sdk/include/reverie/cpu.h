#pragma once
// What this processor can do.

#include <initializer_list>

namespace reverie {

/// The instruction sets that kernels are compiled for (see reverie/simd.h): x86-64-v4, x86-64-v3, and what
/// every machine of the architecture has.
enum class InstructionSet { baseline, avx2, avx512 };

inline InstructionSet instruction_set() {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("bmi2"))
    return InstructionSet::baseline;
  for (const bool has : {bool(__builtin_cpu_supports("avx512f")), bool(__builtin_cpu_supports("avx512bw")),
                         bool(__builtin_cpu_supports("avx512cd")), bool(__builtin_cpu_supports("avx512dq")),
                         bool(__builtin_cpu_supports("avx512vl"))})
    if (!has) return InstructionSet::avx2;
  return InstructionSet::avx512;
#else
  return InstructionSet::baseline;
#endif
}

/// Whether bfloat16 products are computed by the processor itself (avx512_bf16, which every processor with
/// AMX has as well), and so faster than float.
inline bool native_bfloat16() {
#if defined(__x86_64__)
  return instruction_set() == InstructionSet::avx512 && __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

/// The one of three tables of kernels that this processor runs best.
template <typename Kernels>
const Kernels& choose_kernels(const Kernels& baseline, const Kernels& avx2, const Kernels& avx512) {
  const InstructionSet best = instruction_set();
  return best == InstructionSet::avx512 ? avx512 : best == InstructionSet::avx2 ? avx2 : baseline;
}

}  // namespace reverie
