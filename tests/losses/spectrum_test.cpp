// The loss spectrum against pictures whose spectrum is known, and against transforms by the book.

#include <ATen/core/grad_mode.h>

#include <complex>

#include "losses/loss_under_test.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

constexpr double kPi = 3.14159265358979323846;

at::Tensor loss_of(const at::Tensor& image, double decay) {
  const auto loss = make_loss("spectrum", {image.size(3), image.size(2)});
  PictureModel model;
  Loss::Context context;
  context.parameters["decay"] = {decay};
  return evaluate(*loss, image, model, context);
}
double spectrum(const at::Tensor& image, double decay) { return loss_of(image, decay).item<double>(); }

/// With random phases, and a power of exactly 1 / frequency^decay.
at::Tensor power_law(std::int64_t width, std::int64_t height, double decay, std::uint64_t seed) {
  const at::Tensor noise = at::rand({3, height, width}, seeded(seed), at::kDouble);
  const at::Tensor waves = at::fft_rfft2(noise);
  const at::Tensor frequency = (at::fft_fftfreq(height, 1.0, at::kDouble).square().unsqueeze(1) +
                                at::fft_rfftfreq(width, 1.0, at::kDouble).square())
                                   .sqrt()
                                   .clamp_min(1e-9);
  const at::Tensor shaped = waves / waves.abs() * frequency.pow(-decay / 2);
  at::Tensor result = at::fft_irfft2(shaped, at::IntArrayRef{height, width});
  result = (result - result.mean()) / result.std() * 0.2 + 0.5;
  return result.unsqueeze(0).to(at::kFloat);
}

TEST(SpectrumLoss, KnowsTheSlopeOfWhatWasMadeWithIt) {
  for (const auto& [width, height] : {std::pair{64, 64}, {96, 40}, {33, 57}})
    for (const double decay : {0.0, 1.0, 2.0, 3.0}) {
      const at::Tensor image = power_law(width, height, decay, 3);
      // The lowest rings hold rather different frequencies.
      EXPECT_LT(std::sqrt(spectrum(image, decay)), 0.06) << width << "x" << height << " " << decay;
      EXPECT_NEAR(std::sqrt(spectrum(image, decay + 1)), 1, 0.06) << width << "x" << height << " " << decay;
      // Brighter or paler, it is the same picture.
      EXPECT_LT(std::sqrt(spectrum(image * 0.5 + 0.3, decay)), 0.06);
    }
}

TEST(SpectrumLoss, NoiseHasNone) { EXPECT_LT(spectrum(at::rand({1, 3, 128, 128}, seeded(1)), 0), 0.01); }

/// By the definition of the transform, wave by wave, over the whole plane of frequencies.
double by_the_book(const at::Tensor& image, double decay) {
  const std::int64_t height = image.size(2), width = image.size(3), longer = std::max(height, width);
  struct Ring {
    double power = 0, frequency = 0, members = 0;
  };
  std::map<std::int64_t, Ring> rings;
  for (std::int64_t v = 0; v < height; ++v)
    for (std::int64_t u = 0; u < width; ++u) {
      const auto folded = [](std::int64_t k, std::int64_t n) {
        return static_cast<double>(2 * k > n ? k - n : k) / static_cast<double>(n);
      };
      const double frequency = std::hypot(folded(u, width), folded(v, height));
      const std::int64_t number = std::lround(frequency * static_cast<double>(longer));
      if (number < 1 || frequency > 0.5) continue;
      Ring& ring = rings[number];
      for (int c = 0; c < 3; ++c) {
        std::complex<double> sum = 0;
        for (std::int64_t y = 0; y < height; ++y)
          for (std::int64_t x = 0; x < width; ++x)
            sum += image[0][c][y][x].item<double>() *
                   std::polar(1.0, -2 * kPi *
                                       (static_cast<double>(u * x) / static_cast<double>(width) +
                                        static_cast<double>(v * y) / static_cast<double>(height)));
        ring.power += std::norm(sum) / static_cast<double>(width * height);
      }
      ring.frequency += frequency;
      ring.members += 1;
    }
  // The straight line of least squares, from the normal equations.
  double w = 0, wx = 0, wy = 0, wxx = 0, wxy = 0;
  for (const auto& [number, ring] : rings) {
    const double weight = 1.0 / static_cast<double>(number), x = std::log(ring.frequency / ring.members),
                 y = std::log(ring.power / ring.members + 1e-8);
    w += weight;
    wx += weight * x;
    wy += weight * y;
    wxx += weight * x * x;
    wxy += weight * x * y;
  }
  const double slope = (w * wxy - wx * wy) / (w * wxx - wx * wx);
  return std::pow(slope + decay, 2);
}

TEST(SpectrumLoss, ByTheBook) {
  for (const auto& [width, height] : {std::pair{8, 6}, {7, 9}, {12, 3}}) {
    const at::Tensor image = at::rand({1, 3, height, width}, seeded(2), at::kDouble);
    for (const double decay : {0.5, 2.0})
      EXPECT_NEAR(spectrum(image, decay), by_the_book(image, decay), 1e-9) << width << "x" << height;
  }
}

TEST(SpectrumLoss, Gradient) {
  expect_gradient([](const at::Tensor& x) { return loss_of(x, 2); },
                  at::rand({1, 3, 5, 6}, seeded(5), at::kDouble), 1e-5);
}

TEST(SpectrumLoss, DescentMakesNoiseSoft) {
  const at::Tensor image = at::rand({1, 3, 32, 32}, seeded(6)).set_requires_grad(true);
  const double before = spectrum(image.detach(), 2);
  const auto roughness = [&] {
    const at::Tensor now = image.detach();
    return (now.diff(1, 3).square().mean() / now.var()).item<double>();
  };
  const double rough = roughness();
  for (int i = 0; i < 100; ++i) {
    image.mutable_grad() = at::Tensor();
    loss_of(image, 2).backward();
    const at::NoGradGuard no_grad;
    at::Tensor(image).sub_(image.grad().sign(), 0.005);
  }
  EXPECT_LT(spectrum(image.detach(), 2), 0.1 * before);
  EXPECT_LT(roughness(), 0.8 * rough);
}

}  // namespace
}  // namespace reverie::test
