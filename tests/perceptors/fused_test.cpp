// The CPU's vision transformer against plain loops and autograd, and its kernels, for every instruction set
// that this processor runs, against LibTorch in double.

#include "fused_vision_transformer.h"

#include "perceptors/naive_clip.h"
#include "reverie/cpu.h"
#include "vision_transformer.h"

namespace reverie::clip {
extern const Kernels kernels_baseline;
#if defined(__x86_64__)
extern const Kernels kernels_avx2, kernels_avx512;
#endif
}  // namespace reverie::clip

namespace reverie::test {
namespace {

using clip::Activation;

constexpr clip::Normalisation kNormal{{0.4, 0.5, 0.3}, {0.2, 0.3, 0.25}};

clip::TensorSource source(const Weights& weights, at::ScalarType type = at::kFloat) {
  return [&weights, type](const std::string& name) { return weights.tensor(name).to(type); };
}

at::Tensor normalised(const at::Tensor& images) {
  const auto channels = [&](const std::array<double, 3>& v) {
    return at::tensor({v[0], v[1], v[2]}, at::kDouble).view({1, 3, 1, 1});
  };
  return (images.to(at::kDouble) - channels(kNormal.mean)) / channels(kNormal.deviation);
}

double relative_error(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).norm().item<double>() /
         b.to(at::kDouble).norm().item<double>();
}

TEST(FusedTower, AgreesWithPlainLoops) {
  const ToyWeights weights = toy_vit();
  const at::Tensor images = at::rand({3, 3, 12, 12}, seeded(1));
  for (const bool gelu : {false, true}) {
    const clip::FusedVisionTransformer tower(clip::infer_shape(weights), source(weights),
                                             gelu ? Activation::gelu : Activation::quick_gelu, kNormal,
                                             at::kFloat);
    const at::Tensor rows = tower(images), normal = normalised(images);
    for (std::int64_t i = 0; i < 3; ++i)
      EXPECT_LT(relative_error(
                    rows[i], at::tensor(naive::vision_transformer(normal[i], weights, 2, gelu), at::kDouble)),
                1e-5);
  }
}

TEST(FusedTower, GradientIsAutograds) {
  const ToyWeights weights = toy_vit();
  const clip::Shape shape = clip::infer_shape(weights);
  const at::Tensor direction = at::randn({5, kEmbedding}, seeded(2));
  for (const Activation activation : {Activation::quick_gelu, Activation::gelu})
    for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
      const at::Tensor images = at::rand({5, 3, 12, 12}, seeded(1)).set_requires_grad(true);
      const clip::FusedVisionTransformer tower(shape, source(weights), activation, kNormal, type);
      const at::Tensor result = tower(images);
      (result * direction).sum().backward();

      const at::Tensor exact = images.detach().to(at::kDouble).set_requires_grad(true);
      const clip::VisionTransformer plain(shape, source(weights, at::kDouble), activation);
      const at::Tensor expected = plain(normalised(exact));
      (expected * direction).sum().backward();
      // bfloat16 has 8 bits: rounding errors of 1/512 each, of which many are added.
      EXPECT_LT(relative_error(result, expected), type == at::kFloat ? 1e-5 : 2e-2);
      EXPECT_LT(relative_error(images.grad(), exact.grad()), type == at::kFloat ? 1e-5 : 3e-2);
    }
}

// Those of the plain tower are compared with PyTorch programs in parity_test.cpp.
TEST(FusedTower, FeaturesAreThePlainTowers) {
  const ToyWeights weights = toy_vit();
  const clip::Shape shape = clip::infer_shape(weights);
  for (const Activation activation : {Activation::quick_gelu, Activation::gelu})
    for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
      const at::Tensor images = at::rand({2, 3, 12, 12}, seeded(1)).set_requires_grad(true);
      const clip::FusedVisionTransformer tower(shape, source(weights), activation, kNormal, type);
      const std::vector<at::Tensor> result = tower.features(images);
      const at::Tensor exact = images.detach().to(at::kDouble).set_requires_grad(true);
      const std::vector<at::Tensor> expected =
          clip::VisionTransformer(shape, source(weights, at::kDouble), activation)
              .features(normalised(exact));
      ASSERT_EQ(result.size(), 1u) << "of two blocks, the last one's patches lead nowhere";
      ASSERT_EQ(result[0].sizes(), at::IntArrayRef({2, 128, 3, 3}));
      EXPECT_EQ(result[0].scalar_type(), at::kFloat);
      const double tolerance = type == at::kFloat ? 1e-5 : 2e-2;
      EXPECT_LT(relative_error(result[0], expected[0]), tolerance);
      result[0].square().mean().backward();
      expected[0].square().mean().backward();
      EXPECT_LT(relative_error(images.grad(), exact.grad()), 1.5 * tolerance);
    }
}

