// The VQGAN network against PyTorch modules assembled from the published description, on checkpoints of all
// published layouts: in double to the last digits, so that nothing is merely similar, and in what is rendered
// with.

#include <ATen/ATen.h>

#include "image_models/vqgan_cases.h"
#include "network.h"

namespace reverie::test {
namespace {

/// Tensors of a checkpoint as a network under training has them: leaves that require gradients.
struct Leaves final : Weights {
  explicit Leaves(const Weights& file) : origin_(file.origin()) {
    for (const std::string& name : file.names())
      if (const at::Tensor tensor = file.tensor(name); tensor.is_floating_point())
        tensors[name] = tensor.to(at::kDouble).clone().set_requires_grad(true);
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> result;
    for (const auto& [name, tensor] : tensors) result.push_back(name);
    return result;
  }
  bool contains(const std::string& name) const override { return tensors.count(name) > 0; }
  at::Tensor tensor(const std::string& name) const override { return tensors.at(name); }
  const std::map<std::string, std::string>& metadata() const override { return texts_; }
  std::string origin() const override { return origin_; }

  std::map<std::string, at::Tensor> tensors;

 private:
  std::map<std::string, std::string> texts_;
  std::string origin_;
};

at::Tensor straight_through(const vqgan::Network& network, const at::Tensor& z, const at::Tensor& codes) {
  return z + (network.embed(codes) - z).detach();
}

/// What the plugin computes: encoding, quantising, decoding, and the gradient of a latent.
void expect_parity(const vqgan::Network& network, const Weights& expected, at::ScalarType dtype,
                   double tolerance) {
  const auto given = [&](const char* name) { return expected.tensor(name).to(dtype); };
  EXPECT_LT(relative_difference(network.encode(given("image")), expected.tensor("encoded")), tolerance);
  EXPECT_TRUE(at::equal(network.choose_codes(given("encoded")), expected.tensor("codes")));
  EXPECT_TRUE(at::equal(network.nearest_codes(given("z")), expected.tensor("nearest")));
  EXPECT_LT(relative_difference(network.embed(expected.tensor("nearest")), expected.tensor("quantised")),
            1e-6);
  if (network.shape().gumbel) {
    EXPECT_LT(relative_difference(network.logits(given("encoded")), expected.tensor("logits")), tolerance);
  }
  const at::Tensor z = given("z").clone().set_requires_grad(true);
  const at::Tensor decoded = network.decode(straight_through(network, z, network.nearest_codes(z)));
  EXPECT_LT(relative_difference(decoded, expected.tensor("decoded")), tolerance);
  (decoded * given("mix")).sum().backward();
  EXPECT_LT(relative_difference(z.grad(), expected.tensor("z_gradient")), tolerance);
}

TEST(VqganParity, InDouble) {
  for (const VqganCase& one : vqgan_cases()) {
    SCOPED_TRACE(one.name);
    for (const bool fixed : {false, true})
      expect_parity(vqgan::Network(*one.weights, at::kCPU, at::kDouble, fixed), *one.expected, at::kDouble,
                    1e-10);
  }
}

TEST(VqganParity, InFloat) {
  for (const VqganCase& one : vqgan_cases()) {
    SCOPED_TRACE(one.name);
    for (const bool fixed : {false, true})
      expect_parity(vqgan::Network(*one.weights, at::kCPU, at::kFloat, fixed), *one.expected, at::kFloat,
                    1e-4);
  }
}

TEST(VqganParity, InBfloat16) {
  // Its digits are less than three; random networks of some thirty layers lose about one of them.
  for (const VqganCase& one : vqgan_cases()) {
    SCOPED_TRACE(one.name);
    const vqgan::Network network(*one.weights, at::kCPU, at::kBFloat16, true);
    const at::Tensor quantised =
        one.expected->tensor("quantised").to(at::kFloat).clone().set_requires_grad(true);
    const at::Tensor decoded = network.decode(quantised);
    EXPECT_EQ(decoded.scalar_type(), at::kFloat);
    EXPECT_LT(relative_difference(decoded, one.expected->tensor("decoded")), 0.1);
    (decoded * one.expected->tensor("mix").to(at::kFloat)).sum().backward();
    EXPECT_LT(relative_difference(quantised.grad(), one.expected->tensor("z_gradient")), 0.2);
    EXPECT_LT(relative_difference(network.encode(one.expected->tensor("image").to(at::kFloat)),
                                  one.expected->tensor("encoded")),
              0.1);
  }
}

TEST(VqganParity, GradientsOfAllWeightsInTraining) {
  for (const VqganCase& one : vqgan_cases()) {
    SCOPED_TRACE(one.name);
    const Leaves leaves(*one.weights);
    const vqgan::Network network(leaves, at::kCPU, at::kDouble);
    const Weights& expected = *one.expected;
    const at::Tensor encoded = network.encode(expected.tensor("image"));
    const at::Tensor codes = network.choose_codes(encoded);
    at::Tensor loss =
        (network.decode(straight_through(network, encoded, codes)) * expected.tensor("mix")).sum();
    if (network.shape().gumbel) loss = loss + network.logits(encoded).square().sum();
    loss = loss + (network.embed(codes) * expected.tensor("quantised")).sum();
    loss.backward();
    int compared = 0;
    for (const std::string& name : expected.names()) {
      if (name.rfind("gradient.", 0) != 0) continue;
      const at::Tensor gradient = leaves.tensors.at(network.shape().prefix + name.substr(9)).grad();
      ASSERT_TRUE(gradient.defined()) << name;
      const at::Tensor e = expected.tensor(name).to(at::kDouble);
      // Biases of keys have no gradient at all, but for rounding.
      EXPECT_LT((gradient - e).norm().item<double>(), 1e-6 * e.norm().item<double>() + 1e-6) << name;
      ++compared;
    }
    EXPECT_GT(compared, 60);
  }
}

}  // namespace
}  // namespace reverie::test
