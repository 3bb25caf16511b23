// Every plugin that computes with tensors gives on a card what it gives on the CPU. Without a card,
// everything here is skipped.

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "conformance/stand_ins.h"
#include "fixtures/plugins_under_test.h"
#include "reverie/uses_perceptors.h"
#include "support/device.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

/// Of convolutions in TF32, which cards take for single precision unless told otherwise, and other orders of
/// sums.
constexpr double kValues = 5e-3, kGradients = 3e-2;

engine::HostServices& host(const std::string& device) {
  static std::map<std::string, engine::HostServices> hosts;
  const auto found = hosts.find(device);
  if (found != hosts.end()) return found->second;
  engine::HostServices::Options options = host_options();
  options.device = device;
  return hosts.try_emplace(device, options).first->second;
}

double difference(const at::Tensor& card, const at::Tensor& cpu) {
  const at::Tensor here = card.detach().cpu().to(at::kDouble), there = cpu.detach().to(at::kDouble);
  return (here - there).norm().item<double>() / std::max(1e-12, there.norm().item<double>());
}

at::Tensor picture(std::uint64_t seed, std::int64_t width = 64, std::int64_t height = 48) {
  return at::upsample_bilinear2d(at::rand({1, 3, 6, 8}, seeded(seed)), {height, width}, false);
}

/// The value of `work` and the gradient of a weighted sum of it with respect to `input`.
struct Seen {
  at::Tensor value, gradient;
};
template <typename Work>
Seen see(const at::Tensor& input, const Work& work) {
  const at::Tensor leaf = input.detach().clone().set_requires_grad(true);
  const at::Tensor value = work(leaf);
  if (!value.requires_grad()) return {value, at::zeros_like(leaf)};
  const at::Tensor direction = at::randn(value.sizes(), seeded(9)).to(value.device());
  return {value.detach(), torch::autograd::grad({(value * direction).sum()}, {leaf})[0]};
}
void expect_alike(const Seen& card, const Seen& cpu, const std::string& what) {
  EXPECT_LT(difference(card.value, cpu.value), kValues) << what;
  EXPECT_LT(difference(card.gradient, cpu.gradient), kGradients) << what << ", the gradient";
}

struct Parity : testing::Test {
  void SetUp() override {
    if (!there_is_a_card()) GTEST_SKIP() << "there is no card";
  }
};

TEST_F(Parity, Perceptors) {
  for (const PluginFile* plugin : plugins().usable(Perceptor::kKind))
    for (const std::string& model : shipped_models()) {
      if (!plugin->load().accepts(host("cpu").load_weights(model).get())) continue;
      const auto look = [&](const std::string& device) {
        engine::HostServices& services = host(device);
        const auto perceptor = create<Perceptor>(*plugin, services, usual_params(*plugin),
                                                 {model, services.load_weights(model)});
        const std::int64_t side = perceptor->input_size();
        const at::Tensor words = perceptor->embed_texts({"a red heart", "a blue sky"});
        const Seen seen = see(picture(1, side, side).to(services.device()),
                              [&](const at::Tensor& x) { return perceptor->embed_images(x); });
        return std::pair(seen, words.cpu());
      };
      const auto [card, words] = look("cuda");
      const auto [cpu, expected] = look("cpu");
      expect_alike(card, cpu, model);
      EXPECT_LT(difference(words, expected), kValues) << model << ", words";
    }
}

TEST_F(Parity, ImageModels) {
  for (const std::string& name : names_of(ImageModel::kKind)) {
    const PluginFile& plugin = plugins().find(ImageModel::kKind, name);
    if (!missing_weights(plugin, host("cpu")).empty()) continue;
    const auto cpu = make<ImageModel>(plugin, host("cpu")), card = make<ImageModel>(plugin, host("cuda"));
    cpu->encode(picture(2));
    card->load_state(cpu->state());  // as a backup, it lies on the CPU
    const auto gradients = [](ImageModel& model) {
      const at::Tensor decoded = model.decode();
      const at::Tensor direction = at::randn(decoded.sizes(), seeded(9)).to(decoded.device());
      return std::pair(decoded, torch::autograd::grad({(decoded * direction).sum()}, model.parameters(), {},
                                                      std::nullopt, false, /*allow_unused=*/true));
    };
    const auto [here, slopes] = gradients(*card);
    const auto [there, expected] = gradients(*cpu);
    EXPECT_LT(difference(here, there), kValues) << name;
    for (std::size_t i = 0; i < expected.size(); ++i)
      if (expected[i].defined()) {
        EXPECT_LT(difference(slopes[i], expected[i]), kGradients) << name << ", parameter " << i;
      }
  }
}

TEST_F(Parity, Losses) {
  for (const std::string& name : names_of(Loss::kKind)) {
    const PluginFile& plugin = plugins().find(Loss::kKind, name);
    if (!missing_weights(plugin, host("cpu")).empty()) continue;
    const auto look = [&](const std::string& device) {
      engine::HostServices& services = host(device);
      const auto loss = create<Loss>(plugin, services, usual_params(plugin), {{64, 48}, 0});
      ColoursOfQuarters colours;
      PlaneDepth depth;
      NoFlow flow;
      if (auto* part = extension_of<UsesPerceptors>(*loss)) part->set_perceptors({{"colours", &colours}});
      if (loss->traits().target) loss->set_target(picture(3).to(services.device()));
      if (loss->traits().mask) loss->set_mask(picture(4).narrow(1, 0, 1).to(services.device()));
      const auto model = make<ImageModel>(plugins().find(ImageModel::kKind, "unlimited_palette"), services);
      AnimationMode::Move move;
      move.image = picture(5).to(services.device());
      return see(picture(6).to(services.device()), [&](const at::Tensor& x) {
        Loss::Context context;
        context.image = x;
        context.model = model.get();
        context.tools = {&depth, &flow, nullptr};
        context.move = &move;
        context.before_move = move.image;
        context.parameters = defaults_of(plugin).parameters;
        return loss->evaluate(context);
      });
    };
    expect_alike(look("cuda"), look("cpu"), name);
  }
}

TEST_F(Parity, Estimators) {
  const auto of_both = [](const auto& look, const std::string& name) {
    EXPECT_LT(difference(look("cuda"), look("cpu")), kValues) << name;
  };
  for (const std::string& name : names_of(DepthEstimator::kKind)) {
    const PluginFile& plugin = plugins().find(DepthEstimator::kKind, name);
    if (!missing_weights(plugin, host("cpu")).empty()) continue;
    of_both(
        [&](const std::string& device) {
          return make<DepthEstimator>(plugin, host(device))->estimate(picture(7).to(host(device).device()));
        },
        name);
  }
  for (const std::string& name : names_of(FlowEstimator::kKind)) {
    const PluginFile& plugin = plugins().find(FlowEstimator::kKind, name);
    if (!missing_weights(plugin, host("cpu")).empty()) continue;
    of_both(
        [&](const std::string& device) {
          const at::Tensor from = picture(8).to(host(device).device());
          return make<FlowEstimator>(plugin, host(device))->estimate(from, from.roll(2, 3).contiguous());
        },
        name);
  }
}

}  // namespace
}  // namespace reverie::test
