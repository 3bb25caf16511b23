// The project's optimisers against closed forms and against LibTorch's own.

#include <ATen/core/grad_mode.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>

#include "fixtures/plugins_under_test.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

class Optimisers : public testing::Test {
 protected:
  Optimisers() : host_(host_options()) {}

  std::shared_ptr<Optimiser> make(const std::string& name, const std::vector<at::Tensor>& parameters,
                                  const std::map<std::string, double>& params = {}) {
    const PluginFile& plugin = plugins().find(Optimiser::kKind, name);
    Settings settings = default_params(plugin);
    for (const auto& [param, number] : params) set(settings, param, number);
    return create<Optimiser>(plugin, host_, settings, {parameters});
  }
  static at::Tensor leaf(double value) { return at::full({1}, value).set_requires_grad(true); }
  static void give(const at::Tensor& parameter, double gradient) {
    parameter.mutable_grad() = at::full({1}, gradient);
  }

  /// Twenty steps with rates that change, on gradients that depend on the parameters; the largest difference
  /// to what `theirs` makes of the same.
  template <typename Theirs>
  double difference(const std::string& name, const std::map<std::string, double>& params,
                    const typename Theirs::OptionsOf& options) {
    const at::Tensor start = at::randn({5, 7}, seeded(1));
    const at::Tensor ours = start.clone().set_requires_grad(true);
    const at::Tensor other = start.clone().set_requires_grad(true);
    const auto mine = make(name, {ours}, params);
    typename Theirs::Type theirs(std::vector<at::Tensor>{other}, options);
    for (int i = 0; i < 20; ++i) {
      const double rate = 0.05 / (1 + i);
      for (const at::Tensor& parameter : {ours, other})
        parameter.mutable_grad() = (parameter.detach() - 0.3).pow(3) + 0.1 * i;
      mine->step(rate);
      theirs.param_groups()[0].options().set_lr(rate);
      theirs.step();
    }
    EXPECT_GT(largest(ours.detach() - start), 0.05) << "they have moved";
    return largest(ours.detach() - other.detach());
  }
  struct TorchAdam {
    using Type = torch::optim::Adam;
    using OptionsOf = torch::optim::AdamOptions;
  };
  struct TorchAdamW {
    using Type = torch::optim::AdamW;
    using OptionsOf = torch::optim::AdamWOptions;
  };
  struct TorchSgd {
    using Type = torch::optim::SGD;
    using OptionsOf = torch::optim::SGDOptions;
  };

  HostServices host_;
};

TEST_F(Optimisers, AdamsFirstStepIsTheLearningRate) {
  // The mean over the root of the mean square of one gradient is its sign.
  for (const double gradient : {1e-4, -3.0}) {
    const at::Tensor x = leaf(1);
    const auto it = make("adam", {x});
    give(x, gradient);
    it->step(0.25);
    EXPECT_NEAR(x.item<double>(), gradient > 0 ? 0.75 : 1.25, 1e-4);
  }
}

TEST_F(Optimisers, AdamsSecondStepByHand) {
  // Gradients 1 and 3, decay rates 1/2 and 3/4. Means (0.25 + 1.5) / 0.75 = 7/3; squares (3/16 + 9/4) /
  // (7/16) = 39/7.
  const at::Tensor x = leaf(0);
  const auto it = make("adam", {x}, {{"beta1", 0.5}, {"beta2", 0.75}});
  give(x, 1);
  it->step(1);
  give(x, 3);
  it->step(0.5);
  EXPECT_NEAR(x.item<double>(), -1 - 0.5 * (7.0 / 3) / std::sqrt(39.0 / 7), 1e-5);
}

TEST_F(Optimisers, SgdGathersVelocity) {
  // Velocities 1, 1/2 + 1 and 3/4 + 1, each times its own rate.
  const at::Tensor x = leaf(0);
  const auto it = make("sgd", {x}, {{"momentum", 0.5}});
  for (const double rate : {1.0, 2.0, 4.0}) {
    give(x, 1);
    it->step(rate);
  }
  EXPECT_FLOAT_EQ(x.item<float>(), -(1 + 2 * 1.5f + 4 * 1.75f));
}

TEST_F(Optimisers, SgdWithoutMomentumIsTheGradient) {
  const at::Tensor x = leaf(1);
  const auto it = make("sgd", {x}, {{"momentum", 0}});
  for (int i = 0; i < 2; ++i) {
    give(x, 2);
    it->step(0.125);
  }
  EXPECT_EQ(x.item<double>(), 0.5);
}

TEST_F(Optimisers, AdamWDecaysWhatHasNoSlope) {
  const at::Tensor x = leaf(8);
  const auto it = make("adamw", {x}, {{"weight_decay", 0.5}});
  for (int i = 0; i < 3; ++i) {
    give(x, 0);
    it->step(1);
  }
  EXPECT_EQ(x.item<double>(), 1) << "8 halves three times";
}

TEST_F(Optimisers, AreLibTorchs) {
  EXPECT_LT(difference<TorchAdam>("adam", {}, torch::optim::AdamOptions(1)), 1e-6);
  EXPECT_LT(difference<TorchAdam>("adam", {{"beta1", 0.6}, {"beta2", 0.9}, {"epsilon", 0.01}},
                                  torch::optim::AdamOptions(1).betas({0.6, 0.9}).eps(0.01)),
            1e-6);
  EXPECT_LT(difference<TorchAdamW>("adamw", {{"weight_decay", 0.2}},
                                   torch::optim::AdamWOptions(1).weight_decay(0.2)),
            1e-6);
  EXPECT_LT(difference<TorchSgd>("sgd", {{"momentum", 0.7}}, torch::optim::SGDOptions(1).momentum(0.7)),
            1e-6);
}

}  // namespace
}  // namespace reverie::test
