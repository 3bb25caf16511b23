// The networks with downloaded weights, on checkpoints with random ones: against PyTorch modules assembled
// from the published descriptions, and what estimators promise.

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
  std::shared_ptr<DepthEstimator> make(HostServices& host, const std::string& weights) const {
    return create<DepthEstimator>(plugin(), host, default_params(plugin()), {weights});
  }
};

HostServices::Options with_precision(const char* precision) {
  HostServices::Options options = host_options();
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
  HostServices host(with_precision("fp32"));
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

TEST_P(PublishedDepth, IsLikePyTorchInBfloat16) {
  HostServices host(with_precision("bf16"));
  for (const DepthCase& one : cases()) {
    SCOPED_TRACE(one.name);
    const auto it = make(host, one.checkpoint);
    const DepthParity parity =
        compare([&](const at::Tensor& image) { return it->estimate(image); }, *one.expected, at::kFloat);
    EXPECT_LT(parity.depth, 0.03);
    EXPECT_LT(parity.gradient, 0.5);  // of random networks, whose rectifiers are often near 0
  }
}

TEST_P(PublishedDepth, TakesPicturesOfAnySize) {
  HostServices host(with_precision("fp32"));
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
  HostServices::Options options = host_options();
  options.models_parent_dir = empty.path().string();
  HostServices host(options);
  const Error error = error_of([&] { make(host, ""); });
  EXPECT_EQ(error.kind(), ErrorKind::file);
  for (const std::string word : {"reverie models fetch", GetParam().model})
    EXPECT_NE(error.advice().find(word), std::string::npos) << error.advice();
}

TEST_P(PublishedDepth, RefusesAnothersFile) {
  HostServices host(host_options());
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
  HostServices host(host_options());
  const TemporaryFolder folder;
  const fs::path path = folder / "damaged.pth";
  const std::string whole = contents(cases().front().checkpoint);
  for (const double share : {0.0, 0.01, 0.5, 0.99}) {
    std::ofstream(path, std::ios::binary).write(whole.data(), std::streamsize(double(whole.size()) * share));
    EXPECT_EQ(error_of([&] { make(host, path.string()); }).kind(), ErrorKind::model) << share;
  }
}

/// Whatever tensor of the network is absent or of another shape, the message names it.
TEST_P(PublishedDepth, NamesWhatIsMissingOrOfAnotherShape) {
  HostServices host(host_options());
  const DepthCase one = cases().front();
  const TemporaryFolder folder;
  const std::string path = (folder / "other.safetensors").string();
  int refused = 0;
  const std::vector<std::string> names = one.weights->names();
  for (std::size_t chosen = 0; chosen < names.size(); chosen += 7)
    for (const bool absent : {true, false}) {
      NamedTensors list;
      for (std::size_t i = 0; i < names.size(); ++i) {
        const at::Tensor tensor = one.weights->tensor(names[i]);
        if (i != chosen) list.emplace_back(names[i], tensor.contiguous());
        if (i == chosen && !absent) list.emplace_back(names[i], at::zeros({3, 1, 4, 1, 5}));
      }
      write_safetensors(path, list);
      try {
        make(host, path);
      } catch (const Error& error) {
        ++refused;
        EXPECT_EQ(error.kind(), ErrorKind::model);
        const std::string text = error.what();
        EXPECT_NE(text.find(path), std::string::npos) << text;
        EXPECT_TRUE(text.find(names[chosen]) != std::string::npos ||
                    text.find("no tensor") != std::string::npos)
            << names[chosen] << ": " << text;
      }
    }
  EXPECT_GT(refused, int(names.size() / 7));
}

INSTANTIATE_TEST_SUITE_P(All, PublishedDepth,
                         testing::Values(Published{"depth_anything", depth_anything_in,
                                                   "Depth-Anything-V2-Small"}),
                         [](const auto& info) { return std::string(info.param.plugin); });

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
