// A move between frames, of the real plugins, beside the same in LibTorch's operators. The two alternate, so
// that a busy machine disturbs both alike: trust the ratio of the medians. Usage: motion_benchmark [SIDE
// [ROUNDS]]

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>

#include "engine/host_services.h"
#include "engine/memory.h"
#include "plugins/registry.h"
#include "reverie/animation_mode.h"

namespace {

using namespace reverie;

/// Of all threads, in the processor.
double milliseconds(const std::function<void()>& work) {
  const std::clock_t start = std::clock();
  work();
  return static_cast<double>(std::clock() - start) * 1000 / CLOCKS_PER_SEC;
}

void compare(const char* name, int rounds, const std::function<void()>& ours,
             const std::function<void()>& operators) {
  std::vector<double> first, second;
  for (int i = -2; i < rounds; ++i) {  // the first two warm up
    const double a = milliseconds(ours), b = milliseconds(operators);
    if (i < 0) continue;
    first.push_back(a);
    second.push_back(b);
  }
  const auto median = [](std::vector<double>& times) {
    std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2),
                     times.end());
    return times[times.size() / 2];
  };
  const double a = median(first), b = median(second);
  std::printf("%-38s %7.2f ms, LibTorch's operators %7.2f ms: %.2f times as fast\n", name, a, b, b / a);
}

/// The same depths at no cost.
class Known final : public DepthEstimator {
 public:
  explicit Known(std::int64_t side) : depth_(at::rand({1, 1, side, side}) * 9 + 0.5) {}
  at::Tensor estimate(const at::Tensor&) override { return depth_; }
  bool differentiable() const override { return false; }

 private:
  at::Tensor depth_;
};

/// grid_sampler has no wrap: places are brought inside first, as far as that goes.
at::Tensor sampled(const at::Tensor& picture, const at::Tensor& grid) {
  return at::grid_sampler(picture, (grid + 1).remainder(2) - 1, 2, 0, /*align_corners=*/true);
}

at::Tensor flat(const at::Tensor& picture, double side) {
  const double angle = 0.03, scale = (side - 4) / side, c = std::cos(angle) * scale,
               s = std::sin(angle) * scale;
  const at::Tensor theta =
      at::tensor({c, -s, -2 * 2.5 / side, s, c, 2 * 1.5 / side}, at::kFloat).view({1, 2, 3});
  return sampled(picture, at::affine_grid_generator(theta, picture.sizes(), true)).clamp(0, 1);
}

at::Tensor deep(const at::Tensor& picture, const at::Tensor& depth, std::int64_t side) {
  const at::Tensor line = at::linspace(-1, 1, side, at::kFloat), ones = at::ones({side, side});
  const at::Tensor x = line.view({1, side}).expand({side, side}),
                   y = line.view({side, 1}).expand({side, side});
  const at::Tensor points = at::stack({x, y, -depth, ones}).view({4, -1});
  const at::Tensor move = at::eye(4), camera = at::eye(4);
  move[2][3] = 0.1;
  camera[3][2] = -1;
  camera[3][3] = 0;
  const auto projected = [&](const at::Tensor& matrix) {
    const at::Tensor clip = at::matmul(matrix, points);
    return clip.narrow(0, 0, 2) / clip[3];
  };
  at::Tensor offset = (projected(at::matmul(camera, move)) - projected(camera)).view({1, 2, side, side});
  offset = offset - offset.mean({2, 3}, true);
  return sampled(picture, (at::stack({x, y}).unsqueeze(0) - offset).permute({0, 2, 3, 1})).clamp(0, 1);
}

}  // namespace

int main(int count, char** arguments) {
  const std::int64_t side = count > 1 ? std::atoll(arguments[1]) : 512;
  const int rounds = count > 2 ? std::atoi(arguments[2]) : 41;
  engine::keep_freed_memory();
  engine::HostServices host({"cpu", 1, REVERIE_PREFIX "/share/reverie/models", "~/.cache"});
  const PluginRegistry registry(plugin_search_path({}, REVERIE_PREFIX));
  const PluginFile& palette = registry.find(ImageModel::kKind, "unlimited_palette");
  const auto model = create<ImageModel>(palette, host, default_params(palette), {side, side});
  Known depth(side);
  FrameContext context;
  context.parameters = {{"translate_x", {2.5}},
                        {"translate_y", {1.5}},
                        {"rotate_2d", {2}},
                        {"zoom_x_2d", {4}},
                        {"zoom_y_2d", {4}},
                        {"translate_z_3d", {20}},
                        {"rotate_3d", {1, 0.01, 0.02, 0.01}}};
  const at::Tensor picture = at::rand({1, 3, side, side}), distance = at::rand({side, side}) * 3 + 0.5;
  const auto mode = [&](const char* name) {
    const PluginFile& plugin = registry.find(AnimationMode::kKind, name);
    return create<AnimationMode>(plugin, host, default_params(plugin), {{side, side}, 12});
  };
  const auto two = mode("2D"), three = mode("3D");
  const AnimationMode::Tools tools{&depth, nullptr, nullptr};
  compare(
      "2D, bicubic, wrap", rounds, [&] { two->advance(context, *model, tools); },
      [&] { flat(picture, static_cast<double>(side)); });
  compare(
      "3D without its estimator and variables", rounds, [&] { three->advance(context, *model, tools); },
      [&] { deep(picture, distance, side); });
  compare(
      "3D with r, R and mu", rounds,
      [&] {
        three->variables(*model, tools);
        three->advance(context, *model, tools);
      },
      [&] {
        const at::Tensor sorted = std::get<0>(distance.flatten().sort());
        (sorted.mean() + sorted[sorted.numel() / 2]).item<double>();
        deep(picture, distance, side);
      });
}
