#pragma once
// Vectors of floats in plain GCC/Clang vector extensions, as wide as the file is compiled for. A source file
// of kernels is compiled once for each instruction set with reverie_add_kernels(), and its table of functions
// chosen at run time with choose_kernels() of reverie/cpu.h. Such a file must include nothing that defines
// functions shared with other files (no standard containers): the linker could keep the copy that this
// processor cannot run. For the same reason everything here is static.

#include <cstdint>
#include <cstring>

#if defined(__AVX512F__)
#define REVERIE_VECTOR_BYTES 64
#elif defined(__AVX2__)
#define REVERIE_VECTOR_BYTES 32
#else
#define REVERIE_VECTOR_BYTES 16
#endif

/// A name that this instruction set's part of a table of kernels has: REVERIE_FOR_ISA(kernels) is
/// kernels_avx2 where REVERIE_ISA is avx2.
#define REVERIE_FOR_ISA(name) REVERIE_FOR_ISA_JOIN(name, REVERIE_ISA)
#define REVERIE_FOR_ISA_JOIN(name, isa) REVERIE_FOR_ISA_PASTE(name, isa)
#define REVERIE_FOR_ISA_PASTE(name, isa) name##_##isa

namespace reverie::simd {
namespace {

constexpr int kLanes = REVERIE_VECTOR_BYTES / 4;
typedef float Floats __attribute__((vector_size(REVERIE_VECTOR_BYTES)));
typedef std::int32_t Ints __attribute__((vector_size(REVERIE_VECTOR_BYTES)));
typedef std::uint32_t Words __attribute__((vector_size(REVERIE_VECTOR_BYTES)));
typedef std::uint16_t HalfWords __attribute__((vector_size(REVERIE_VECTOR_BYTES / 2)));

/// The upper half of a float's bits, as c10::BFloat16 stores them.
struct BFloat16 {
  std::uint16_t bits;
};

inline Floats splat(float value) { return value - Floats{}; }

inline Floats load(const float* from) {
  Floats v;
  std::memcpy(&v, from, sizeof v);
  return v;
}
inline void store(float* to, Floats v) { std::memcpy(to, &v, sizeof v); }

inline Floats load(const BFloat16* from) {
  HalfWords half;
  std::memcpy(&half, from, sizeof half);
  const Words words = __builtin_convertvector(half, Words) << 16;
  return (Floats)words;
}
/// Rounds to nearest, ties to even. NaN may become infinity.
inline void store(BFloat16* to, Floats v) {
  Words words = (Words)v;
  words = (words + 0x7FFF + ((words >> 16) & 1)) >> 16;
  const HalfWords half = __builtin_convertvector(words, HalfWords);
  std::memcpy(to, &half, sizeof half);
}

inline float sum(Floats v) {
  float total = 0;
  for (int i = 0; i < kLanes; ++i) total += v[i];
  return total;
}
inline Floats min(Floats a, Floats b) { return a < b ? a : b; }
inline Floats max(Floats a, Floats b) { return a > b ? a : b; }

/// e^x within 2 units in the last place on -87..88, clamped outside. Cody & Waite's reduction, Taylor's
/// polynomial on -ln(2)/2..ln(2)/2.
inline Floats exp(Floats x) {
  x = min(max(x, splat(-87.0f)), splat(88.0f));
  const Floats magic = splat(12582912.0f);  // adding it leaves the nearest integer in the low bits
  const Floats shifted = x * 1.44269504f + magic;
  const Floats n = shifted - magic;
  const Floats r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  Floats p = splat(1.0f / 5040);
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const Ints exponent = ((Ints)shifted - 0x4B400000 + 127) << 23;
  return p * (Floats)exponent;
}

}  // namespace
}  // namespace reverie::simd