TEST(FusedTower, WorksWithoutGradientAndForNoPictures) {
  const ToyWeights weights = toy_vit();
  const clip::FusedVisionTransformer tower(clip::infer_shape(weights), source(weights), Activation::gelu,
                                           kNormal, at::kFloat);
  EXPECT_FALSE(tower(at::rand({1, 3, 12, 12})).requires_grad());
  EXPECT_EQ(tower(at::empty({0, 3, 12, 12})).sizes(), at::IntArrayRef({0, kEmbedding}));
}

std::vector<const clip::Kernels*> all_kernels() {
  std::vector<const clip::Kernels*> result = {&clip::kernels_baseline};
#if defined(__x86_64__)
  if (instruction_set() != InstructionSet::baseline) result.push_back(&clip::kernels_avx2);
  if (instruction_set() == InstructionSet::avx512) result.push_back(&clip::kernels_avx512);
#endif
  return result;
}

/// Runs a check for every instruction set and both dtypes; `index` is the dtype's place in the tables.
template <typename Check>
void for_all(Check check) {
  for (const clip::Kernels* kernels : all_kernels())
    for (const int index : {0, 1}) {
      SCOPED_TRACE(std::string(kernels->name) + (index ? " bf16" : " fp32"));
      check(*kernels, index, index ? at::kBFloat16 : at::kFloat, index ? 8e-3 : 2e-6);
    }
}

TEST(Kernels, AddAndNormalise) {
  for_all([](const clip::Kernels& k, int index, at::ScalarType type, double tolerance) {
    for (const std::int64_t width : {64, 88, 7}) {
      const at::Tensor x = at::randn({5, width}, seeded(1)) * 3 + 1;
      const at::Tensor y = at::randn({5, width}, seeded(2)).to(type);
      const at::Tensor sum = x.to(at::kDouble) + y.to(at::kDouble);
      at::Tensor z = at::empty({5, width}, type), scale = at::empty({5});
      k.add_norm[index](5, width, x.mutable_data_ptr<float>(), y.data_ptr(), z.data_ptr(),
                        scale.mutable_data_ptr<float>(), 1e-5F);
      EXPECT_LT(relative_error(x, sum), 1e-6);
      EXPECT_LT(relative_error(z, at::layer_norm(sum, {width}, {}, {}, 1e-5)), tolerance);

      // Its gradient, added to one that is there already.
      const at::Tensor leaf = sum.clone().set_requires_grad(true);
      const at::Tensor dz = at::randn({5, width}, seeded(3)).to(type),
                       before = at::randn({5, width}, seeded(4));
      (at::layer_norm(leaf, {width}, {}, {}, 1e-5) * dz.to(at::kDouble)).sum().backward();
      at::Tensor g = before.clone(), low = at::empty({5, width}, type);
      k.norm_backward[index](5, width, dz.data_ptr(), z.data_ptr(), scale.const_data_ptr<float>(),
                             g.mutable_data_ptr<float>(), low.data_ptr());
      EXPECT_LT(relative_error(g, before + leaf.grad()), 10 * tolerance);
      EXPECT_LT(relative_error(low, g), tolerance);
    }
  });
}

TEST(Kernels, Activations) {
  for_all([](const clip::Kernels& k, int index, at::ScalarType type, double tolerance) {
    const at::Tensor h = at::linspace(-30, 30, 1003).to(type);
    for (const bool quick : {true, false}) {
      const at::Tensor leaf = h.to(at::kDouble).set_requires_grad(true);
      const at::Tensor expected = quick ? leaf * at::sigmoid(1.702 * leaf) : at::gelu(leaf);
      expected.sum().backward();
      at::Tensor a = at::empty_like(h), da = at::ones_like(h);
      k.activation[index](h.numel(), quick, h.data_ptr(), a.data_ptr());
      k.activation_backward[index](h.numel(), quick, h.data_ptr(), da.data_ptr());
      EXPECT_LT(relative_error(a, expected), tolerance);
      EXPECT_LT(largest(da.to(at::kDouble) - leaf.grad()), 3 * tolerance);
    }
  });
}

