// The losses that stabilise motion by depth and flow, with estimators whose answers are known.

#include "losses/loss_under_test.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

at::Tensor random_picture(std::uint64_t seed, std::int64_t width = 8, std::int64_t height = 4) {
  return at::rand({1, 3, height, width}, seeded(seed));
}

/// Three times the red channel.
struct RedDepth final : DepthEstimator {
  at::Tensor estimate(const at::Tensor& image) override {
    sizes = image.sizes().vec();
    return image.narrow(1, 0, 1) * 3;
  }
  bool differentiable() const override { return true; }
  std::vector<std::int64_t> sizes;
};

/// Everything moves to the right by ten times what the mean has grown.
struct GrowingFlow final : FlowEstimator {
  at::Tensor estimate(const at::Tensor& from, const at::Tensor& to) override {
    const at::Tensor x =
        ((to.mean() - from.mean()) * 10).view({1, 1, 1, 1}).expand({1, 1, to.size(2), to.size(3)});
    return at::cat({x, at::zeros_like(x)}, 1);
  }
  bool differentiable() const override { return true; }
};

/// Stands between the model and its latent to say how strongly that counts.
struct LatentModel : ImageModel {
  LatentModel(const at::Tensor& picture, double strength) : inner(picture), strength(strength) {}
  void randomise() override {}
  void encode(const at::Tensor&) override {}
  std::vector<at::Tensor> parameters() override { return {}; }
  double learning_rate() const override { return 1; }
  at::Tensor decode() override { return inner.decode(); }
  at::Tensor decode_final() override { return inner.decode_final(); }
  std::optional<at::Tensor> latent() override { return inner.latent(); }
  std::optional<at::Tensor> encode_latent(const at::Tensor& image) override {
    return inner.encode_latent(image);
  }
  double latent_strength() const override { return strength; }
  std::map<std::string, at::Tensor> state() const override { return {}; }
  void load_state(const std::map<std::string, at::Tensor>&) override {}
  PictureModel inner;
  double strength;
};

Loss::Context with_depth(DepthEstimator& estimator) {
  Loss::Context context;
  context.tools.depth = &estimator;
  return context;
}

TEST(DepthLoss, IsTheSquaredDifferenceOfDepths) {
  RedDepth depth;
  const auto loss = make_loss("depth", {8, 4});
  const at::Tensor image = random_picture(1).set_requires_grad(true), target = random_picture(2);
  PictureModel model;
  EXPECT_EQ(evaluate(*loss, image, model, with_depth(depth)).item<double>(), 0) << "there is no target yet";
  loss->set_target(target);
  const at::Tensor value = evaluate(*loss, image, model, with_depth(depth));
  const at::Tensor difference = (image - target).detach().narrow(1, 0, 1);
  EXPECT_NEAR(value.item<double>(), 9 * difference.square().mean().item<double>(), 1e-6);
  value.backward();
  EXPECT_LT((image.grad().narrow(1, 0, 1) - difference * 18 / 32).abs().max().item<double>(), 1e-6);
  EXPECT_EQ(image.grad().narrow(1, 1, 2).abs().max().item<double>(), 0);

  at::Tensor left = at::zeros({1, 1, 4, 8});
  left.narrow(3, 0, 3).fill_(1);
  loss->set_mask(left);
  EXPECT_NEAR(evaluate(*loss, image, model, with_depth(depth)).item<double>(),
              9 * difference.narrow(3, 0, 3).square().sum().item<double>() / 32, 1e-6);
}

TEST(DepthLoss, ShrinksLargePictures) {
  RedDepth depth;
  PictureModel model;
  const auto seen = [&](std::int64_t width, std::int64_t height) {
    const auto loss = make_loss("depth", {width, height});
    loss->set_target(at::full({1, 3, height, width}, 0.25));
    EXPECT_NEAR(
        evaluate(*loss, at::full({1, 3, height, width}, 0.75), model, with_depth(depth)).item<double>(), 2.25,
        1e-5);
    return depth.sizes;
  };
  EXPECT_EQ(seen(1000, 500), (std::vector<std::int64_t>{1, 3, 500, 1000})) << "exactly the most there may be";
  EXPECT_EQ(seen(2000, 1000), (std::vector<std::int64_t>{1, 3, 500, 1000}));
}

