#pragma once
// The checkpoints that depth_reference.py writes, with what PyTorch computes with them.

#include "depth_estimators/depth_parity.h"
#include "support/reference_cases.h"

namespace reverie::test {

using DepthCase = ReferenceCase;

/// Written once for all tests of a program.
inline const std::vector<DepthCase>& all_depth_cases() {
  static const Scratch scratch;
  static const auto cases = reference_cases("depth_reference.py", scratch);
  return cases;
}

/// Those of one plugin: their names begin with its.
inline std::vector<DepthCase> depth_cases(const std::string& plugin) {
  std::vector<DepthCase> result;
  for (const DepthCase& one : all_depth_cases())
    if (one.name.rfind(plugin, 0) == 0) result.push_back(one);
  EXPECT_FALSE(result.empty()) << plugin;
  return result;
}

}  // namespace reverie::test
