#pragma once
// Expressions whose values are large, deep or strange, from any bytes: the fuzzer's and random ones.

#include <cstdint>
#include <span>
#include <string>

namespace reverie::test {

/// Each byte does something to the value so far, `x`. A large one says that the next byte's is done up to
/// 2^14 times in a row.
inline std::string value_text(std::span<const std::uint8_t> bytes) {
  static constexpr const char* kOperations[] = {
      "[x]",
      "(x,)",
      "[x, x]",
      "[*x]",
      "[*x, x]",
      "zip(x)",
      "zip(x, x)",
      "enumerate(x)",
      "sorted(x)",
      "list(x)",
      "tuple(x)",
      "[y for y in x]",
      "[y for y in x for z in x]",
      "x*3",
      "x + x",
      "[x]*100000",
      "x[0]",
      "x[-1:]",
      "x[::-1]",
      "len(x)",
      "sum(x)",
      "sum(x, [])",
      "max(x)",
      "min(x)",
      "x == x",
      "x < x",
      "x in x",
      "[x] in [x]",
      "np.array(x)",
      "np.concatenate(x)",
      "np.repeat(x, 9)",
      "np.tile(x, 9)",
      "np.cumsum(x)",
      "range(x)",
      "-x",
      "~x",
      "x**x",
      "x << x",
      "x*x",
      "x // x",
      "x % x",
      "factorial(x)",
      "comb(2*x, x)",
      "pow(x, x, 7)",
      "1/x",
      "log(x)",
      "sqrt(x)",
      "floor(x)",
      "round(x, -5)",
      "int(x)",
      "x + 0.5",
      "x + 10",
      "bass/x",
      "x and t",
      "(lambda y: y)(x)",
      "(lambda *y: y)",
      "max(*x)",
      "np.interp(x, x, x)",
      "np.percentile(x, 50)",
      "abs(x)",
  };
  constexpr std::size_t kCount = std::size(kOperations), kMostDoublings = 14, kLongest = 3000;
  static constexpr const char* kStarts[] = {"t", "0", "[]", "[t]", "2", "bass", "[1, 2.5, t]", "range(1000)"};
  std::string value = bytes.empty() ? "t" : kStarts[bytes[0] % std::size(kStarts)];
  for (std::size_t i = 1; i < bytes.size() && value.size() < kLongest; ++i) {
    std::size_t doublings = 0;
    if (bytes[i] >= kCount * 2 && i + 1 < bytes.size()) doublings = bytes[i++] % (kMostDoublings + 1);
    std::string function = std::string("lambda x: ") + kOperations[bytes[i] % kCount];
    for (std::size_t k = 0; k < doublings; ++k) function = "D(" + function + ")";
    value = "(lambda D: (" + function + ")(" + value + "))(lambda f: lambda x: f(f(x)))";
  }
  return value;
}

}  // namespace reverie::test
