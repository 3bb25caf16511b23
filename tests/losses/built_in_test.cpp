// The losses that compare pictures against closed forms, and what they share.

#include "losses/loss_under_test.h"
#include "reverie/resize.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

at::Tensor colour(std::vector<float> rgb, std::int64_t width = 8, std::int64_t height = 4) {
  return at::tensor(rgb).view({1, 3, 1, 1}).expand({1, 3, height, width}).contiguous();
}
at::Tensor random_picture(std::uint64_t seed, std::int64_t width = 8, std::int64_t height = 4) {
  return at::rand({1, 3, height, width}, seeded(seed));
}
/// The value of a loss for two pictures of the same size.
double value(const std::string& name, const at::Tensor& image, const at::Tensor& target,
             const at::Tensor& mask = {}) {
  const auto loss = make_loss(name, {image.size(3), image.size(2)});
  loss->set_mask(mask);
  loss->set_target(target);
  PictureModel model(image);
  return evaluate(*loss, image, model).item<double>();
}

TEST(DirectLoss, ClosedForms) {
  // Greys differ in red, green, blue and value, and have no saturation.
  EXPECT_NEAR(value("direct", colour({0.2f, 0.2f, 0.2f}), colour({0.7f, 0.7f, 0.7f})), 0.25 * 4 / 5, 1e-6);
  // Red and white differ in green, blue and saturation.
  EXPECT_NEAR(value("direct", colour({1, 0, 0}), colour({1, 1, 1})), 3.0 / 5, 1e-6);
  // From (0.8, 0.4, 0.2) to half of that the saturation stays.
  EXPECT_NEAR(value("direct", colour({0.8f, 0.4f, 0.2f}), colour({0.4f, 0.2f, 0.1f})),
              (0.16 + 0.04 + 0.01 + 0.16) / 5, 1e-6);
}

TEST(DirectLoss, GradientIsFiniteAtBlackAndGrey) {
  for (const float level : {0.0f, 0.5f, 1.0f}) {
    const at::Tensor image = colour({level, level, level}).set_requires_grad(true);
    const auto loss = make_loss("direct", {8, 4});
    loss->set_target(colour({0.9f, 0.1f, 0.3f}));
    PictureModel model;
    evaluate(*loss, image, model).backward();
    EXPECT_TRUE(image.grad().isfinite().all().item<bool>()) << level;
  }
}

TEST(DirectLoss, ComparesLatentsWhereTheyStandForThePicture) {
  const at::Tensor image = random_picture(1), target = random_picture(2);
  for (const auto& [strength, like] : {std::pair{0.5, "direct"}, {1.0, "latent"}}) {
    const auto loss = make_loss("direct", {8, 4}, {}, strength);
    loss->set_target(target);
    PictureModel model(image);
    EXPECT_EQ(evaluate(*loss, image, model).item<double>(), value(like, image, target)) << strength;
  }
}

TEST(EdgeLoss, OfARampIsItsSlope) {
  constexpr double slope = 0.05, width = 8;
  const at::Tensor ramp = (at::arange(8, at::kFloat) * slope).view({1, 1, 1, 8}).expand({1, 3, 4, 8});
  // Half of it next to the edges, beyond which the picture stays level. Half of the responses are vertical.
  const double expected = (slope * slope * (width - 2) + 2 * slope * slope / 4) / width / 2;
  const at::Tensor flat = colour({0, 0, 0});
  EXPECT_NEAR(value("edge", ramp.contiguous(), flat), expected, 1e-8);
  const at::Tensor down = ramp.transpose(2, 3).contiguous();
  EXPECT_NEAR(value("edge", down, colour({0, 0, 0}, 4, 8)), expected, 1e-8);
  const at::Tensor green = at::cat({flat.narrow(1, 0, 1), ramp.narrow(1, 1, 1), flat.narrow(1, 2, 1)}, 1);
  EXPECT_NEAR(value("edge", green, flat), expected * 0.587 * 0.587, 1e-8);
}

TEST(EdgeLoss, LevelsAreNoEdges) {
  EXPECT_NEAR(value("edge", colour({0.9f, 0.9f, 0.9f}), colour({0.1f, 0.1f, 0.1f})), 0, 1e-12);
}

