#pragma once
// The checkpoints that vqgan_reference.py writes, with what PyTorch computes with them.

#include "support/reference_cases.h"

namespace reverie::test {

using VqganCase = ReferenceCase;

/// Written once for all tests of a program.
inline const std::vector<VqganCase>& vqgan_cases() {
  static const Scratch scratch;
  static const auto cases = reference_cases("vqgan_reference.py", scratch);
  EXPECT_EQ(cases.size(), 6u);
  return cases;
}

}  // namespace reverie::test
