// The networks with downloaded weights, on checkpoints with random ones: against PyTorch modules assembled
// from the published descriptions, and what estimators promise.

#include "adabins/network.h"
#include "conformance/tensors.h"
#include "depth_anything/network.h"
#include "depth_estimators/depth_cases.h"
#include "fixtures/plugins_under_test.h"
#include "reverie/depth_estimator.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

at::Tensor depth_anything_in(at::ScalarType dtype, const Weights& weights, const at::Tensor& image) {
  return depth_anything::depth_of_disparity(depth_anything::Network(weights, at::kCPU, dtype)(image));
}

at::Tensor adabins_in(at::ScalarType dtype, const Weights& weights, const at::Tensor& image) {
  return adabins::Network(weights, at::kCPU, dtype)(image, /*mirrored=*/true);
}

using Compute = at::Tensor (*)(at::ScalarType, const Weights&, const at::Tensor&);

struct Published {
  const char* plugin;
  Compute compute;
  const char* model;  // as the catalogue calls it
};

class PublishedDepth : public testing::TestWithParam<Published> {
 protected:
  std::vector<DepthCase> cases() const { return depth_cases(GetParam().plugin); }
  const PluginFile& plugin() const { return plugins().find(DepthEstimator::kKind, GetParam().plugin); }
  std::shared_ptr<DepthEstimator> make(engine::HostServices& host, const std::string& weights) const {
    return create<DepthEstimator>(plugin(), host, params_with_weights(plugin(), weights), {});
  }
};

engine::HostServices::Options with_precision(const char* precision) {
  engine::HostServices::Options options = host_options();
  options.precision = precision;
  return options;
}

TEST_P(PublishedDepth, EqualsPyTorchInDouble) {
  for (const DepthCase& one : cases()) {
    SCOPED_TRACE(one.name);
    const DepthParity parity =
        compare([&](const at::Tensor& image) { return GetParam().compute(at::kDouble, *one.weights, image); },
                *one.expected, at::kDouble);
    EXPECT_LT(parity.depth, 1e-10);
    EXPECT_LT(parity.gradient, 1e-8);
    // Otherwise a constant would do.
    const at::Tensor depth = one.expected->tensor("depth");
    EXPECT_GT(depth.std().item<double>(), 0.01 * depth.mean().item<double>());
  }
}

TEST_P(PublishedDepth, IsNearPyTorchInFloat) {
  engine::HostServices host(with_precision("fp32"));
  for (const DepthCase& one : cases()) {
    SCOPED_TRACE(one.name);
    const auto it = make(host, one.checkpoint);
    const DepthParity parity =
        compare([&](const at::Tensor& image) { return it->estimate(image); }, *one.expected, at::kFloat);
    EXPECT_LT(parity.largest, 1e-3);
    EXPECT_LT(parity.depth, 1e-4);
    EXPECT_LT(parity.gradient, 1e-3);
  }
}

// Random networks are rougher than trained ones: of a gradient's digits, hardly more than its direction is
// left.
TEST_P(PublishedDepth, IsLikePyTorchInBfloat16) {
  engine::HostServices host(with_precision("bf16"));
  for (const DepthCase& one : cases()) {
    SCOPED_TRACE(one.name);
    const auto it = make(host, one.checkpoint);
    const at::Tensor image = one.expected->tensor("image").to(at::kFloat).clone().set_requires_grad(true);
    const at::Tensor depth = it->estimate(image);
    (depth * one.expected->tensor("mix").to(at::kFloat)).sum().backward();
    EXPECT_LT(relative_difference(depth, one.expected->tensor("depth")), 0.03);
    const at::Tensor gradient = one.expected->tensor("gradient").to(at::kFloat);
    EXPECT_GT(at::cosine_similarity(image.grad().flatten(), gradient.flatten(), 0).item<double>(), 0.5);
  }
}

TEST_P(PublishedDepth, TakesPicturesOfAnySize) {
  engine::HostServices host(with_precision("fp32"));
  const DepthCase one = cases().front();
  const auto it = make(host, one.checkpoint);
  const DepthEstimator::Range range = it->range();
  at::NoGradGuard no_grad;
  for (const auto& [width, height] : {std::pair{1, 1},
                                      {1, 9},
                                      {9, 1},
                                      {40, 24},
                                      {33, 17},
                                      {130, 66},
                                      {201, 199},
                                      {1, 700},
                                      {1000, 3},
                                      {300, 300}})
    for (const at::Tensor& picture :
         {smooth_picture(width, height), at::zeros({1, 3, height, width}), at::ones({1, 3, height, width})}) {
      const at::Tensor copy = picture.clone(), depth = it->estimate(picture);
      EXPECT_TRUE(
          is_plane(depth, {1, 1, height, width}, range.nearest * (1 - 1e-7), range.farthest * (1 + 1e-7)))
          << width << "x" << height;
      EXPECT_TRUE(at::equal(picture, copy)) << "the picture is only read";
      EXPECT_TRUE(at::equal(depth, it->estimate(picture))) << "deterministic";
    }
}

