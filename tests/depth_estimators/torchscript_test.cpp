// Scripted models as depth and flow estimators, made here with torch.jit and run by the plugins as they are
// installed.

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/jit/api/module.h>

#include "conformance/tensors.h"
#include "fixtures/plugins_under_test.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

const fs::path kOptional = kBuild / "lib/reverie/optional";

template <typename Estimator>
class Folder {
 public:
  Folder() {
    const fs::path folder = folder_ / Estimator::kKind;
    fs::create_directories(folder);
    fs::copy_file(kOptional / Estimator::kKind / "torchscript.so", folder / "torchscript.so");
    registry_ = std::make_unique<PluginRegistry>(std::vector<fs::path>{folder_.path()});
  }
  /// Saves a module with this forward().
  void add(const std::string& name, const std::string& definition) {
    torch::jit::Module module("it");
    module.define(definition);
    module.save((path() / name).string());
  }
  fs::path path() const { return folder_ / Estimator::kKind; }
  std::shared_ptr<Estimator> make(const std::string& file, const Settings* settings = nullptr) {
    const PluginFile& plugin = registry_->find(Estimator::kKind, "torchscript");
    Settings params = settings ? *settings : defaults();
    const char* name = std::is_same_v<Estimator, DepthEstimator> ? "depth_file" : "flow_file";
    SettingValue value = *params.find(name);
    if (!file.empty()) value.text = file;
    params.set(name, value);
    return create<Estimator>(plugin, host_, params, {});
  }
  Settings defaults() const { return default_params(registry_->find(Estimator::kKind, "torchscript")); }

 private:
  TemporaryFolder folder_;
  engine::HostServices host_{host_options()};
  std::unique_ptr<PluginRegistry> registry_;
};

bool says(const Error& error, const std::string& word) {
  return (std::string(error.what()) + error.advice()).find(word) != std::string::npos;
}

TEST(TorchScript, IsNotAmongThePluginsThatAreFoundByThemselves) {
  for (const char* kind : {DepthEstimator::kKind, FlowEstimator::kKind})
    for (const std::string& name : names_of(kind)) EXPECT_NE(name, "torchscript");
}

TEST(TorchScript, TellsDepths) {
  Folder<DepthEstimator> folder;
  folder.add("green.pt", "def forward(self, x):\n  return x[:, 1:2] ** 2 * 20 - 1\n");
  const auto it = folder.make("green");
  EXPECT_EQ(it->range().nearest, 1e-3);
  EXPECT_EQ(it->range().farthest, 10);
  for (const auto& [width, height] : {std::pair{1, 1}, {17, 9}}) {
    const at::Tensor picture = random_picture(width, height, 1).set_requires_grad(true);
    const at::Tensor green = picture.detach().narrow(1, 1, 1), plain = green * green * 20 - 1;
    for (int i = 0; i < 4; ++i) {
      const at::Tensor depth = it->estimate(picture);
      EXPECT_LT(largest(depth.detach() - plain.clamp(1e-3, 10)), 1e-5) << "run " << i;
      const at::Tensor gradient = torch::autograd::grad({depth.sum()}, {picture})[0];
      const at::Tensor inside = ((plain >= 1e-3).logical_and(plain <= 10)).to(at::kFloat);
      EXPECT_LT(largest(gradient.narrow(1, 1, 1) - green * 40 * inside), 1e-4);
      EXPECT_EQ(largest(gradient.narrow(1, 0, 1)), 0);
    }
  }
}

TEST(TorchScript, TakesTheFileAndTheRangeFromSettings) {
  Folder<DepthEstimator> folder;
  folder.add("red.pt", "def forward(self, x):\n  return x[:, 0:1] * 8 - 4\n");
  Settings settings = folder.defaults();
  set(settings, "depth_nearest", -2);
  set(settings, "depth_farthest", 3);
  SettingValue file = *settings.find("depth_file");
  file.text = "red.pt";
  settings.set("depth_file", file);
  const auto it = folder.make("", &settings);
  EXPECT_EQ(it->range().nearest, -2);
  const at::Tensor picture = random_picture(30, 20, 2);
  EXPECT_LT(largest(it->estimate(picture) - (picture.narrow(1, 0, 1) * 8 - 4).clamp(-2, 3)), 1e-5);
  set(settings, "depth_farthest", -2);
  EXPECT_EQ(error_of([&] { folder.make("", &settings); }).kind(), ErrorKind::settings);
}

TEST(TorchScript, TellsFlow) {
  Folder<FlowEstimator> folder;
  folder.add("differences.pt", "def forward(self, a, b):\n  return (b - a)[:, :2] * 7\n");
  const auto it = folder.make("differences.pt");
  const at::Tensor from = random_picture(9, 5, 1), to = random_picture(9, 5, 2);
  EXPECT_LT(largest(it->estimate(from, to) - (to - from).narrow(1, 0, 2) * 7), 1e-5);
}

TEST(TorchScript, RunsNothingThatLiesElsewhere) {
  Folder<DepthEstimator> folder;
  const TemporaryFolder elsewhere;
  torch::jit::Module module("it");
  module.define("def forward(self, x):\n  return x[:, :1]\n");
  const std::string path = elsewhere / "there.pt";
  module.save(path);
  fs::create_directories(folder.path() / "below");
  fs::copy_file(path, folder.path() / "below/there.pt");
  for (const std::string& name :
       std::initializer_list<std::string>{path, "below/there.pt", "../depth_estimators/below/there.pt",
                                          "https://example.org/there.pt", "."}) {
    const Error error = error_of([&] { folder.make(name); });
    EXPECT_EQ(error.kind(), ErrorKind::settings) << name;
    EXPECT_TRUE(says(error, "'depth_file' is '" + name + "'")) << error.what();
    EXPECT_TRUE(says(error, folder.path().string())) << error.advice();
  }
  const Error absent = error_of([&] { folder.make("there.pt"); });
  EXPECT_EQ(absent.kind(), ErrorKind::file);
  EXPECT_TRUE(says(absent, (folder.path() / "there.pt").string())) << absent.what();
  EXPECT_EQ(error_of([&] { folder.make(""); }).kind(), ErrorKind::settings);
}

TEST(TorchScript, MistakesAreNamed) {
  Folder<DepthEstimator> folder;
  std::ofstream(folder.path() / "noise.pt") << "this is not an archive";
  const Error noise = error_of([&] { folder.make("noise"); });
  EXPECT_EQ(noise.kind(), ErrorKind::model);
  EXPECT_TRUE(says(noise, "noise.pt")) << noise.what();

  const auto run = [&](const std::string& name, const std::string& definition) {
    folder.add(name, definition);
    const auto it = folder.make(name);
    const Error error = error_of([&] { it->estimate(smooth_picture(6, 4)); });
    EXPECT_EQ(error.kind(), ErrorKind::model) << name;
    EXPECT_TRUE(says(error, name)) << error.what();
    return error;
  };
  const Error shape = run("shape.pt", "def forward(self, x):\n  return x.mean(1)\n");
  EXPECT_TRUE(says(shape, "[1, 4, 6] instead of [1, 1, 4, 6]")) << shape.what();
  const Error kind = run("kind.pt", "def forward(self, x):\n  return 3\n");
  EXPECT_TRUE(says(kind, "Int instead of a tensor")) << kind.what();
  const Error raised =
      run("raised.pt", "def forward(self, x):\n  assert x.size(3) > 99, 'too narrow for me'\n  return x\n");
  EXPECT_TRUE(says(raised, "too narrow for me")) << raised.what();
}

}  // namespace
}  // namespace reverie::test