TEST(Kernels, Attention) {
  struct Case {
    std::int64_t heads, width, queries, keys;
  };
  for_all([](const clip::Kernels& k, int index, at::ScalarType type, double tolerance) {
    for (const Case c : {Case{2, 64, 50, 50}, Case{3, 88, 70, 70}, Case{1, 13, 1, 5}, Case{2, 64, 1, 197}}) {
      SCOPED_TRACE(std::to_string(c.width) + " wide, " + std::to_string(c.queries) + " queries");
      const std::int64_t all = c.heads * c.width;
      // Keys and values side by side, as a projection leaves them.
      const at::Tensor q = at::randn({c.queries, all}, seeded(1)).mul_(0.3).to(type);
      const at::Tensor kv = at::randn({c.keys, 2 * all}, seeded(2)).to(type);
      const at::Tensor d_out = at::randn({c.queries, all}, seeded(3)).to(type);
      const auto heads_first = [&](const at::Tensor& t) {
        return t.view({t.size(0), c.heads, c.width}).transpose(0, 1);
      };
      const at::Tensor ql = q.to(at::kDouble).set_requires_grad(true);
      const at::Tensor kvl = kv.to(at::kDouble).set_requires_grad(true);
      const at::Tensor scores =
          at::matmul(heads_first(ql), heads_first(kvl.narrow(1, 0, all)).transpose(1, 2));
      const at::Tensor expected = at::matmul(at::softmax(scores, -1), heads_first(kvl.narrow(1, all, all)))
                                      .transpose(0, 1)
                                      .reshape({c.queries, all});
      (expected * d_out.to(at::kDouble)).sum().backward();

      const clip::Attention shape{c.heads, c.width, c.queries, c.keys, all, 0, 2 * all, 0};
      at::Tensor out = at::zeros_like(q), dq = at::zeros_like(q), dkv = at::zeros_like(kv);
      at::Tensor scratch = at::full({k.attention_scratch(shape) + 64}, 7.0F);
      const std::int64_t item = q.element_size();
      const auto at_head = [&](const at::Tensor& t, std::int64_t offset) {
        return static_cast<char*>(t.data_ptr()) + offset * item;
      };
      for (std::int64_t h = 0; h < c.heads; ++h) {
        const std::int64_t head = h * c.width;
        k.attend[index](shape, at_head(q, head), at_head(kv, head), at_head(kv, all + head),
                        at_head(out, head), all, scratch.mutable_data_ptr<float>());
        k.attend_backward[index](shape, at_head(q, head), at_head(kv, head), at_head(kv, all + head),
                                 at_head(d_out, head), all, at_head(dq, head), at_head(dkv, head),
                                 at_head(dkv, all + head), scratch.mutable_data_ptr<float>());
      }
      EXPECT_LT(relative_error(out, expected), tolerance);
      EXPECT_LT(relative_error(dq, ql.grad()), 2 * tolerance);
      EXPECT_LT(relative_error(dkv, kvl.grad()), 2 * tolerance);
      const at::Tensor guard = scratch.narrow(0, scratch.numel() - 64, 64);
      EXPECT_TRUE(guard.eq(7).all().item<bool>()) << "more working memory was used than asked for";
    }
  });
}

TEST(Kernels, PatchesThereAndBack) {
  for_all([](const clip::Kernels& k, int index, at::ScalarType type, double tolerance) {
    for (const std::int64_t patch : {4, 14, 32}) {
      constexpr std::int64_t grid = 3;
      const at::Tensor picture = at::rand({1, 3, grid * patch, grid * patch}, seeded(1));
      const at::Tensor patches = at::empty({grid * grid, 3 * patch * patch}, type);
      k.to_patches[index](grid, patch, picture.const_data_ptr<float>(), patches.data_ptr());
      const at::Tensor expected = at::im2col(picture, {patch, patch}, {1, 1}, {0, 0}, {patch, patch})[0].t();
      EXPECT_LT(largest(patches.to(at::kFloat) - expected), tolerance);
      const at::Tensor back = at::empty_like(picture);
      k.from_patches[index](grid, patch, patches.data_ptr(), back.mutable_data_ptr<float>());
      EXPECT_LT(largest(back - picture), tolerance);
    }
  });
}

}  // namespace
}  // namespace reverie::test
