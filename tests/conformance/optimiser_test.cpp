#include "reverie/optimiser.h"

#include <ATen/core/grad_mode.h>

#include "conformance/promise.h"
#include "conformance/tensors.h"
#include "fixtures/plugins_under_test.h"

namespace reverie::test {
namespace {

/// Small enough for any optimiser, and large enough to be seen in float.
constexpr double kRate = 0.01;

class OptimiserConformance : public testing::TestWithParam<std::string> {
 protected:
  OptimiserConformance() : host_(host_options()) {}

  const PluginFile& plugin() const { return plugins().find(Optimiser::kKind, GetParam()); }
  std::shared_ptr<Optimiser> optimiser(const std::vector<at::Tensor>& parameters) {
    return create<Optimiser>(plugin(), host_, usual_params(plugin()), {parameters});
  }
  /// Leaves of several shapes, among them a scalar and one that is not contiguous.
  static std::vector<at::Tensor> leaves() {
    std::vector<at::Tensor> result = {random_tensor({1, 3, 4, 5}, 1), random_tensor({}, 2),
                                      random_tensor({6, 2}, 3).t()};
    for (at::Tensor& leaf : result) leaf = leaf.detach().set_requires_grad(true);
    return result;
  }
  /// The gradient of half the squared distance from `target`, whose lowest place is there.
  static void set_gradients(const std::vector<at::Tensor>& parameters, double target) {
    for (const at::Tensor& parameter : parameters) parameter.mutable_grad() = parameter.detach() - target;
  }
  static double distance(const std::vector<at::Tensor>& parameters, double target) {
    double sum = 0;
    for (const at::Tensor& parameter : parameters)
      sum += (parameter.detach() - target).square().sum().item<double>();
    return sum;
  }
  static std::vector<at::Tensor> copies(const std::vector<at::Tensor>& tensors) {
    std::vector<at::Tensor> result;
    for (const at::Tensor& tensor : tensors) result.push_back(tensor.detach().clone());
    return result;
  }
  static std::map<std::string, at::Tensor> state_of(const Optimiser& optimiser) {
    std::map<std::string, at::Tensor> result;
    for (const auto& [name, tensor] : optimiser.state()) result[name] = tensor.detach().clone();
    return result;
  }

  engine::HostServices host_;
};

TEST_P(OptimiserConformance, LeadsDownhill) {
  promise("step()", "steps against the gradient bring the parameters nearer to the lowest place");
  const std::vector<at::Tensor> parameters = leaves();
  const auto it = optimiser(parameters);
  const double before = distance(parameters, 3);
  for (int i = 0; i < 20; ++i) {
    set_gradients(parameters, 3);
    it->step(kRate);
  }
  EXPECT_LT(distance(parameters, 3), before * 0.99);
}

TEST_P(OptimiserConformance, ChangesParametersInPlace) {
  promise("step()", "parameters are changed in place");
  const std::vector<at::Tensor> parameters = leaves(), before = parameters;
  const auto it = optimiser(parameters);
  set_gradients(parameters, 3);
  it->step(kRate);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    EXPECT_TRUE(parameters[i].is_same(before[i]));
    EXPECT_TRUE(parameters[i].is_leaf());
    EXPECT_TRUE(parameters[i].requires_grad());
    EXPECT_EQ(parameters[i].sizes(), before[i].sizes());
  }
}

TEST_P(OptimiserConformance, NothingIsDoneBeforeTheFirstStep) {
  promise("its constructor", "parameters stay as they are until the first step");
  const std::vector<at::Tensor> parameters = leaves(), before = copies(parameters);
  const auto it = optimiser(parameters);
  it->state();
  for (std::size_t i = 0; i < parameters.size(); ++i) EXPECT_TRUE(at::equal(parameters[i], before[i]));
}

TEST_P(OptimiserConformance, WithoutAGradientAParameterStays) {
  promise("step()", "where grad() is undefined, the parameter stays as it is");
  const std::vector<at::Tensor> parameters = leaves();
  const auto it = optimiser(parameters);
  set_gradients(parameters, 3);
  it->step(kRate);  // so that there is momentum
  const std::vector<at::Tensor> before = copies(parameters);
  set_gradients(parameters, 3);
  parameters[0].mutable_grad() = at::Tensor();
  it->step(kRate);
  EXPECT_TRUE(at::equal(parameters[0], before[0]));
  EXPECT_FALSE(at::equal(parameters[2], before[2]));
}

TEST_P(OptimiserConformance, EachStepHasItsOwnLearningRate) {
  promise("step()", "the learning rate may differ from step to step");
  // The first steps of two, from the same place: the larger rate goes further.
  const std::vector<at::Tensor> slow = leaves(), fast = leaves(), start = copies(slow);
  for (const auto& [parameters, rate] : {std::pair{&slow, kRate}, {&fast, 4 * kRate}}) {
    const auto it = optimiser(*parameters);
    set_gradients(*parameters, 3);
    it->step(rate);
  }
  for (std::size_t i = 0; i < start.size(); ++i) {
    const double near = (slow[i] - start[i]).norm().item<double>();
    EXPECT_GT((fast[i] - start[i]).norm().item<double>(), near * 2);
    EXPECT_GT(near, 0);
  }
}

TEST_P(OptimiserConformance, StateContinuesExactly) {
  promise("state()", "everything but the parameters that is needed to continue exactly");
  const std::vector<at::Tensor> parameters = leaves();
  const auto it = optimiser(parameters);
  for (int i = 0; i < 3; ++i) {
    set_gradients(parameters, 3);
    it->step(kRate);
  }
  std::vector<at::Tensor> again;
  for (const at::Tensor& parameter : parameters)
    again.push_back(parameter.detach().clone().set_requires_grad(true));
  const auto other = optimiser(again);
  other->load_state(state_of(*it));
  for (int i = 0; i < 3; ++i) {
    set_gradients(parameters, 3);
    set_gradients(again, 3);
    it->step(kRate);
    other->step(kRate);
    for (std::size_t k = 0; k < again.size(); ++k) EXPECT_TRUE(at::equal(again[k], parameters[k])) << i;
  }
}

TEST_P(OptimiserConformance, ForeignStateIsRefused) {
  promise("load_state()", "throws Error(model) when the state is of other parameters, and changes nothing");
  const std::vector<at::Tensor> parameters = leaves();
  const auto it = optimiser(parameters);
  set_gradients(parameters, 3);
  it->step(kRate);
  const std::map<std::string, at::Tensor> own = state_of(*it);
  if (own.empty()) GTEST_SKIP() << "it has none";
  const auto refused = [&](const std::map<std::string, at::Tensor>& state, const std::string& what) {
    EXPECT_EQ(error_of([&] { it->load_state(state); }).kind(), ErrorKind::model) << what;
  };
  refused({}, "an empty state");
  for (const auto& [name, tensor] : own) {
    auto state = own;
    state.erase(name);
    refused(state, "without " + name);
    state[name] = at::zeros({3, 1, 4, 1, 5});
    refused(state, name + " of another shape");
  }
  for (const auto& [name, tensor] : it->state())
    EXPECT_TRUE(at::equal(tensor, own.at(name))) << name << " changed by a state that was refused";
}

INSTANTIATE_TEST_SUITE_P(All, OptimiserConformance, testing::ValuesIn(names_of(Optimiser::kKind)),
                         name_as_is);

}  // namespace
}  // namespace reverie::test
