#pragma once
// Arithmetic that a graphics card runs as well as the processor: functions of one element, marked
// REVERIE_DEVICE. Kernels for cards, vectors on the CPU (reverie/simd.h) and tests use the same ones.
//
// A kernel is a copyable struct, an "element": its members are the arguments, and its call operator computes
// the element with a given index. On a card a grid of threads calls it, in a test a loop does.

#include <cmath>
#include <cstdint>
#include <cstring>

#if defined(__CUDACC__)
#define REVERIE_DEVICE __host__ __device__
#else
#define REVERIE_DEVICE
#endif

namespace reverie::device {

/// What templates of arithmetic need beside operators, for one number at a time. Files of kernels for the
/// CPU have a struct with the same members for vectors.
template <typename Number>
struct Scalar {
  using Real = Number;    ///< what a vector consists of
  using Floats = Number;  ///< one number, or a vector of them
  using Ints = std::int32_t;
  using Words = std::uint32_t;
  using Mask = bool;  ///< what comparisons give

  REVERIE_DEVICE static Floats splat(Real value) { return value; }
  REVERIE_DEVICE static Floats min(Floats a, Floats b) { return a < b ? a : b; }
  REVERIE_DEVICE static Floats max(Floats a, Floats b) { return a > b ? a : b; }
  REVERIE_DEVICE static Floats from_ints(Ints i) { return static_cast<Floats>(i); }
  /// Of numbers that fit into Ints.
  REVERIE_DEVICE static Floats floor(Floats v) {
    const Floats whole = static_cast<Floats>(static_cast<Ints>(v));
    return whole > v ? whole - 1 : whole;
  }
  REVERIE_DEVICE static float sqrt(float v) { return sqrtf(v); }
  REVERIE_DEVICE static double sqrt(double v) { return ::sqrt(v); }
  /// Of float alone.
  REVERIE_DEVICE static Words bits(float v) {
    Words words;
    std::memcpy(&words, &v, sizeof words);
    return words;
  }
  REVERIE_DEVICE static float from_bits(Words words) {
    float v;
    std::memcpy(&v, &words, sizeof v);
    return v;
  }
};

/// Sums in fixed point do not depend on the order of their terms, so a card's threads may add in any order
/// and the bytes are the same each time.
REVERIE_DEVICE inline void add_in_any_order(std::int64_t* to, std::int64_t value) {
#if defined(__CUDA_ARCH__)
  atomicAdd(reinterpret_cast<unsigned long long*>(to), static_cast<unsigned long long>(value));
#else
  *to += value;
#endif
}

/// Keeps the largest of non-negative numbers, by their bits: infinity and NaN are the largest of all.
REVERIE_DEVICE inline void keep_largest(std::int64_t* to, double value) {
  std::int64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
#if defined(__CUDA_ARCH__)
  // Most values are not larger: looking first avoids nearly all of the threads' queue.
  if (bits > *static_cast<volatile std::int64_t*>(to)) atomicMax(reinterpret_cast<long long*>(to), bits);
#else
  if (bits > *to) *to = bits;
#endif
}

/// How many fixed-point units a number is worth, for sums of up to 2^21 numbers whose largest magnitude is
/// given by keep_largest(). A power of two, or NaN where there was no finite largest. In Real itself: many
/// cards have few units for double.
template <typename Real>
REVERIE_DEVICE Real fixed_point_scale(std::int64_t largest) {
  constexpr bool kIsFloat = sizeof(Real) == 4;
  constexpr std::int64_t kGreatest = kIsFloat ? 126 : 1022;  // its reciprocal is still a normal number
  const std::int64_t exponent = largest >> 52;               // of a magnitude below 2^(exponent - 1022)
  std::int64_t power = 40 + 1022 - exponent;
  if (power > kGreatest) power = kGreatest;
  Real result;
  if constexpr (kIsFloat) {
    const auto bits =
        exponent == 0x7FF ? std::int32_t{0x7FC00000} : static_cast<std::int32_t>((power + 127) << 23);
    std::memcpy(&result, &bits, sizeof result);
  } else {
    const std::int64_t bits = exponent == 0x7FF ? std::int64_t{0x7FF8000000000000} : (power + 1023) << 52;
    std::memcpy(&result, &bits, sizeof result);
  }
  return result;
}

/// A number in such units, rounded.
template <typename Real>
REVERIE_DEVICE std::int64_t fixed_point(Real value, Real scale) {
  const Real units = value * scale;
  return static_cast<std::int64_t>(units < 0 ? units - Real(0.5) : units + Real(0.5));
}

}  // namespace reverie::device
