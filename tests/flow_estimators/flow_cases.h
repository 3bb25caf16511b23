#pragma once
// The checkpoints that flow_reference.py writes, with what PyTorch computes with them.

#include "support/reference_cases.h"

namespace reverie::test {

using FlowCase = ReferenceCase;

/// Written once for all tests of a program.
inline const std::vector<FlowCase>& flow_cases() {
  static const Scratch scratch;
  static const auto cases = reference_cases("flow_reference.py", scratch);
  EXPECT_EQ(cases.size(), 5u);
  return cases;
}

inline const FlowCase& flow_case(const std::string& name) {
  for (const FlowCase& one : flow_cases())
    if (one.name == name) return one;
  throw std::runtime_error("flow_reference.py made no " + name);
}

}  // namespace reverie::test
