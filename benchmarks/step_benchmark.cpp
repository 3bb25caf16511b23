// Where a step's time goes: 40 cutouts of a 512 x 512 picture, forward and backward, with the shipped models.
// Compare the rows of one run with each other; absolute times belong to the machine.

#include <ATen/ATen.h>
#include <benchmark/benchmark.h>

#include <cmath>

#include "augmented_cutouts.h"
#include "engine/assignment.h"
#include "engine/host_services.h"
#include "engine/masks.h"
#include "engine/memory.h"
#include "fused_vision_transformer.h"
#include "linear.h"
#include "plugins/registry.h"
#include "reverie/cpu.h"
#include "reverie/loss.h"
#include "reverie/perceptor.h"
#include "settings/settings.h"

namespace {

using namespace reverie;

constexpr std::int64_t kCutouts = 40, kPicture = 512, kSide = 64;

engine::HostServices& host() {
  static engine::HostServices instance({"cpu", 1, REVERIE_PREFIX "/share/reverie/models", "~/.cache"});
  return instance;
}

const PluginRegistry& plugins() {
  static const PluginRegistry registry(plugin_search_path({}, REVERIE_PREFIX));
  return registry;
}

at::Tensor picture() {
  return at::rand({1, 3, kPicture, kPicture}, host().generator()).set_requires_grad(true);
}

/// Forward and backward, fused as a render does it, and by LibTorch's operators one after the other.
void cutouts(benchmark::State& state, bool fused) {
  const at::Tensor image = picture();
  const std::int64_t side = state.range(0);
  const at::Tensor direction = at::ones({kCutouts, 3, side, side});
  for (auto _ : state) {
    const auto places = pytti::draw_cutouts(kCutouts, kPicture, kPicture, side, {}, host().cpu_generator());
    const pytti::Augmentation changes = pytti::draw_augmentation(kCutouts, side, host().cpu_generator());
    const at::Tensor result =
        fused ? pytti::take_augmented_cutouts(image, places, side, {}, changes, host().generator())
              : pytti::augment(pytti::take_cutouts(image, places, side, {}), changes, host().generator());
    result.backward(direction);
  }
}
BENCHMARK_CAPTURE(cutouts, fused, true)->Arg(64)->Arg(224)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(cutouts, separate, false)->Arg(64)->Arg(224)->Unit(benchmark::kMillisecond)->UseRealTime();

void draw(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(pytti::draw_augmentation(kCutouts, 224, host().cpu_generator()));
}
BENCHMARK(draw)->Unit(benchmark::kMillisecond)->UseRealTime();

void perceptor(benchmark::State& state, const char* name) {
  const PluginFile& clip = plugins().find(Perceptor::kKind, "clip");
  const auto model = create<Perceptor>(clip, host(), default_params(clip), {name, host().load_weights(name)});
  const at::Tensor images = at::rand({kCutouts, 3, kSide, kSide}, host().generator()).set_requires_grad(true);
  for (auto _ : state) model->embed_images(images).sum().backward();
}
BENCHMARK_CAPTURE(perceptor, tiny_vit, "tiny_vit")->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(perceptor, tiny_resnet, "tiny_resnet")->Unit(benchmark::kMillisecond)->UseRealTime();

/// The processor's own measure: the product that dominates ViT-B/32, as the perceptor computes it.
void matrix_product(benchmark::State& state, at::ScalarType type) {
  const at::Tensor a = at::randn({2048, 768}).to(type), b = at::randn({3072, 768}).to(type);
  for (auto _ : state) benchmark::DoNotOptimize(clip::fixed_linear(a, b, {}));
  state.counters["GFLOP/s"] =
      benchmark::Counter(2e-9 * 2048 * 768 * 3072, benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK_CAPTURE(matrix_product, fp32, at::kFloat)->Unit(benchmark::kMillisecond)->UseRealTime();

/// ViT-B/32 with random weights, forward and backward to the pictures. Its floating-point operations are
/// counted as if every token went through every layer, although only the class token needs all of the last.
void vit_b32(benchmark::State& state, at::ScalarType type) {
  constexpr std::int64_t width = 768, patch = 32, layers = 12, grid = 7, embedding = 512;
  const clip::TensorSource random = [](const std::string& name) {
    const auto ends = [&](const char* end) { return name.ends_with(end); };
    const double deviation = 1 / std::sqrt(double(width));
    if (ends("in_proj_weight")) return at::randn({3 * width, width}) * deviation;
    if (ends("in_proj_bias")) return at::zeros({3 * width});
    if (ends("out_proj.weight")) return at::randn({width, width}) * deviation;
    if (ends("c_fc.weight")) return at::randn({4 * width, width}) * deviation;
    if (ends("c_fc.bias")) return at::zeros({4 * width});
    if (ends("c_proj.weight")) return at::randn({width, 4 * width}) * deviation;
    if (ends("visual.conv1.weight")) return at::randn({width, 3, patch, patch}) * 0.02;
    if (ends("visual.positional_embedding")) return at::randn({grid * grid + 1, width}) * 0.1;
    if (ends("visual.proj")) return at::randn({width, embedding}) * deviation;
    return ends(".weight") ? at::ones({width}) : at::zeros({width});
  };
  const clip::Shape shape{true, grid * patch, embedding, width, {layers}, width / 64, patch, 77, 0, 0, 0};
  const clip::FusedVisionTransformer tower(shape, random, clip::Activation::quick_gelu,
                                           {{0.48, 0.46, 0.41}, {0.27, 0.26, 0.28}}, type);
  const at::Tensor images = at::rand({kCutouts, 3, 224, 224}).set_requires_grad(true);
  for (auto _ : state) tower(images).sum().backward();
  const double tokens = kCutouts * (grid * grid + 1), matrices = 12.0 * width * width * layers;
  const double attention = 2.0 * tokens * (grid * grid + 1) * width * layers;
  const double patches = double(kCutouts * grid * grid) * 3 * patch * patch * width;
  state.counters["GFLOP/s"] = benchmark::Counter(4e-9 * (tokens * matrices + attention + patches),
                                                 benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK_CAPTURE(vit_b32, fp32, at::kFloat)->Unit(benchmark::kMillisecond)->UseRealTime();

/// A model that is never asked: these losses look at the picture alone.
struct NoModel final : ImageModel {
  void randomise() override {}
  void encode(const at::Tensor&) override {}
  std::vector<at::Tensor> parameters() override { return {}; }
  double learning_rate() const override { return 0; }
  at::Tensor decode() override { return {}; }
  at::Tensor decode_final() override { return {}; }
  std::map<std::string, at::Tensor> state() const override { return {}; }
  void load_state(const std::map<std::string, at::Tensor>&) override {}
};

void image_loss(benchmark::State& state, const std::string& name, bool masked) {
  const PluginFile& plugin = plugins().find(Loss::kKind, name);
  const auto loss = create<Loss>(plugin, host(), default_params(plugin), {{kPicture, kPicture}, 0});
  loss->set_target(picture().detach());
  if (masked) loss->set_mask(at::rand({1, 1, 100, 100}, host().generator()));
  NoModel model;
  Loss::Context context;
  context.image = picture();
  context.model = &model;
  for (auto _ : state) loss->evaluate(context).backward();
}
BENCHMARK_CAPTURE(image_loss, smoothing, "smoothing", false)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(image_loss, direct, "direct", false)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(image_loss, direct_masked, "direct", true)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(image_loss, edge, "edge", false)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(image_loss, edge_masked, "edge", true)->Unit(benchmark::kMillisecond)->UseRealTime();

std::vector<CutoutPlace> places() {
  return pytti::places_of(
      pytti::draw_cutouts(kCutouts, kPicture, kPicture, kSide, {}, host().cpu_generator()), kPicture,
      kPicture);
}

void image_mask(benchmark::State& state) {
  const engine::ImageMask mask(
      (at::rand({1, 1, kPicture, kPicture}, host().generator()) > 0.9).to(at::kFloat));
  const std::vector<CutoutPlace> cutouts = places();
  for (auto _ : state) benchmark::DoNotOptimize(mask(cutouts));
}
BENCHMARK(image_mask)->Unit(benchmark::kMillisecond)->UseRealTime();

void matching(benchmark::State& state) {
  const std::vector<CutoutPlace> from = places(), to = places();
  for (auto _ : state) benchmark::DoNotOptimize(engine::match_by_position(from, to));
}
BENCHMARK(matching)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

int main(int argc, char** argv) {
  engine::keep_freed_memory();
  if (native_bfloat16()) {  // elsewhere, the second one takes minutes
    benchmark::RegisterBenchmark("matrix_product/bf16", matrix_product, at::kBFloat16)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
    benchmark::RegisterBenchmark("vit_b32/bf16", vit_b32, at::kBFloat16)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
}
