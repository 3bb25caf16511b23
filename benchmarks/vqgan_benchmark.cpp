// A step of the VQGAN image model without perceptors: quantising a latent, decoding it, and the gradient's
// way back. Usage: vqgan_benchmark [CHECKPOINT [SIDE [STEPS]]]. CHECKPOINT is `tiny`, which ships, or a file,
// e.g. of tests/image_models/vqgan_reference.py --published. bf16 is left out where the processor does not
// compute in it.

#include <ATen/ATen.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <string>

#include "network.h"
#include "reverie/cpu.h"
#include "reverie/error.h"
#include "weights/open.h"

namespace reverie {
namespace {

/// Of all threads, in the processor: on a busy machine, run with OMP_NUM_THREADS=1 and trust these.
double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Of the process so far, GB.
double peak_memory() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1e6;
}

void measure(const Weights& weights, at::ScalarType type, std::int64_t side, int steps) {
  const vqgan::Network network(weights, c10::kCPU, type, true);
  const std::int64_t cells = side / network.shape().factor();
  const at::Tensor z = at::randn({1, network.shape().embedding, cells, cells}).set_requires_grad(true);
  double wall = 0, quantising = 0, forward = 0, backward = 0;
  for (int i = -1; i < steps; ++i) {
    const double begin = seconds(), start = processor_seconds();
    const at::Tensor quantised = network.embed(network.nearest_codes(z)) + (z - z.detach());
    const double quantised_at = processor_seconds();
    const at::Tensor picture = network.decode(quantised);
    const double decoded_at = processor_seconds();
    picture.backward(at::ones_like(picture));
    if (i < 0) continue;  // the first one warms up
    quantising += quantised_at - start;
    forward += decoded_at - quantised_at;
    backward += processor_seconds() - decoded_at;
    wall += seconds() - begin;
  }
  std::printf(
      "%-9s quantise %.3f, decode %.3f, backward %.3f processor seconds; %.3f steps/s; peak so far %.2f GB\n",
      c10::toString(type), quantising / steps, forward / steps, backward / steps, steps / wall,
      peak_memory());
}

}  // namespace
}  // namespace reverie

int main(int count, char** arguments) {
  const std::string checkpoint = count > 1 ? arguments[1] : "tiny";
  const std::int64_t side = count > 2 ? std::atoll(arguments[2]) : 512;
  const int steps = count > 3 ? std::atoi(arguments[3]) : 2;
  try {
    const auto weights = reverie::weights::open_weights(
        checkpoint == "tiny" ? REVERIE_PREFIX "/share/reverie/models/vqgan/tiny.safetensors" : checkpoint);
    if (reverie::native_bfloat16()) reverie::measure(*weights, at::kBFloat16, side, steps);
    reverie::measure(*weights, at::kFloat, side, steps);
  } catch (const reverie::Error& error) {
    std::cerr << error.what() << "\n" << error.advice() << "\n";
    return 1;
  }
}
