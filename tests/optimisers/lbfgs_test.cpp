// The optimiser lbfgs against dense matrices, and on quadratics.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "fixtures/plugins_under_test.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

class Lbfgs : public testing::Test {
 protected:
  Lbfgs() : host_(host_options()) {}

  std::shared_ptr<Optimiser> make(const std::vector<at::Tensor>& parameters,
                                  const std::map<std::string, double>& params = {},
                                  const std::string& name = "lbfgs") {
    const PluginFile& plugin = plugins().find(Optimiser::kKind, name);
    Settings settings = default_params(plugin);
    for (const auto& [param, number] : params) set(settings, param, number);
    return create<Optimiser>(plugin, host_, settings, {parameters});
  }

  engine::HostServices host_;
};

/// A symmetric matrix with these eigenvalues, in random directions.
at::Tensor matrix_of(const std::vector<double>& eigenvalues, std::uint64_t seed) {
  const auto n = static_cast<std::int64_t>(eigenvalues.size());
  const at::Tensor basis = std::get<0>(at::linalg_qr(at::randn({n, n}, seeded(seed), at::kDouble)));
  return at::matmul(basis * at::tensor(eigenvalues, at::kDouble), basis.t());
}

double rms(const at::Tensor& x) { return x.square().mean().sqrt().item<double>(); }

// BFGS's update of the whole matrix H from its beginning at each step (Nocedal & Wright, equation 6.17):
// H = (I - s y' / s.y) H (I - y s' / s.y) + s s' / s.y, oldest pair first.
TEST_F(Lbfgs, IsBfgsByDenseMatrices) {
  constexpr std::int64_t kCount = 7;
  for (const double damping : {0.0, 0.5}) {
    SCOPED_TRACE("damping " + std::to_string(damping));
    const at::Tensor hessian = matrix_of({0.3, 0.5, 1, 1.5, 2, 4, 7}, 1);
    const at::Tensor x = at::randn({kCount}, seeded(2)).set_requires_grad(true);
    const auto it = make({x}, {{"lbfgs_history", 3}, {"lbfgs_damping", damping}});
    std::vector<std::pair<at::Tensor, at::Tensor>> pairs;
    at::Tensor last_x, last_g;
    int damped = 0;
    for (int step = 0; step < 12; ++step) {
      const at::Tensor here = x.detach().to(at::kDouble);
      // Not a quadratic, so that curvatures change, also to below what is expected.
      const at::Tensor g = at::matmul(hessian, here) + 2 * (3 * here).sin();
      x.mutable_grad() = g.to(at::kFloat);
      if (last_x.defined()) {
        const at::Tensor s = here - last_x;
        at::Tensor y = g - last_g;
        const auto scale = [&] {
          const auto& [newest_s, newest_y] = pairs.back();
          return (newest_s.dot(newest_y) / newest_y.dot(newest_y)).item<double>();
        };
        if (!pairs.empty() && damping > 0) {
          const double expected = s.dot(s).item<double>() / scale(), sy = s.dot(y).item<double>();
          if (sy < damping * expected) {
            // The mixture of which s.y is exactly this part.
            const double share = (1 - damping) * expected / (expected - sy);
            y = share * y + (1 - share) / scale() * s;
            EXPECT_NEAR(s.dot(y).item<double>(), damping * expected, 1e-9 * expected);
            ++damped;
          }
        }
        if (s.dot(y).item<double>() > 1e-10) pairs.emplace_back(s, y);
        if (pairs.size() > 3) pairs.erase(pairs.begin());
      }
      at::Tensor direction = g;
      if (!pairs.empty()) {
        const auto& [newest_s, newest_y] = pairs.back();
        const at::Tensor one = at::eye(kCount, at::kDouble);
        at::Tensor inverse = one * (newest_s.dot(newest_y) / newest_y.dot(newest_y));
        for (const auto& [s, y] : pairs) {
          const at::Tensor rho = 1 / s.dot(y);
          inverse =
              at::matmul(at::matmul(one - rho * at::outer(s, y), inverse), one - rho * at::outer(y, s)) +
              rho * at::outer(s, s);
        }
        direction = at::matmul(inverse, g);
      }
      const double rate = 0.4, length = rms(direction);
      const at::Tensor expected = here - direction * (!pairs.empty() && length <= rate ? 1 : rate / length);
      last_x = here;
      last_g = g;
      it->step(rate);
      EXPECT_LT(largest(x.detach() - expected), 2e-3 * rms(expected - here) + 1e-6) << "step " << step;
    }
    EXPECT_EQ(damped > 0, damping > 0);
  }
}

