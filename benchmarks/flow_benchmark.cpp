// Optical flow, as runs use it: one flow; what a move of Video Source takes (flows both ways, what can be
// trusted, warping); a step of flow_stabilization_weight in 3D, with its way back to the picture, of
// estimators that have gradients. Usage:
//
//     flow_benchmark [PLUGIN [WEIGHTS [WIDTH HEIGHT [ROUNDS [PRECISION]]]]]
//
// PLUGIN is horn_schunck unless given; the WEIGHTS - are the plugin's own, where it has any.
// All but the loss get pictures that the estimator has not seen before. Prints seconds on the clock and in
// the processor, medians, as JSON. See flow_side_by_side.py.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <iostream>

#include "consistency.h"
#include "engine/host_services.h"
#include "engine/memory.h"
#include "plugins/registry.h"
#include "reverie/flow_estimator.h"
#include "reverie/warp.h"

namespace {

using namespace reverie;

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

double median(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

void measure(const char* before, const char* name, int rounds, const std::function<void()>& work) {
  std::vector<double> wall, processor;
  for (int i = -1; i < rounds; ++i) {  // the first warms up
    const double begin = seconds(), start = processor_seconds();
    work();
    if (i < 0) continue;
    wall.push_back(seconds() - begin);
    processor.push_back(processor_seconds() - start);
  }
  std::printf("%s\n  \"%s\": [%.4f, %.4f]", before, name, median(wall), median(processor));
}

std::shared_ptr<FlowEstimator> estimator(const PluginFile& plugin, engine::HostServices& host,
                                         const std::string& weights, double iterations) {
  Settings settings = params_with_weights(plugin, weights);
  if (const SettingValue* found = settings.find("flow_iterations")) {  // of the networks
    SettingValue value = *found;
    value.number = iterations;
    settings.set("flow_iterations", value);
  }
  return create<FlowEstimator>(plugin, host, settings, {});
}

void run(int count, char** arguments) {
  const std::string name = count > 1 ? arguments[1] : "horn_schunck", given = count > 2 ? arguments[2] : "-",
                    weights = given == "-" ? "" : given;
  const std::int64_t width = count > 4 ? std::atoll(arguments[3]) : 512,
                     height = count > 4 ? std::atoll(arguments[4]) : 288;
  const int rounds = count > 5 ? std::atoi(arguments[5]) : 5;
  engine::keep_freed_memory();
  engine::HostServices host(
      {"cpu", 1, REVERIE_PREFIX "/share/reverie/models", "~/.cache", count > 6 ? arguments[6] : "auto"});
  const PluginRegistry registry(plugin_search_path({}, REVERIE_PREFIX));
  const PluginFile& plugin = registry.find(FlowEstimator::kKind, name);
  const auto twelve = estimator(plugin, host, weights, 12), three = estimator(plugin, host, weights, 3);

  const at::Tensor large =
      at::upsample_bicubic2d(at::rand({1, 3, height / 8 + 2, width / 8 + 2}), {height + 8, width + 8}, false)
          .clamp(0, 1);
  const auto view = [&](std::int64_t x, std::int64_t y) {
    return large.narrow(2, y, height).narrow(3, x, width).contiguous();
  };
  const at::Tensor one = view(0, 0), other = view(5, 3);
  const at::Tensor here = pixel_places(height, width, at::kCPU);
  at::Tensor wanted;
  std::printf("{");
  {
    const at::NoGradGuard no_grad;
    measure("", "flow", rounds, [&] { wanted = twelve->estimate(one.clone(), other.clone()); });
    measure(",", "both, mask and warp", rounds, [&] {
      const auto [back, forth] = twelve->estimate_both(other.clone(), one.clone());
      const at::Tensor trust = animation::reliability(back, forth);
      warp(one, here + back, Sampling::bicubic, Infill::wrap);
    });
  }
  if (three->differentiable())
    measure(",", "loss of 3 iterations", rounds, [&] {
      const at::Tensor picture = other.clone().set_requires_grad(true);
      (three->estimate(one, picture) - wanted).square().mean().backward();
    });
  std::printf("\n}\n");
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