TEST(LatentLoss, ClosedForm) {
  // Black against a board of black and white: every mean of a square is off by 1/2, half of the pixels by 1.
  const at::Tensor board = ((at::arange(8).view({1, 8}) + at::arange(4).view({4, 1})) % 2).to(at::kFloat);
  const at::Tensor target = board.expand({1, 3, 4, 8});
  EXPECT_NEAR(value("latent", colour({0, 0, 0}), target), 0.25 / 2 + 0.5 / 10, 1e-6);
}

TEST(LatentLoss, EncodesATargetOnce) {
  const auto loss = make_loss("latent", {8, 4});
  PictureModel model(random_picture(1));
  loss->set_target(random_picture(2));
  evaluate(*loss, model.picture, model);
  loss->set_mask(at::ones({1, 1, 4, 8}));
  evaluate(*loss, model.picture, model);
  EXPECT_EQ(model.encoded, 1);
  loss->set_target(random_picture(3));
  evaluate(*loss, model.picture, model);
  EXPECT_EQ(model.encoded, 2);
}

TEST(LatentLoss, MaskHoldsInBothSpaces) {
  // Left half masked: only the right square of four and the pixels under it count.
  const at::Tensor image = colour({0, 0, 0});
  at::Tensor target = colour({1, 1, 1});
  target.narrow(3, 4, 4).fill_(0.5);
  const at::Tensor mask = at::cat({at::zeros({1, 1, 4, 4}), at::ones({1, 1, 4, 4})}, 3);
  // Shrunk to two pixels, the halves mix: a triangle as wide as the picture, of which each pixel sees the 6/7
  // on its own side (0.625 + 0.875 + 0.875 + 0.625) and 1/7 beyond (0.375 + 0.125).
  const double left = 1.0 / 7, right = 6.0 / 7;
  EXPECT_NEAR(value("latent", image, target, mask),
              (left * left + 0.25 * right * right) / 2 / 2 + 0.25 / 2 / 10, 1e-6);
}

TEST(LatentLoss, ARestoredRunGoesOnWithTheLatentItHad) {
  const at::Tensor image = random_picture(1), target = random_picture(2);
  for (const char* name : {"latent", "direct"}) {
    const auto before = make_loss(name, {8, 4}, {}, 1), after = make_loss(name, {8, 4}, {}, 1);
    PictureModel model(image), restored(image);
    before->set_target(target);
    const double loss = evaluate(*before, image, model).item<double>();
    after->load_state(before->state());
    after->set_target(target.clone());
    EXPECT_EQ(evaluate(*after, image, restored).item<double>(), loss);
    EXPECT_EQ(restored.encoded, 0) << "a model in another state would make another latent";
    after->set_target(random_picture(3));
    EXPECT_NE(evaluate(*after, image, restored).item<double>(), loss);
    EXPECT_EQ(restored.encoded, 1) << "another target, another latent";
  }
}

TEST(LatentLoss, RefusesWhatHasNoFittingLatent) {
  const auto loss = make_loss("latent", {8, 4});
  loss->set_target(random_picture(1));
  PictureModel without;
  EXPECT_THROW(evaluate(*loss, random_picture(2), without), Error);
  PictureModel larger(random_picture(2, 16, 8));
  EXPECT_THROW(evaluate(*loss, random_picture(2), larger), Error);
}

class BuiltInLoss : public testing::TestWithParam<std::string> {
 protected:
  std::shared_ptr<Loss> make(ImageSize size) const { return make_loss(GetParam(), size); }
  bool compares() const { return make({8, 4})->traits().target; }
};

TEST_P(BuiltInLoss, NothingIsLostOnAPictureLikeItsTarget) {
  if (!compares()) return;
  const at::Tensor picture = random_picture(1).set_requires_grad(true);
  const auto loss = make({8, 4});
  loss->set_target(picture);
  PictureModel model(picture);
  const at::Tensor value = evaluate(*loss, picture, model);
  EXPECT_EQ(value.item<double>(), 0);
  value.backward();
  EXPECT_EQ(largest(picture.grad()), 0);
}

