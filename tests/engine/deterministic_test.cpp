// `deterministic: true`, as far as it can be seen without a card.

#include "engine/deterministic.h"

#include <ATen/ATen.h>

#include <cstdlib>

#include "engine/studio.h"

namespace reverie::test {
namespace {

struct Deterministic : testing::Test {
  void SetUp() override {
    ::unsetenv("CUBLAS_WORKSPACE_CONFIG");
    engine::use_deterministic_algorithms(true);
  }
  void TearDown() override { engine::use_deterministic_algorithms(false); }
};

TEST_F(Deterministic, AlgorithmsAreAskedOfAllLibraries) {
  const at::Context& torch = at::globalContext();
  EXPECT_TRUE(torch.deterministicAlgorithms());
  EXPECT_FALSE(torch.deterministicAlgorithmsWarnOnly());
  EXPECT_TRUE(torch.deterministicCuDNN());
  EXPECT_FALSE(torch.benchmarkCuDNN());
  EXPECT_STREQ(std::getenv("CUBLAS_WORKSPACE_CONFIG"), ":4096:8");
  torch.alertCuBLASConfigNotDeterministic();  // throws for other values, where there is a card
  engine::use_deterministic_algorithms(false);
  EXPECT_FALSE(torch.deterministicAlgorithms());
  EXPECT_FALSE(torch.deterministicCuDNN());
}

/// put_() without accumulation is one that LibTorch has no deterministic version of, also on the CPU.
TEST_F(Deterministic, AnOperatorThatCannotIsNamed) {
  Studio studio("scenes=red;steps_per_scene=2;cutouts=4");
  studio.sense->on_look = [] {
    at::zeros({4}).put_(at::tensor({1, 1}, at::kLong), at::ones({2}), /*accumulate=*/false);
  };
  const Error error = error_of([&] { studio.run(); });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  const std::string message = error.what();
  EXPECT_NE(message.find("'put_'"), std::string::npos) << message;
  EXPECT_NE(message.find("colour_sense"), std::string::npos) << "who needed it: " << message;
  EXPECT_NE(error.advice().find("deterministic=false"), std::string::npos) << error.advice();
}

}  // namespace
}  // namespace reverie::test
