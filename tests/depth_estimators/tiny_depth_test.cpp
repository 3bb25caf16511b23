// tiny_depth with the weights that ship.

#include <ATen/ATen.h>

#include "conformance/tensors.h"
#include "fixtures/plugins_under_test.h"
#include "network.h"
#include "reverie/depth_estimator.h"
#include "support/numbers.h"
#include "train_depth/scene.h"
#include "weights/safetensors.h"

namespace reverie::test {
namespace {

engine::HostServices::Options with_precision(const char* precision) {
  engine::HostServices::Options options = host_options();
  options.precision = precision;
  return options;
}

class TinyDepth : public testing::Test {
 protected:
  TinyDepth() : host_(with_precision("fp32")), it_(make(host_)) {}

  static std::shared_ptr<DepthEstimator> make(engine::HostServices& host, const std::string& weights = "") {
    const PluginFile& plugin = plugins().find(DepthEstimator::kKind, "tiny_depth");
    return create<DepthEstimator>(plugin, host, params_with_weights(plugin, weights), {});
  }
  at::Tensor depth(const at::Tensor& picture) {
    at::NoGradGuard no_grad;
    return it_->estimate(picture);
  }

  engine::HostServices host_;
  std::shared_ptr<DepthEstimator> it_;
};

struct Views {
  at::Tensor pictures, depths;
};

/// The middle of square views of scenes with seeds that tools/train_depth never uses.
Views fresh_views(std::int64_t count, std::int64_t width, std::int64_t height) {
  constexpr std::uint64_t kSeeds = (std::uint64_t{1} << 63) + 12345;
  const std::int64_t side = std::max(width, height);
  const auto middle = [&](const at::Tensor& square) {
    return square.narrow(1, (side - height) / 2, height).narrow(2, (side - width) / 2, width);
  };
  std::vector<at::Tensor> pictures, depths;
  for (std::int64_t i = 0; i < count; ++i) {
    const train_depth::View view =
        train_depth::render(train_depth::random_scene(kSeeds + std::uint64_t(i)), side, side);
    pictures.push_back(middle(view.picture));
    depths.push_back(middle(view.depth));
  }
  return {at::stack(pictures), at::stack(depths)};
}

double off(const at::Tensor& estimate, const at::Tensor& depth) {
  return (estimate / depth).log().square().mean().sqrt().item<double>();
}
double relatively_off(const at::Tensor& estimate, const at::Tensor& depth) {
  return (estimate / depth - 1).abs().mean().item<double>();
}
double within(const at::Tensor& estimate, const at::Tensor& depth) {
  return ((estimate / depth).log().abs() < std::log(1.25)).to(at::kDouble).mean().item<double>();
}

// The guesses are made of the very depths that they are compared with, so no other constant or profile of
// rows has a smaller RMSE(log).
TEST_F(TinyDepth, KnowsMoreThanThatWhatIsLowIsNear) {
  for (const auto& [width, height] : {std::pair{192, 192}, {256, 144}}) {
    const Views views = fresh_views(24, width, height);
    std::vector<at::Tensor> list;
    for (const at::Tensor& picture : views.pictures.split(1)) list.push_back(depth(picture));
    const at::Tensor estimates = at::cat(list), logarithms = views.depths.log();
    const at::Tensor constant = logarithms.mean().exp().expand_as(estimates),
                     rows = logarithms.mean(at::IntArrayRef{0, 3}, true).exp().expand_as(estimates);
    EXPECT_LT(off(estimates, views.depths), 0.7 * off(constant, views.depths));
    EXPECT_LT(off(estimates, views.depths), 0.8 * off(rows, views.depths));
    EXPECT_LT(relatively_off(estimates, views.depths), 0.6 * relatively_off(constant, views.depths));
    EXPECT_LT(relatively_off(estimates, views.depths), 0.7 * relatively_off(rows, views.depths));
    EXPECT_GT(within(estimates, views.depths), 2 * within(constant, views.depths));
    EXPECT_GT(within(estimates, views.depths), 1.5 * within(rows, views.depths));
  }
}

TEST_F(TinyDepth, IsWithinItsRangeForPicturesOfAnySizeAndKind) {
  EXPECT_EQ(it_->range().nearest, 1e-3);
  EXPECT_EQ(it_->range().farthest, 10);
  for (const auto& [width, height] :
       {std::pair{1, 1}, {2, 1}, {1, 2}, {1, 700}, {700, 3}, {31, 33}, {97, 193}, {385, 211}})
    for (const at::Tensor& picture :
         {at::zeros({1, 3, height, width}), at::ones({1, 3, height, width}), random_picture(width, height, 3),
          smooth_picture(width, height), random_picture(width, height, 4).round()})
      EXPECT_TRUE(is_plane(depth(picture), {1, 1, height, width}, 1e-3 * (1 - 1e-7), 10 * (1 + 1e-7)))
          << width << "x" << height;
}

TEST_F(TinyDepth, AnEnlargedPictureHasTheSameDepths) {
  const Views views = fresh_views(6, 192, 144);
  for (const at::Tensor& picture : views.pictures.split(1)) {
    const at::Tensor large = at::upsample_nearest2d(picture, {288, 384});
    EXPECT_LT(off(at::adaptive_avg_pool2d(depth(large), {144, 192}), depth(picture)), 0.05);
  }
}

TEST_F(TinyDepth, IsDeterministicAndTheSameInEachInstance) {
  const at::Tensor picture = smooth_picture(150, 90);
  const at::Tensor first = depth(picture);
  EXPECT_TRUE(at::equal(first, depth(picture)));
  EXPECT_TRUE(at::equal(first, make(host_)->estimate(picture)));
}

TEST_F(TinyDepth, GradientsAgreeWithDifferences) {
  const auto weights = host_.load_weights("tiny_depth");
  const tiny_depth::Network network(*weights, at::kCPU, at::kDouble);
  for (const auto& [width, height] : {std::pair{40, 30}, {9, 250}}) {
    const at::Tensor picture = smooth_picture(width, height).to(at::kDouble);
    const at::Tensor mix = at::randn({1, 1, height, width}, seeded(5), at::kDouble);
    const auto scalar = [&](const at::Tensor& x) { return (network(x) * mix).sum(); };
    const at::Tensor leaf = picture.clone().set_requires_grad(true);
    scalar(leaf).backward();
    at::NoGradGuard no_grad;
    for (int i = 0; i < 5; ++i) {
      const at::Tensor way = at::randn(picture.sizes(), seeded(10 + std::uint64_t(i)), at::kDouble);
      constexpr double kStep = 1e-7;  // short, so that few rectifiers change sides
      const double difference =
          (scalar(picture + way * kStep) - scalar(picture - way * kStep)).item<double>() / (2 * kStep);
      EXPECT_NEAR((leaf.grad() * way).sum().item<double>(), difference,
                  1e-3 * (leaf.grad().norm()).item<double>());
    }
    // The plugin's gradient is that of the network.
    const at::Tensor single = picture.to(at::kFloat).set_requires_grad(true);
    {
      at::AutoGradMode grad(true);
      (it_->estimate(single) * mix.to(at::kFloat)).sum().backward();
    }
    EXPECT_LT((single.grad() - leaf.grad()).norm().item<double>(), 1e-2 * leaf.grad().norm().item<double>());
  }
}

TEST_F(TinyDepth, ComputesInBfloat16) {
  engine::HostServices host(with_precision("bf16"));
  const auto half = make(host);
  const Views views = fresh_views(4, 128, 96);
  for (const at::Tensor& picture : views.pictures.split(1)) {
    const at::Tensor estimate = half->estimate(picture);
    EXPECT_EQ(estimate.scalar_type(), at::kFloat);
    EXPECT_LT(off(estimate, depth(picture)), 0.05);
  }
}

/// Tensors of the network's shapes.
weights::NamedTensors tensors(double bias_of_depth) {
  weights::NamedTensors list;
  for (const tiny_depth::Layer& layer : tiny_depth::kLayers) {
    const std::string name(layer.name);
    list.emplace_back(name + ".weight", at::zeros({layer.out, layer.in, 3, 3}));
    list.emplace_back(name + ".bias", at::full({layer.out}, name == "depth" ? bias_of_depth : 0.0));
  }
  return list;
}

TEST_F(TinyDepth, TakesOtherWeights) {
  const TemporaryFolder folder;
  const std::string path = folder / "flat.safetensors";
  weights::write_safetensors(path, tensors(-1.25));
  // Nothing but the last bias: its logistic function between the ends of the range.
  const double expected = 1e-3 + (10 - 1e-3) / (1 + std::exp(1.25));
  for (const at::Tensor& picture : {smooth_picture(20, 30), random_picture(300, 7, 1)})
    EXPECT_LT(largest(make(host_, path)->estimate(picture) - expected), 1e-5);
}

TEST_F(TinyDepth, RefusesWhatIsNotItsNetwork) {
  const TemporaryFolder folder;
  const std::string path = folder / "other.safetensors";
  weights::NamedTensors list = tensors(0);
  list[0].second = at::zeros({16, 3, 3, 3});
  weights::write_safetensors(path, list);
  const Error shape = error_of([&] { make(host_, path); });
  EXPECT_EQ(shape.kind(), ErrorKind::model);
  for (const std::string word : {"other.safetensors", "down1.weight", "[16, 3, 3, 3]", "[16, 4, 3, 3]"})
    EXPECT_NE(std::string(shape.what()).find(word), std::string::npos) << shape.what();
  list.erase(list.begin());
  weights::write_safetensors(path, list);
  const Error absent = error_of([&] { make(host_, path); });
  EXPECT_EQ(absent.kind(), ErrorKind::model);
  EXPECT_NE(std::string(absent.what()).find("down1.weight"), std::string::npos) << absent.what();
  EXPECT_EQ(error_of([&] { make(host_, "no_such_weights"); }).kind(), ErrorKind::file);
}

}  // namespace
}  // namespace reverie::test