TEST_P(BuiltInLoss, WithoutATargetIsNothing) {
  if (!compares()) return;
  const at::Tensor picture = random_picture(1).set_requires_grad(true);
  PictureModel model(picture);
  const auto loss = make({8, 4});
  for (int time = 0; time < 2; ++time) {
    const at::Tensor value = evaluate(*loss, picture, model);
    EXPECT_EQ(value.item<double>(), 0);
    value.backward();
    EXPECT_EQ(largest(picture.grad()), 0);
    loss->set_target(random_picture(2));
    loss->set_target(at::Tensor());
  }
}

TEST_P(BuiltInLoss, Gradient) {
  // In double, within the differences' precision. Pictures away from ties between channels.
  const at::Tensor at_point = random_picture(3).to(at::kDouble), target = random_picture(4).to(at::kDouble);
  const at::Tensor mask = at::rand({1, 1, 3, 5}, seeded(5), at::kDouble);
  expect_gradient(
      [&](const at::Tensor& x) {
        const auto loss = make({8, 4});
        loss->set_target(target);
        loss->set_mask(mask);
        PictureModel model(x);
        return evaluate(*loss, x, model) * 3;
      },
      at_point);
}

TEST_P(BuiltInLoss, MaskScalesBothSides) {
  const at::Tensor image = random_picture(1), target = random_picture(2);
  const double whole = value(GetParam(), image, target);
  ASSERT_GT(whole, 1e-4);
  EXPECT_NEAR(value(GetParam(), image, target, at::ones({1, 1, 5, 3})), whole, 1e-6);
  EXPECT_NEAR(value(GetParam(), image, target, at::full({1, 1, 9, 1}, 0.5)), whole / 4, 1e-6);
  EXPECT_EQ(value(GetParam(), image, target, at::zeros({1, 1, 2, 2})), 0);
}

TEST_P(BuiltInLoss, MaskCanBeTakenAway) {
  const at::Tensor image = random_picture(1);
  PictureModel model(image);
  const auto loss = make({8, 4});
  loss->set_target(random_picture(2));
  const double whole = evaluate(*loss, image, model).item<double>();
  loss->set_mask(at::zeros({1, 1, 4, 8}));
  EXPECT_EQ(evaluate(*loss, image, model).item<double>(), 0);
  loss->set_mask(at::Tensor());
  EXPECT_EQ(evaluate(*loss, image, model).item<double>(), whole);
}

TEST_P(BuiltInLoss, NothingChangesBehindItsBack) {
  const at::Tensor image = random_picture(1), target = random_picture(2),
                   mask = at::rand({1, 1, 4, 8}, seeded(3));
  PictureModel model(image);
  const auto loss = make({8, 4});
  loss->set_target(target);
  loss->set_mask(mask);
  target.mul_(0.5);
  mask.mul_(0.5);
  EXPECT_EQ(evaluate(*loss, image, model).item<double>(),
            value(GetParam(), image, random_picture(2), at::rand({1, 1, 4, 8}, seeded(3))));
}

TEST_P(BuiltInLoss, TargetsAreResizedWithLanczos) {
  const at::Tensor image = random_picture(1), target = random_picture(2, 21, 3);
  EXPECT_EQ(value(GetParam(), image, target), value(GetParam(), image, lanczos_resize(target, 4, 8)));
}

TEST_P(BuiltInLoss, WorksOnPicturesOfAnySize) {
  if (GetParam() == "latent") return;  // the model's latent is what limits it
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 9}, {9, 1}, {2, 2}}) {
    const at::Tensor image = random_picture(1, width, height).set_requires_grad(true);
    PictureModel model(image);
    const auto loss = make({width, height});
    loss->set_target(random_picture(2));
    loss->set_mask(at::rand({1, 1, 4, 8}, seeded(3)));
    evaluate(*loss, image, model).backward();
    EXPECT_TRUE(image.grad().isfinite().all().item<bool>()) << width << " x " << height;
  }
}

INSTANTIATE_TEST_SUITE_P(All, BuiltInLoss, testing::Values("direct", "edge", "latent", "smoothing"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace reverie::test
