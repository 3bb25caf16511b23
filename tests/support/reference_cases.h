#pragma once
// Checkpoints that a Python script writes, with what PyTorch computes with them.

#include <gtest/gtest.h>

#include <sstream>

#include "reverie/weights.h"
#include "support/process.h"
#include "support/relative_difference.h"
#include "weights/open.h"
#include "weights/safetensors.h"

namespace reverie::test {

struct ReferenceCase {
  std::string name, checkpoint;
  std::shared_ptr<const Weights> weights, expected;
};

/// Runs `script` of the test's folder, which takes a folder to write to and prints for each case a line with
/// the checkpoint, a tab, and a safetensors file of what is expected. The files live as long as `scratch`.
inline std::vector<ReferenceCase> reference_cases(const std::string& script, const Scratch& scratch) {
  std::vector<ReferenceCase> result;
  const Outcome made =
      run({REVERIE_TEST_PYTHON, std::string(REVERIE_TEST_FOLDER "/") + script, scratch.path().string()},
          scratch.path());
  EXPECT_EQ(made.status, 0) << made.err << "\n(tools/setup_test_python.sh installs what the script needs)";
  std::istringstream lines(made.out);
  for (std::string path, expected; std::getline(lines, path, '\t') && std::getline(lines, expected);)
    result.push_back({std::filesystem::path(path).stem().string(), path, weights::open_weights(path),
                      weights::read_safetensors(expected)});
  return result;
}

}  // namespace reverie::test
