// Where a step's time goes: 40 cutouts of a 512 x 512 picture, forward and backward, with the shipped models.
// Compare the rows of one run with each other; absolute times belong to the machine.

#include <ATen/ATen.h>
#include <benchmark/benchmark.h>

#include "engine/glimpses.h"
#include "engine/host_services.h"
#include "engine/losses.h"
#include "engine/memory.h"
#include "plugins/registry.h"
#include "reverie/perceptor.h"
#include "settings/settings.h"

namespace {

using namespace reverie;

constexpr std::int64_t kCutouts = 40, kPicture = 512, kSide = 64;

HostServices& host() {
  static HostServices instance({"cpu", 1, REVERIE_PREFIX "/share/reverie/models", "~/.cache"});
  return instance;
}

at::Tensor picture() {
  return at::rand({1, 3, kPicture, kPicture}, host().generator()).set_requires_grad(true);
}

/// Forward and backward, fused as a render does it, and by LibTorch's operators one after the other.
void glimpses(benchmark::State& state, bool fused) {
  const at::Tensor image = picture();
  const std::int64_t side = state.range(0);
  const at::Tensor direction = at::ones({kCutouts, 3, side, side});
  for (auto _ : state) {
    const auto places = draw_cutouts(kCutouts, kPicture, kPicture, side, {}, host().cpu_generator());
    const Augmentation changes = draw_augmentation(kCutouts, side, host().cpu_generator());
    const at::Tensor result = fused ? take_glimpses(image, places, side, {}, changes, host().generator())
                                    : augment(take_cutouts(image, places, side, {}), changes, host().generator());
    result.backward(direction);
  }
}
BENCHMARK_CAPTURE(glimpses, fused, true)->Arg(64)->Arg(224)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(glimpses, separate, false)->Arg(64)->Arg(224)->Unit(benchmark::kMillisecond)->UseRealTime();

void draw(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(draw_augmentation(kCutouts, 224, host().cpu_generator()));
}
BENCHMARK(draw)->Unit(benchmark::kMillisecond)->UseRealTime();

void perceptor(benchmark::State& state, const char* name) {
  static const PluginRegistry registry(plugin_search_path({}, REVERIE_PREFIX));
  const auto model = create<Perceptor>(registry.find(Perceptor::kKind, "clip"), host(), Settings(),
                                       {name, host().load_weights(name)});
  const at::Tensor images = at::rand({kCutouts, 3, kSide, kSide}, host().generator()).set_requires_grad(true);
  for (auto _ : state) model->embed_images(images).sum().backward();
}
BENCHMARK_CAPTURE(perceptor, tiny_vit, "tiny_vit")->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(perceptor, tiny_resnet, "tiny_resnet")->Unit(benchmark::kMillisecond)->UseRealTime();

void smoothing(benchmark::State& state) {
  const at::Tensor image = picture();
  for (auto _ : state) smoothing_loss(image).backward();
}
BENCHMARK(smoothing)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