TEST_P(PublishedDepth, GradientsAgreeWithDifferences) {
  const DepthCase one = cases().front();
  for (const auto& [width, height] : {std::pair{40, 24}, {7, 60}, {150, 140}}) {
    const at::Tensor picture = smooth_picture(width, height).to(at::kDouble);
    const at::Tensor mix = at::randn({1, 1, height, width}, seeded(5), at::kDouble);
    const auto scalar = [&](const at::Tensor& x) {
      return (GetParam().compute(at::kDouble, *one.weights, x) * mix).sum();
    };
    const at::Tensor leaf = picture.clone().set_requires_grad(true);
    scalar(leaf).backward();
    at::NoGradGuard no_grad;
    for (std::uint64_t seed : {10, 11, 12}) {
      const at::Tensor way = at::randn(picture.sizes(), seeded(seed), at::kDouble);
      constexpr double kStep = 1e-7;  // short, so that few rectifiers change sides
      const double difference =
          (scalar(picture + way * kStep) - scalar(picture - way * kStep)).item<double>() / (2 * kStep);
      EXPECT_NEAR((leaf.grad() * way).sum().item<double>(), difference,
                  1e-3 * leaf.grad().norm().item<double>());
    }
  }
}

TEST_P(PublishedDepth, SaysHowToGetItsWeights) {
  const TemporaryFolder empty;
  engine::HostServices::Options options = host_options();
  options.models_parent_dir = empty.path().string();
  engine::HostServices host(options);
  const Error error = error_of([&] { make(host, ""); });
  EXPECT_EQ(error.kind(), ErrorKind::file);
  for (const std::string word : {"reverie models fetch", GetParam().model})
    EXPECT_NE(error.advice().find(word), std::string::npos) << error.advice();
}

TEST_P(PublishedDepth, RefusesAnothersFile) {
  engine::HostServices host(host_options());
  for (const std::string& path :
       {(kModels / "depth/tiny_depth.safetensors").string(), (kModels / "tiny_vit.safetensors").string()}) {
    const Error error = error_of([&] { make(host, path); });
    EXPECT_EQ(error.kind(), ErrorKind::model);
    EXPECT_NE(std::string(error.what()).find(path), std::string::npos) << error.what();
    EXPECT_NE(error.advice().find("reverie models fetch"), std::string::npos) << error.advice();
  }
  for (const DepthCase& other : all_depth_cases()) {
    if (other.name.rfind(GetParam().plugin, 0) == 0) continue;
    EXPECT_EQ(error_of([&] { make(host, other.checkpoint); }).kind(), ErrorKind::model);
  }
}

TEST_P(PublishedDepth, RefusesADamagedFile) {
  engine::HostServices host(host_options());
  const TemporaryFolder folder;
  const fs::path path = folder / "damaged.pth";
  const std::string whole = contents(cases().front().checkpoint);
  for (const double share : {0.0, 0.01, 0.5, 0.99}) {
    std::ofstream(path, std::ios::binary).write(whole.data(), std::streamsize(double(whole.size()) * share));
    EXPECT_EQ(error_of([&] { make(host, path.string()); }).kind(), ErrorKind::model) << share;
  }
}

// Whatever tensor is absent or of another shape, the message names the file and a tensor.
TEST_P(PublishedDepth, NamesWhatIsMissingOrOfAnotherShape) {
  engine::HostServices host(host_options());
  const DepthCase one = cases().front();
  const TemporaryFolder folder;
  const std::string path = (folder / "other.safetensors").string();
  weights::NamedTensors all;
  for (const std::string& name : one.weights->names())
    if (name.rfind("optimizer", 0) != 0) all.emplace_back(name, one.weights->tensor(name).contiguous());
  weights::write_safetensors(path, all);
  make(host, path);
  std::size_t tried = 0, refused = 0;
  for (std::size_t chosen = 0; chosen < all.size(); chosen += 11)
    for (const bool absent : {true, false}) {
      weights::NamedTensors list = all;
      if (absent)
        list.erase(list.begin() + std::ptrdiff_t(chosen));
      else
        list[chosen].second = at::zeros({3, 1, 4, 1, 5});
      weights::write_safetensors(path, list);
      ++tried;
      try {
        make(host, path);
      } catch (const Error& error) {
        ++refused;
        EXPECT_EQ(error.kind(), ErrorKind::model);
        const std::string text = error.what();
        EXPECT_NE(text.find(path), std::string::npos) << text;
        EXPECT_NE(text.find("tensor '"), std::string::npos) << text;
        EXPECT_NE(error.advice().find("reverie models fetch"), std::string::npos) << error.advice();
      }
    }
  // Some tensors of the published files are not used.
  EXPECT_GT(refused, tried / 2);
}