AnimationMode::Move flow_of(double x, std::int64_t width = 8, std::int64_t height = 4) {
  AnimationMode::Move move;
  move.image = random_picture(3, width, height);
  move.flow = at::cat({at::full({1, 1, height, width}, x), at::zeros({1, 1, height, width})}, 1);
  return move;
}

/// At a frame that a move led to.
Loss::Context after(const AnimationMode::Move& move, const at::Tensor& before,
                    FlowEstimator* estimator = nullptr, std::int64_t frame = 1) {
  Loss::Context context;
  context.frame = frame;
  context.move = &move;
  context.before_move = before;
  context.tools.flow = estimator;
  return context;
}

TEST(FlowLoss, OfAKnownFlowIsRelativeToItsLength) {
  GrowingFlow estimator;
  const auto loss = make_loss("flow", {8, 4});
  PictureModel model;
  const at::Tensor before = at::full({1, 3, 4, 8}, 0.5);
  const at::Tensor image = at::full({1, 3, 4, 8}, 0.6f).set_requires_grad(true);
  EXPECT_EQ(evaluate(*loss, image, model).item<double>(), 0) << "nothing has moved yet";
  // Moves by 1 where 2 is wanted: half of the elements are off by 1; the target's mean square is 2.
  const AnimationMode::Move two = flow_of(2);
  const at::Tensor value = evaluate(*loss, image, model, after(two, before, &estimator));
  EXPECT_NEAR(value.item<double>(), 0.5 / 2, 1e-5);
  value.backward();
  EXPECT_LT(image.grad().max().item<double>(), 0) << "brighter moves further";
  EXPECT_NEAR(
      evaluate(*loss, at::full({1, 3, 4, 8}, 0.7), model, after(two, before, &estimator)).item<double>(), 0,
      1e-6);

  at::Tensor left = at::zeros({1, 1, 4, 8});
  left.narrow(3, 0, 4).fill_(1);
  loss->set_mask(left);
  EXPECT_NEAR(evaluate(*loss, image, model, after(two, before, &estimator)).item<double>(), 0.25 / 2, 1e-5);

  const AnimationMode::Move none = flow_of(0);
  EXPECT_EQ(evaluate(*loss, image, model, after(none, before, &estimator)).item<double>(), 0)
      << "no motion to compare with, and no division by it";
  EXPECT_THROW(evaluate(*loss, image, model, after(two, before)), Error) << "no estimator";
}

TEST(FlowLoss, OfAnExpectedPictureCountsWhereItIsReliable) {
  const auto loss = make_loss("flow", {8, 4});
  const at::Tensor image = random_picture(5), expected = random_picture(6);
  AnimationMode::Move move = flow_of(2);
  move.expected = expected;
  move.reliable = at::zeros({1, 1, 4, 8});
  move.reliable->narrow(2, 0, 2).fill_(1);
  PictureModel plain;
  const double upper = (image - expected).narrow(2, 0, 2).square().sum().item<double>() / 96;
  EXPECT_NEAR(evaluate(*loss, image, plain, after(move, image)).item<double>(), upper, 1e-6);

  // Latents of squares of four: one row of two, of which the mask covers half of each.
  LatentModel latent(image, 0.5);
  const double latents = (PictureModel::mean_of_squares(image) - PictureModel::mean_of_squares(expected))
                             .mul(0.5)
                             .square()
                             .mean()
                             .item<double>();
  EXPECT_NEAR(evaluate(*loss, image, latent, after(move, image)).item<double>(), upper + 0.5 * latents, 1e-6);
  evaluate(*loss, image, latent, after(move, image));
  EXPECT_EQ(latent.inner.encoded, 1) << "what is expected is encoded once a move";
  evaluate(*loss, image, latent, after(move, image, nullptr, 2));
  EXPECT_EQ(latent.inner.encoded, 2) << "another move, another latent";

  // A restored run has the latent of the move it was in, not one that is encoded again; and no other.
  const auto restored = make_loss("flow", {8, 4});
  restored->load_state(loss->state());
  evaluate(*restored, image, latent, after(move, image, nullptr, 2));
  EXPECT_EQ(latent.inner.encoded, 2);
  evaluate(*restored, image, latent, after(move, image, nullptr, 3));
  EXPECT_EQ(latent.inner.encoded, 3);
}

}  // namespace
}  // namespace reverie::test
