// What the VQGAN network takes from a file, what it refuses, and its fused norm and swish.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "image_models/vqgan_cases.h"
#include "layers.h"
#include "network.h"
#include "norm_swish.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

/// A checkpoint's tensors, to be changed.
struct Copy final : Weights {
  explicit Copy(const Weights& file) {
    for (const std::string& name : file.names()) tensors[name] = file.tensor(name);
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> result;
    for (const auto& [name, tensor] : tensors) result.push_back(name);
    return result;
  }
  bool contains(const std::string& name) const override { return tensors.count(name) > 0; }
  at::Tensor tensor(const std::string& name) const override {
    const auto found = tensors.find(name);
    if (found == tensors.end()) throw Error(ErrorKind::model, "there is no tensor '" + name + "'");
    return found->second;
  }
  const std::map<std::string, std::string>& metadata() const override { return texts_; }
  std::string origin() const override { return "copy"; }

  std::map<std::string, at::Tensor> tensors;

 private:
  std::map<std::string, std::string> texts_;
};

const Weights& weights_of(const std::string& name) {
  for (const VqganCase& one : vqgan_cases())
    if (one.name == name) return *one.weights;
  throw std::runtime_error("there is no case " + name);
}

TEST(VqganShapes, FollowFromTheTensors) {
  // As vqgan_reference.py made them.
  const vqgan::Shape f16 = vqgan::Shape::from_weights(weights_of("lightning"));
  EXPECT_EQ(f16.channels, 32);
  EXPECT_EQ(f16.multipliers, (std::vector<std::int64_t>{1, 1, 2, 2, 4}));
  EXPECT_EQ(f16.attention, (std::vector<bool>{false, false, false, false, true}));
  EXPECT_TRUE(f16.middle_attention);
  EXPECT_EQ(f16.blocks, 2);
  EXPECT_EQ(f16.latent_channels, 24);
  EXPECT_EQ(f16.embedding, 24);
  EXPECT_EQ(f16.codes, 96);
  EXPECT_FALSE(f16.gumbel);
  EXPECT_EQ(f16.factor(), 16);
  EXPECT_EQ(f16.prefix, "state_dict.");
  EXPECT_EQ(vqgan::Shape::from_weights(weights_of("net2net")).prefix, "state_dict.first_stage_model.");
  const vqgan::Shape gumbel = vqgan::Shape::from_weights(weights_of("state_dict"));
  EXPECT_TRUE(gumbel.gumbel);
  EXPECT_EQ(gumbel.factor(), 8);
  EXPECT_EQ(gumbel.codes, 80);
  EXPECT_EQ(gumbel.prefix, "");
  const vqgan::Shape odd = vqgan::Shape::from_weights(weights_of("net2net_bare_legacy"));
  EXPECT_EQ(odd.prefix, "first_stage_model.");
  EXPECT_EQ(odd.multipliers, (std::vector<std::int64_t>{1, 3}));
  EXPECT_EQ(odd.latent_channels, 12);
  EXPECT_EQ(odd.embedding, 5);
  EXPECT_EQ(odd.factor(), 2);
}

Error error_of(const Copy& weights) {
  try {
    vqgan::Network{weights};
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorKind::usage, "no error");
}

TEST(VqganShapes, WhatDoesNotFitIsNamed) {
  const Copy whole(weights_of("state_dict"));
  EXPECT_EQ(std::string(error_of(whole).what()), "no error");
  // Every single tensor is needed, and in its own shape.
  for (const auto& [name, tensor] : whole.tensors) {
    Copy broken = whole;
    broken.tensors.erase(name);
    const Error absent = error_of(broken);
    EXPECT_TRUE(absent.kind() == ErrorKind::model || absent.kind() == ErrorKind::unsupported) << name;
    broken.tensors[name] = tensor.dim() == 1 ? at::zeros({tensor.size(0) + 1}) : at::zeros({3, 1, 4, 1, 5});
    EXPECT_EQ(error_of(broken).kind(), ErrorKind::model) << name;
    EXPECT_NE(std::string(error_of(broken).what()).find("'copy'"), std::string::npos) << name;
  }
  Copy no_codebook = whole;
  no_codebook.tensors.erase("quantize.embed.weight");
  EXPECT_NE(std::string(error_of(no_codebook).what()).find("without a codebook"), std::string::npos);
  Copy more = whole;
  more.tensors["decoder.mid.block_3.conv1.weight"] = at::zeros({2});
  EXPECT_EQ(error_of(more).kind(), ErrorKind::unsupported);
  EXPECT_NE(std::string(error_of(more).what()).find("block_3"), std::string::npos);
  Copy other = whole;
  other.tensors = {{"visual.proj", at::zeros({2, 2})}};
  EXPECT_NE(std::string(error_of(other).what()).find("holds no VQGAN"), std::string::npos);
}

TEST(VqganShapes, TensorsThatFitStayTheSameObjects) {
  const Copy weights(weights_of("lightning_legacy"));
  EXPECT_TRUE(
      vqgan::Network(weights).codebook().is_same(weights.tensors.at("state_dict.quantize.embedding.weight")));
}

