#pragma once
// What bounds the work that one expression can cause. All of it is far above what an artist writes.

#include <cstddef>

namespace reverie::expressions {

constexpr std::size_t kLongestText = 20'000;    ///< bytes
constexpr std::size_t kLongestTable = 400'000;  ///< bytes of keyframes that are plain numbers
constexpr std::size_t kDeepest =
    1'000;  ///< operators, brackets and calls inside each other, also while evaluating
constexpr std::size_t kLongestList = 100'000;  ///< elements
/// Lists inside each other. Comparing and freeing a list goes down into it, so this bounds the stack that
/// they take, however the list was made.
constexpr std::size_t kDeepestList = 100;
constexpr std::size_t kMostSteps = 1'000'000;  ///< operations, and elements read or made, in one evaluation

}  // namespace reverie::expressions