INSTANTIATE_TEST_SUITE_P(All, PublishedDepth,
                         testing::Values(Published{"adabins", adabins_in, "AdaBins"},
                                         Published{"depth_anything", depth_anything_in,
                                                   "Depth-Anything-V2-Small"}),
                         [](const auto& info) { return std::string(info.param.plugin); });

TEST(AdaBins, LooksAtPicturesOfWhichItHasEnoughTokensAndNotTooMany) {
  const DepthCase one = depth_cases("adabins").front();  // 9 to 40 tokens in place of 129 to 500
  const adabins::Network network(*one.weights, at::kCPU, at::kFloat);
  for (const std::int64_t height : {1, 2, 31, 64, 95, 96, 97, 160, 300, 1000})
    for (const std::int64_t width : {1, 40, 96, 128, 200, 333, 1000, 100'000}) {
      SCOPED_TRACE(std::to_string(width) + "x" + std::to_string(height));
      const auto seen = network.seen_size(height, width);
      const std::int64_t tokens = (seen.height + 1) / 32 * ((seen.width + 1) / 32);
      EXPECT_GE(tokens, 9);
      EXPECT_LE(tokens, 40);
      const std::int64_t own = (height + 1) / 32 * ((width + 1) / 32);
      if (own >= 9 && own <= 40) {
        EXPECT_EQ(std::pair(seen.height, seen.width), std::pair(height, width)) << "as it is";
      }
      EXPECT_EQ(seen.height < seen.width, height < width && seen.height != seen.width);
    }
  const auto square = network.seen_size(1, 1), large = network.seen_size(1000, 1000);
  EXPECT_EQ(std::pair(square.height, square.width), std::pair(96L, 96L));
  EXPECT_EQ(std::pair(large.height, large.width), std::pair(192L, 192L));
}

// Averaged with its mirror image, a picture's depths are the mirror image of its mirror image's.
TEST(AdaBins, TheMirrorImageHasMirroredDepths) {
  const DepthCase one = depth_cases("adabins").front();
  const adabins::Network network(*one.weights, at::kCPU, at::kDouble);
  const at::Tensor picture = one.expected->tensor("image");
  EXPECT_LT(largest(network(picture.flip(3), true).flip(3) - network(picture, true)), 1e-9);
  EXPECT_GT(largest(network(picture.flip(3), false).flip(3) - network(picture, false)), 1e-3);
  const at::Tensor mean = (network(picture, false) + network(picture.flip(3), false).flip(3)) / 2;
  EXPECT_LT(largest(mean - network(picture, true)), 1e-9);
}

// A picture has the depths that it had when something else enters it: nothing is scaled by the whole picture.
TEST(DepthAnything, TheScaleDoesNotDependOnThePicture) {
  const at::Tensor disparity = at::tensor({0.0, 1.0, 4.0, 9.0, 99.0, 1e9}).view({1, 1, 1, 6});
  const at::Tensor depth = depth_anything::depth_of_disparity(disparity).flatten();
  const at::Tensor expected = at::tensor({10.0, 5.0, 2.0, 1.0, 0.1, 1e-3});
  EXPECT_LT(largest(depth - expected), 1e-6);
}

// Published: the shorter side is 518, both are multiples of 14.
TEST(DepthAnything, LooksAtThePublishedSizes) {
  const DepthCase one = depth_cases("depth_anything").front();  // 70 in place of 518
  const depth_anything::Network network(*one.weights, at::kCPU, at::kFloat);
  const auto seen = [&](std::int64_t height, std::int64_t width) {
    const auto size = network.seen_size(height, width);
    return std::pair(size.height, size.width);
  };
  EXPECT_EQ(seen(512, 512), std::pair(70L, 70L));
  EXPECT_EQ(seen(360, 640), std::pair(70L, 126L));
  EXPECT_EQ(seen(1000, 500), std::pair(140L, 70L));
  EXPECT_EQ(seen(1, 4), std::pair(70L, 280L));
  const auto [height, width] = seen(100, 6400);  // no more than 5 * 20 patches
  EXPECT_LE(height * width, 110 * 14 * 14);
  EXPECT_EQ(seen(1, 1'000'000).first, 14);
}

}  // namespace
}  // namespace reverie::test