TEST(VqganCodes, AreNearestInLargePicturesToo) {
  const vqgan::Network network(weights_of("lightning_legacy"));
  const at::Tensor z = at::randn({1, 5, 760, 760}, seeded(1));  // more than is computed at once
  const at::Tensor all = network.nearest_codes(z);
  const at::Tensor upper = network.nearest_codes(z.narrow(2, 0, 300)),
                   lower = network.nearest_codes(z.narrow(2, 300, 460));
  EXPECT_TRUE(at::equal(all, at::cat({upper, lower}, 1)));
  // No other code is nearer, of some positions.
  const at::Tensor some = z.narrow(2, 500, 10).permute({0, 2, 3, 1}).reshape({-1, 1, 5}).to(at::kDouble);
  const at::Tensor distances = (some - network.codebook().to(at::kDouble)).square().sum(2);
  const at::Tensor chosen = distances.gather(1, all.narrow(1, 500, 10).reshape({-1, 1})).squeeze(1);
  EXPECT_LT(largest(chosen - distances.amin(1)), 1e-5);
}

TEST(VqganNorms, Groups) {
  for (const std::int64_t published : {128, 256, 512}) EXPECT_EQ(vqgan::norm_groups(published), 32);
  EXPECT_EQ(vqgan::norm_groups(32), 32);
  EXPECT_EQ(vqgan::norm_groups(48), 16);
  EXPECT_EQ(vqgan::norm_groups(24), 8);
  EXPECT_EQ(vqgan::norm_groups(7), 1);
}

struct NormCase {
  std::vector<std::int64_t> sizes;
  std::int64_t groups;
  double mean, deviation;
};

class VqganNormSwish : public testing::TestWithParam<NormCase> {};

TEST_P(VqganNormSwish, IsLibTorchsInDouble) {
  const NormCase& one = GetParam();
  const auto generator = seeded(11);
  const std::int64_t width = one.sizes[1];
  const at::Tensor weight = at::randn({width}, generator) + 1, bias = at::randn({width}, generator);
  const at::Tensor offsets = at::randn({1, width, 1, 1}, generator) * one.deviation;
  const at::Tensor values =
      (at::randn(one.sizes, generator) * one.deviation + offsets + one.mean).to(at::kBFloat16).to(at::kFloat);
  const at::Tensor direction = at::randn(one.sizes, generator).to(at::kBFloat16).to(at::kFloat);

  const at::Tensor x = values.to(at::kDouble).set_requires_grad(true);
  const at::Tensor y =
      at::silu(at::group_norm(x, one.groups, weight.to(at::kDouble), bias.to(at::kDouble), /*eps=*/1e-6));
  (y * direction.to(at::kDouble)).sum().backward();

  for (const auto type : {at::kFloat, at::kBFloat16})
    for (const auto layout : {at::MemoryFormat::ChannelsLast, at::MemoryFormat::Contiguous}) {
      const at::Tensor input = values.to(type).contiguous(layout);
      ASSERT_TRUE(vqgan::fits_norm_swish(input));
      vqgan::NormStatistics statistics;
      const at::Tensor result = vqgan::norm_swish(input, weight, bias, one.groups, 1e-6, statistics);
      const at::Tensor gradient = vqgan::norm_swish_backward(direction.to(type).contiguous(layout), input,
                                                             weight, bias, one.groups, statistics);
      EXPECT_EQ(result.scalar_type(), type);
      // The result is rounded once, to bfloat16's 8 bits. In float, a mean far from zero costs digits.
      const double far = std::max(1.0, std::abs(one.mean) / one.deviation);
      const double tolerance = type == at::kBFloat16 ? 3e-3 : 3e-6 * far;
      EXPECT_LT(relative_difference(result, y), tolerance);
      EXPECT_LT(relative_difference(gradient, x.grad()), tolerance);
    }
}

INSTANTIATE_TEST_SUITE_P(
    All, VqganNormSwish,
    testing::Values(NormCase{{1, 32, 7, 9}, 32, 0, 1}, NormCase{{2, 48, 40, 33}, 16, 0, 1},
                    NormCase{{1, 128, 64, 50}, 32, 0.5, 2}, NormCase{{3, 16, 2, 1}, 4, -1, 0.5},
                    NormCase{{1, 64, 31, 45}, 32, 300, 1}, NormCase{{1, 64, 31, 45}, 8, -20, 0.01},
                    NormCase{{2, 28, 34, 50}, 4, 1, 2}, NormCase{{1, 56, 2, 3}, 8, 0, 1},
                    NormCase{{1, 25, 4, 4}, 1, 0, 1}));

TEST(VqganNormSwish, DoesNotDependOnThreads) {
  const at::Tensor x = at::randn({1, 32, 120, 90}, seeded(5)).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor weight = at::ones({32}), bias = at::zeros({32});
  const int before = at::get_num_threads();
  std::vector<at::Tensor> results;
  for (const int threads : {1, 2, 3}) {
    at::set_num_threads(threads);
    vqgan::NormStatistics statistics;
    results.push_back(vqgan::norm_swish(x, weight, bias, 32, 1e-6, statistics));
    results.push_back(vqgan::norm_swish_backward(x, x, weight, bias, 32, statistics));
  }
  at::set_num_threads(before);
  for (std::size_t i = 2; i < results.size(); ++i) EXPECT_TRUE(at::equal(results[i], results[i % 2]));
}

TEST(VqganNormSwish, LeavesTheRestToLibTorch) {
  EXPECT_FALSE(vqgan::fits_norm_swish(at::zeros({1, 24, 3, 3})));
  EXPECT_FALSE(vqgan::fits_norm_swish(at::zeros({1, 32, 2, 2}, at::kDouble)));
  EXPECT_FALSE(vqgan::fits_norm_swish(at::zeros({1, 32, 0, 2})));
}

}  // namespace
}  // namespace reverie::test
