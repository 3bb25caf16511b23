// CLIP's towers against the same networks in plain loops, and what their shapes are reported from.

#include "towers.h"

#include <set>

#include "perceptors/naive_clip.h"

namespace reverie::test {
namespace {

using clip::Activation;
using clip::Shape;

clip::TensorSource source(const Weights& weights, at::ScalarType type = at::kFloat) {
  return [&weights, type](const std::string& name) { return weights.tensor(name).to(type); };
}

/// Each row against the naive result for it, relative to that row's size.
void expect_rows(const at::Tensor& rows, const std::vector<naive::Vector>& expected) {
  ASSERT_EQ(rows.size(0), static_cast<std::int64_t>(expected.size()));
  for (std::int64_t i = 0; i < rows.size(0); ++i) {
    const at::Tensor wanted = at::tensor(expected[static_cast<std::size_t>(i)], at::kDouble);
    ASSERT_EQ(rows[i].sizes(), wanted.sizes());
    EXPECT_LT((rows[i].to(at::kDouble) - wanted).norm().item<double>(), 1e-4 * wanted.norm().item<double>())
        << "row " << i;
  }
}

TEST(VisionTransformer, AgreesWithPlainLoops) {
  const ToyWeights weights = toy_vit();
  const Shape shape = clip::infer_shape(weights);
  const at::Tensor images = at::randn({3, 3, 12, 12}, seeded(1));
  for (const Activation activation : {Activation::quick_gelu, Activation::gelu}) {
    std::vector<naive::Vector> expected;
    for (std::int64_t i = 0; i < 3; ++i)
      expected.push_back(naive::vision_transformer(images[i], weights, 2, activation == Activation::gelu));
    expect_rows((*clip::make_vision_tower(shape, source(weights), activation))(images), expected);
  }
}

TEST(ResNet, AgreesWithPlainLoops) {
  const ToyWeights weights = toy_resnet();
  const at::Tensor images = at::randn({2, 3, 64, 64}, seeded(2));
  const auto tower =
      clip::make_vision_tower(clip::infer_shape(weights), source(weights), Activation::quick_gelu);
  expect_rows((*tower)(images), {naive::resnet(images[0], weights, {2, 1, 2, 1}),
                                 naive::resnet(images[1], weights, {2, 1, 2, 1})});
}

TEST(ResNet, FeaturesAreThoseBehindItsLayers) {
  const ToyWeights weights = toy_resnet();
  const at::Tensor images = at::randn({1, 3, 64, 64}, seeded(2));
  std::vector<naive::Picture> expected;
  naive::resnet(images[0], weights, {2, 1, 2, 1}, &expected);
  const std::vector<at::Tensor> found =
      clip::make_vision_tower(clip::infer_shape(weights), source(weights), Activation::quick_gelu)
          ->features(images);
  ASSERT_EQ(found.size(), 4u);
  for (std::size_t layer = 0; layer < 4; ++layer) {
    const naive::Picture& wanted = expected[layer];
    ASSERT_EQ(found[layer].sizes(), (std::vector<std::int64_t>{1, std::ssize(wanted), std::ssize(wanted[0]),
                                                               std::ssize(wanted[0][0])}));
    double difference = 0, length = 0;
    for (std::size_t c = 0; c < wanted.size(); ++c)
      for (std::size_t y = 0; y < wanted[c].size(); ++y)
        for (std::size_t x = 0; x < wanted[c][y].size(); ++x) {
          const double value = found[layer][0][static_cast<std::int64_t>(c)][static_cast<std::int64_t>(y)]
                                    [static_cast<std::int64_t>(x)]
                                        .item<double>();
          difference += std::pow(value - wanted[c][y][x], 2);
          length += std::pow(wanted[c][y][x], 2);
        }
    EXPECT_LT(std::sqrt(difference), 1e-4 * std::sqrt(length)) << "layer " << layer + 1;
  }
}

TEST(TextTower, AgreesWithPlainLoops) {
  const ToyWeights weights = toy_vit();
  const Shape shape = clip::infer_shape(weights);
  const std::vector<std::vector<std::int64_t>> texts = {
      {38, 3, 17, 5, 39, 0, 0, 0, 0}, {38, 39, 0, 0, 0, 0, 0, 0, 0}, {38, 1, 2, 3, 4, 5, 6, 7, 39}};
  const at::Tensor tokens = at::zeros({3, kContext}, at::kLong);
  for (std::int64_t i = 0; i < 3; ++i) tokens[i].copy_(at::tensor(texts[static_cast<std::size_t>(i)]));
  for (const Activation activation : {Activation::quick_gelu, Activation::gelu}) {
    std::vector<naive::Vector> expected;
    for (const auto& text : texts)
      expected.push_back(naive::text(text, weights, activation == Activation::gelu));
    expect_rows(clip::TextTower(shape, source(weights), activation)(tokens), expected);
  }
}

TEST(TextTower, PaddingChangesNothing) {
  const ToyWeights weights = toy_vit();
  const clip::TextTower tower(clip::infer_shape(weights), source(weights), Activation::quick_gelu);
  const at::Tensor brief = at::tensor({38, 3, 17, 39}, at::kLong).view({1, 4});
  const at::Tensor padded = at::cat({brief, at::zeros({1, 5}, at::kLong)}, 1);
  EXPECT_LT(largest(tower(brief) - tower(padded)), 1e-5);
}

/// In double and along a random direction: the whole tower's derivative with respect to the picture.
void expect_slope(const ToyWeights& weights, std::int64_t side) {
  const auto tower = clip::make_vision_tower(clip::infer_shape(weights), source(weights, at::kDouble),
                                             Activation::quick_gelu);
  const at::Tensor x = at::randn({2, 3, side, side}, seeded(3), at::kDouble).set_requires_grad(true);
  const at::Tensor direction = at::randn(x.sizes(), seeded(4), at::kDouble),
                   mix = at::randn({2, kEmbedding}, seeded(5), at::kDouble);
  const auto scalar = [&](const at::Tensor& image) { return ((*tower)(image)*mix).sum(); };
  scalar(x).backward();
  const double h = 1e-6;
  const double slope =
      (scalar(x.detach() + h * direction) - scalar(x.detach() - h * direction)).item<double>() / (2 * h);
  EXPECT_NEAR((x.grad() * direction).sum().item<double>(), slope, 1e-4 * std::max(1.0, std::abs(slope)));
}

TEST(VisionTransformer, Gradient) { expect_slope(toy_vit(), 12); }
TEST(ResNet, Gradient) { expect_slope(toy_resnet(), 64); }

TEST(InferShape, OfAVisionTransformer) {
  const Shape shape = clip::infer_shape(toy_vit());
  EXPECT_TRUE(shape.vision_transformer);
  EXPECT_EQ(shape.image_size, 12);
  EXPECT_EQ(shape.patch, 4);
  EXPECT_EQ(shape.embedding, kEmbedding);
  EXPECT_EQ(shape.vision_width, 128);
  EXPECT_EQ(shape.vision_layers, (std::vector<std::int64_t>{2}));
  EXPECT_EQ(shape.context, kContext);
  EXPECT_EQ(shape.vocabulary, 40);
  EXPECT_EQ(shape.text_layers, kTextLayers);
}

TEST(InferShape, OfAResNet) {
  const Shape shape = clip::infer_shape(toy_resnet());
  EXPECT_FALSE(shape.vision_transformer);
  EXPECT_EQ(shape.image_size, 64);
  EXPECT_EQ(shape.embedding, kEmbedding);
  EXPECT_EQ(shape.vision_width, 4);
  EXPECT_EQ(shape.vision_layers, (std::vector<std::int64_t>{2, 1, 2, 1}));
}

/// What is said of weights, or nothing. Anything but reverie::Error is a failure.
std::string complaint(const ToyWeights& weights) {
  try {
    const Shape shape = clip::infer_shape(weights);
    clip::make_vision_tower(shape, source(weights), Activation::gelu);
    clip::TextTower(shape, source(weights), Activation::gelu);
    return "";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::model);
    EXPECT_NE(std::string(error.what()).find("'toy'"), std::string::npos) << error.what();
    return error.what();
  }
}

TEST(InvalidWeights, EveryMissingTensorIsNamed) {
  for (const ToyWeights& whole : {toy_vit(), toy_resnet()}) {
    ASSERT_EQ(complaint(whole), "");
    for (const std::string& name : whole.names()) {
      ToyWeights weights = whole;
      weights.tensors.erase(name);
      const std::string said = complaint(weights);
      // Without this one it is read as the other kind of network, with all of that missing.
      const std::string reported = name == "visual.proj" ? "visual.layer1.0.conv1.weight" : name;
      EXPECT_NE(said.find("'" + reported + "'"), std::string::npos) << name << ": " << said;
    }
  }
}

TEST(InvalidWeights, EveryMisshapenTensorIsToldByName) {
  // From these the shape of all others follows, so it is the first of the others that does not fit.
  const std::set<std::string> measures = {"token_embedding.weight", "text_projection", "visual.conv1.weight",
                                          "visual.layer1.0.conv1.weight"};
  for (const ToyWeights& whole : {toy_vit(), toy_resnet()})
    for (const auto& [name, tensor] : whole.tensors)
      for (std::int64_t axis = 0; axis < tensor.dim(); ++axis) {
        // More words, or longer texts, are a network of another size, and a valid one.
        if (axis == 0 && (name == "token_embedding.weight" || name == "positional_embedding")) continue;
        ToyWeights weights = whole;
        weights.tensors[name] = at::cat({tensor, tensor.narrow(axis, 0, 1)}, axis);
        const std::string said = complaint(weights);
        EXPECT_NE(said, "") << name << " axis " << axis;
        if (measures.count(name)) continue;
        EXPECT_NE(said.find("'" + name + "'"), std::string::npos) << name << ": " << said;
      }
}

TEST(InvalidWeights, TensorsOfAnotherDimensionOrNoElements) {
  for (const ToyWeights& whole : {toy_vit(), toy_resnet()})
    for (const auto& [name, tensor] : whole.tensors) {
      ToyWeights weights = whole;
      weights.tensors[name] = tensor.unsqueeze(0);
      EXPECT_NE(complaint(weights), "") << name;
      weights.tensors[name] = tensor.narrow(0, 0, 0);
      EXPECT_NE(complaint(weights), "") << name;
      weights.tensors[name] = tensor.flatten()[0];
      EXPECT_NE(complaint(weights), "") << name;
    }
}

TEST(InvalidWeights, BlocksThatAreNotNumberedInARow) {
  ToyWeights weights = toy_vit();
  for (const std::string& name : weights.names()) {
    const std::string prefix = "transformer.resblocks.1.";
    if (name.rfind(prefix, 0) != 0) continue;
    weights.tensors["transformer.resblocks.2." + name.substr(prefix.size())] = weights.tensors[name];
    weights.tensors.erase(name);
  }
  EXPECT_NE(complaint(weights).find("transformer.resblocks."), std::string::npos);
}

TEST(InvalidWeights, NothingAtAll) { EXPECT_NE(complaint(ToyWeights()), ""); }

}  // namespace
}  // namespace reverie::test
