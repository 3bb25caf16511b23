#pragma once
// The checkpoints that flow_reference.py writes, with what PyTorch computes with them.

#include <gtest/gtest.h>

#include <sstream>

#include "reverie/weights.h"
#include "support/process.h"
#include "weights/open.h"
#include "weights/safetensors.h"

namespace reverie::test {

struct FlowCase {
  std::string name, checkpoint;
  std::shared_ptr<const Weights> weights, expected;
};

/// Written once for all tests of a program.
inline const std::vector<FlowCase>& flow_cases() {
  static const Scratch scratch;
  static const std::vector<FlowCase> cases = [] {
    std::vector<FlowCase> result;
    const Outcome made =
        run({REVERIE_TEST_PYTHON, REVERIE_TEST_FOLDER "/flow_reference.py", scratch.path().string()},
            scratch.path());
    EXPECT_EQ(made.status, 0) << made.err << "\n(tools/setup_test_python.sh installs what the script needs)";
    std::istringstream lines(made.out);
    for (std::string path, expected; std::getline(lines, path, '\t') && std::getline(lines, expected);)
      result.push_back({std::filesystem::path(path).stem().string(), path, open_weights(path),
                        read_safetensors(expected)});
    return result;
  }();
  EXPECT_EQ(cases.size(), 5u);
  return cases;
}

inline const FlowCase& flow_case(const std::string& name) {
  for (const FlowCase& one : flow_cases())
    if (one.name == name) return one;
  throw std::runtime_error("flow_reference.py made no " + name);
}

/// Norm of the difference over the norm of what is expected.
inline double relative_difference(const at::Tensor& result, const at::Tensor& expected) {
  if (result.sizes() != expected.sizes()) return std::numeric_limits<double>::infinity();
  const at::Tensor r = result.detach().to(at::kDouble), e = expected.to(at::kDouble);
  return ((r - e).norm() / e.norm()).item<double>();
}

}  // namespace reverie::test