// Of a quadratic whose curvatures differ 100-fold, gradient descent leaves 0.98 of the flattest direction in
// each step at best.
TEST_F(Lbfgs, IsMuchFasterThanGradientDescentOnAQuadratic) {
  std::vector<double> eigenvalues;
  for (int i = 0; i < 12; ++i) eigenvalues.push_back(std::pow(100.0, i / 11.0));
  const at::Tensor hessian = matrix_of(eigenvalues, 3).to(at::kFloat);
  const at::Tensor start = at::randn({12}, seeded(4));
  const auto left = [&](const std::string& name, const std::map<std::string, double>& params, double rate) {
    // Two tensors, as if they were a model's.
    const at::Tensor a = start.slice(0, 0, 5).clone().set_requires_grad(true),
                     b = start.slice(0, 5).clone().view({1, 7}).set_requires_grad(true);
    const auto it = make({a, b}, params, name);
    for (int step = 0; step < 60; ++step) {
      const at::Tensor gradient = at::matmul(hessian, at::cat({a.detach(), b.detach().view(-1)}));
      a.mutable_grad() = gradient.slice(0, 0, 5).clone();
      b.mutable_grad() = gradient.slice(0, 5).clone().view({1, 7});
      it->step(rate);
    }
    return rms(at::cat({a.detach(), b.detach().view(-1)})) / rms(start);
  };
  const double lbfgs = left("lbfgs", {{"lbfgs_history", 12}}, 1),
               descent = left("sgd", {{"momentum", 0}}, 2.0 / 101);
  EXPECT_LT(lbfgs, 1e-4);
  EXPECT_GT(descent, 1e-2);
}

TEST_F(Lbfgs, NoStepIsLongerThanTheLearningRate) {
  const at::Tensor x = at::randn({50}, seeded(5)).set_requires_grad(true);
  const auto it = make({x});
  for (int step = 0; step < 30; ++step) {
    const at::Tensor before = x.detach().clone();
    x.mutable_grad() =
        at::randn({50}, seeded(static_cast<std::uint64_t>(100 + step))) * std::pow(10, step % 5);
    it->step(0.03);
    EXPECT_LT(rms(x.detach() - before), 0.03001) << step;
    if (step == 0) {
      EXPECT_NEAR(rms(x.detach() - before), 0.03, 1e-6);
    }
  }
}

TEST_F(Lbfgs, NoiseDoesNotThrowItOff) {
  // As much noise on the slope of a bowl as the slope itself is steep at the beginning.
  const at::Tensor x = at::ones({200}).set_requires_grad(true);
  const auto it = make({x});
  for (int step = 0; step < 150; ++step) {
    x.mutable_grad() = x.detach() + at::randn({200}, seeded(static_cast<std::uint64_t>(step)));
    it->step(0.05);
  }
  EXPECT_LT(rms(x.detach()), 0.3);
}

TEST_F(Lbfgs, StandsStillOnLevelGround) {
  const at::Tensor x = at::ones({3}).set_requires_grad(true);
  const auto it = make({x});
  for (int step = 0; step < 3; ++step) {
    x.mutable_grad() = at::zeros({3});
    it->step(0.1);
  }
  EXPECT_TRUE(at::equal(x, at::ones({3})));
}

}  // namespace
}  // namespace reverie::test
