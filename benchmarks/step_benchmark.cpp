// Where a step's time goes: 40 cutouts of a 512 x 512 picture, forward and backward, with the shipped models.
// Compare the rows of one run with each other; absolute times belong to the machine.

#include <ATen/ATen.h>
#include <benchmark/benchmark.h>

#include "engine/augmentations.h"
#include "engine/cutouts.h"
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

void cutouts(benchmark::State& state) {
  const at::Tensor image = picture();
  for (auto _ : state) {
    const auto places = draw_cutouts(kCutouts, kPicture, kPicture, kSide, {}, host().cpu_generator());
    take_cutouts(image, places, kSide, {}).sum().backward();
  }
}
BENCHMARK(cutouts)->Unit(benchmark::kMillisecond)->UseRealTime();

void augmentations(benchmark::State& state) {
  const at::Tensor images = at::rand({kCutouts, 3, kSide, kSide}, host().generator()).set_requires_grad(true);
  for (auto _ : state) {
    const Augmentation changes = draw_augmentation(kCutouts, kSide, host().cpu_generator());
    augment(images, changes, host().generator()).sum().backward();
  }
}
BENCHMARK(augmentations)->Unit(benchmark::kMillisecond)->UseRealTime();

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
