#pragma once
// The checkpoints that depth_reference.py writes, with what PyTorch computes with them.

#include <gtest/gtest.h>

#include <sstream>

#include "depth_estimators/depth_parity.h"
#include "support/process.h"
#include "weights/open.h"
#include "weights/safetensors.h"

namespace reverie::test {

struct DepthCase {
  std::string name, checkpoint;
  std::shared_ptr<const Weights> weights, expected;
};

/// Written once for all tests of a program.
inline const std::vector<DepthCase>& all_depth_cases() {
  static const Scratch scratch;
  static const std::vector<DepthCase> cases = [] {
    std::vector<DepthCase> result;
    const Outcome made =
        run({REVERIE_TEST_PYTHON, REVERIE_TEST_FOLDER "/depth_reference.py", scratch.path().string()},
            scratch.path());
    EXPECT_EQ(made.status, 0) << made.err << "\n(tools/setup_test_python.sh installs what the script needs)";
    std::istringstream lines(made.out);
    for (std::string path, expected; std::getline(lines, path, '\t') && std::getline(lines, expected);)
      result.push_back({std::filesystem::path(path).stem().string(), path, open_weights(path),
                        read_safetensors(expected)});
    return result;
  }();
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
