// The project's optimisers against closed forms and against LibTorch's own.

#include <ATen/core/grad_mode.h>
#include <torch/nn/utils/clip_grad.h>
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

  engine::HostServices host_;
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

TEST_F(Optimisers, NesterovsMomentumLooksAhead) {
  // Velocities 1, 3/2 and 7/4; the steps are 1 + half of each.
  const at::Tensor x = leaf(0);
  const auto it = make("sgd", {x}, {{"momentum", 0.5}, {"nesterov", 1}});
  for (int i = 0; i < 3; ++i) {
    give(x, 1);
    it->step(1);
  }
  EXPECT_FLOAT_EQ(x.item<float>(), -(1.5f + 1.75f + 1.875f));
}

/// How uncertain RAdam's division is after so many steps, by the paper's sections 3.2 and 4: the variance of
/// a mean of `length` squares, where a plain mean over `length` gradients is as old as the decaying one. 0
/// where that variance is not finite.
double radam_certainty(double beta2, int steps) {
  const auto variance = [](double length) { return length / (2 * (length - 2) * (length - 4)); };
  const auto length_after = [&](int count) {
    double weights = 0, ages = 0;
    for (int age = 1; age <= count; ++age) {
      weights += std::pow(beta2, age - 1);
      ages += age * std::pow(beta2, age - 1);
    }
    return 2 * ages / weights - 1;
  };
  const double length = length_after(steps), longest = length_after(100000);
  return length > 5 ? std::sqrt(variance(longest) / variance(length)) : 0;
}

TEST_F(Optimisers, RAdamOnAConstantSlopeByThePapersVariance) {
  // The mean of equal gradients is the gradient, and so is the root of their squares' mean: a step is the
  // learning rate times the gradient at first, then times how certain the division is.
  for (const double beta2 : {0.999, 0.9}) {
    const at::Tensor x = leaf(0);
    const auto it = make("radam", {x}, {{"beta2", beta2}});
    double expected = 0;
    int careful = 0;
    for (int i = 1; i <= 60; ++i) {
      const double rate = i % 2 ? 0.25 : 0.5, certainty = radam_certainty(beta2, i);
      give(x, 4);
      it->step(rate);
      expected -= rate * (certainty > 0 ? certainty : 4);
      careful += certainty == 0;
      ASSERT_NEAR(x.item<double>(), expected, 2e-4) << beta2 << " step " << i;
    }
    EXPECT_EQ(careful, 5);
  }
}

TEST_F(Optimisers, RAdamBecomesAdam) {
  // With a short memory, its certainty is nearly reached after a hundred steps, and both do the same from
  // then on.
  const at::Tensor one = leaf(0), other = leaf(0);
  const std::map<std::string, double> params = {{"beta1", 0.5}, {"beta2", 0.8}};
  const auto radam = make("radam", {one}, params), adam = make("adam", {other}, params);
  for (int i = 0; i < 200; ++i) {
    const double before = one.item<double>() - other.item<double>();
    for (const at::Tensor& x : {one, other}) give(x, std::sin(i));
    radam->step(0.125);
    adam->step(0.125);
    if (i > 100) {
      EXPECT_NEAR(one.item<double>() - other.item<double>(), before, 1e-5) << i;
    }
  }
}

TEST_F(Optimisers, LongGradientsAreClippedLikeLibTorchs) {
  // The steps of sgd without momentum are the gradients.
  for (const double limit : {0.5, 2.0, 1e6}) {
    const at::Tensor start[] = {at::randn({4, 3}, seeded(3)), at::randn({5}, seeded(4)),
                                at::randn({2}, seeded(5))};
    std::vector<at::Tensor> ours, theirs;
    for (const at::Tensor& tensor : start) {
      ours.push_back(at::zeros_like(tensor).set_requires_grad(true));
      theirs.push_back(at::zeros_like(tensor).set_requires_grad(true));
    }
    for (int i = 0; i < 2; ++i) {  // the last one has no gradient
      ours[i].mutable_grad() = start[i].clone();
      theirs[i].mutable_grad() = start[i].clone();
    }
    make("sgd", ours, {{"momentum", 0}, {"max_gradient_norm", limit}})->step(1);
    torch::nn::utils::clip_grad_norm_(theirs, limit);
    for (int i = 0; i < 2; ++i) EXPECT_LT(largest(ours[i].detach() + theirs[i].grad()), 1e-6) << limit;
    EXPECT_EQ(largest(ours[2].detach()), 0);
  }
}

TEST_F(Optimisers, EachOptimiserClips) {
  // What one long gradient does is what the short one in its direction does.
  for (const char* name : {"adam", "adamw", "radam", "sgd"}) {
    const auto end = [&](double gradient, double limit) {
      const at::Tensor x = leaf(1);
      const auto it = make(name, {x}, {{"max_gradient_norm", limit}});
      for (const double each : {1.0, gradient, 0.5}) {
        give(x, each);
        it->step(0.01);
      }
      return x.item<double>();
    };
    EXPECT_NEAR(end(1000, 1), end(1, 0), 1e-6) << name;
    EXPECT_GT(std::abs(end(1000, 0) - end(1, 0)), 1e-4) << name;
  }
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
  EXPECT_LT(difference<TorchSgd>("sgd", {{"momentum", 0.7}, {"nesterov", 1}},
                                 torch::optim::SGDOptions(1).momentum(0.7).nesterov(true)),
            1e-6);
}

}  // namespace
}  // namespace reverie::test
