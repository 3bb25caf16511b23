// Seconds of a depth estimator's estimates, for depth_side_by_side.py: on the clock and in the processor, as
// JSON. Usage: depth_benchmark [PLUGIN [WEIGHTS [SIDE [ROUNDS [PRECISION]]]]]. PLUGIN is tiny_depth unless
// given; the WEIGHTS - are the plugin's own.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <functional>
#include <iostream>
#include <string>

#include "engine/host_services.h"
#include "engine/memory.h"
#include "plugins/registry.h"
#include "reverie/depth_estimator.h"

namespace {

using namespace reverie;

/// The fastest of some rounds after one that warms up.
void report(const char* name, int rounds, const std::function<void()>& work) {
  double clock = 1e9, processor = 1e9;
  for (int i = -1; i < rounds; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const std::clock_t start = std::clock();
    work();
    if (i < 0) continue;
    processor = std::min(processor, double(std::clock() - start) / CLOCKS_PER_SEC);
    clock = std::min(clock, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  std::printf("\"%s\": [%.4f, %.4f]", name, clock, processor);
}

void run(int count, char** arguments) {
  const std::string name = count > 1 ? arguments[1] : "tiny_depth", given = count > 2 ? arguments[2] : "-",
                    weights = given == "-" ? "" : given;
  const std::int64_t side = count > 3 ? std::atoll(arguments[3]) : 512;
  const int rounds = count > 4 ? std::atoi(arguments[4]) : 5;
  engine::keep_freed_memory();
  engine::HostServices::Options options{"cpu", 1, REVERIE_PREFIX "/share/reverie/models", "~/.cache"};
  options.precision = count > 5 ? arguments[5] : "auto";
  engine::HostServices host(options);
  const PluginRegistry registry(plugin_search_path({}, REVERIE_PREFIX));
  const PluginFile& plugin = registry.find(DepthEstimator::kKind, name);
  const auto it = create<DepthEstimator>(plugin, host, params_with_weights(plugin, weights), {});
  const at::Tensor picture = at::rand({1, 3, side, side});
  std::printf("{");
  {
    const at::NoGradGuard no_grad;
    report("estimate", rounds, [&] { it->estimate(picture); });
  }
  std::printf(", ");
  report("with its gradient", rounds,
         [&] { it->estimate(picture.clone().set_requires_grad(true)).sum().backward(); });
  std::printf("}\n");
}

}  // namespace

int main(int count, char** arguments) {
  try {
    run(count, arguments);
  } catch (const Error& error) {
    std::cerr << error.what() << "\n" << error.advice() << "\n";
    return 1;
  }
}
