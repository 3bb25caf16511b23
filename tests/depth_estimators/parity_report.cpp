// One line on how near a depth estimator comes to PyTorch for one file of depth_reference.py, and how long it
// takes. Not part of the ordinary tests, since full-size files are large:
//
//   ninja -C build/release depth_parity plugin_adabins plugin_depth_anything
//   .deps/python/bin/python tests/depth_estimators/depth_reference.py /tmp --published
//   build/release/tests/depth_estimators/depth_parity adabins /tmp/adabins.pth /tmp/adabins.expected
//   [PRECISION]

#include <ATen/core/grad_mode.h>

#include <chrono>
#include <cstdio>
#include <iostream>

#include "depth_estimators/depth_parity.h"
#include "fixtures/plugins_under_test.h"
#include "weights/safetensors.h"

namespace reverie::test {
namespace {

void report(const std::string& name, const std::string& weights, const std::string& expected_path,
            const std::string& precision) {
  engine::HostServices::Options options = host_options();
  options.precision = precision;
  engine::HostServices host(options);
  const PluginFile& plugin = plugins().find(DepthEstimator::kKind, name);
  const auto it = create<DepthEstimator>(plugin, host, params_with_weights(plugin, weights), {});
  const auto expected = weights::read_safetensors(expected_path);
  const auto seconds = [](const auto& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  DepthParity parity{};
  const double with_gradients = seconds([&] {
    parity = compare([&](const at::Tensor& image) { return it->estimate(image); }, *expected, at::kFloat);
  });
  double fastest = std::numeric_limits<double>::infinity();
  at::NoGradGuard no_grad;
  for (int i = 0; i < 5; ++i)
    fastest = std::min(fastest, seconds([&] { it->estimate(expected->tensor("image").to(at::kFloat)); }));
  std::printf("%s, %s: depth %.1e, at most %.1e, gradient %.1e; %.2f s, %.2f s with gradients\n",
              name.c_str(), precision.c_str(), parity.depth, parity.largest, parity.gradient, fastest,
              with_gradients);
}

}  // namespace
}  // namespace reverie::test

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5) {
    std::cerr << "usage: depth_parity PLUGIN WEIGHTS EXPECTED [PRECISION]\n";
    return 2;
  }
  try {
    reverie::test::report(argv[1], argv[2], argv[3], argc > 4 ? argv[4] : "fp32");
  } catch (const reverie::Error& error) {
    std::cerr << error.what() << "\n" << error.advice() << "\n";
    return 1;
  }
}
