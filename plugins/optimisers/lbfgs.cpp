/// L-BFGS with one gradient a step: steps follow the curvature that the last ones have met.
///
/// From the last pairs of a step s and the change y of the gradient along it, the two-loop recursion (Nocedal
/// & Wright, "Numerical Optimization", 2006, algorithm 7.4) gives H g, where H comes near the inverse of the
/// second derivatives and begins as (s.y / y.y) I of the newest pair. There is no line search, which would
/// need more gradients: the parameters move by -H g, or by a shorter vector in its direction where the root
/// of its mean square would be more than the learning rate. Before there is a pair, H g is the gradient at
/// just that length.
///
/// Gradients of a picture are noisy, as each is of other cutouts: changes look larger than they are, and so
/// steps become shorter. A pair along which the curvature is too low, or negative, is damped (Powell; the
/// same book, procedure 18.2): y becomes a mixture with s / (s.y / y.y), so that s.y is `lbfgs_damping` of
/// what H expected.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "clip_gradients.h"
#include "reverie/optimiser.h"
#include "reverie/plugin.h"
#include "reverie/state.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    integer("lbfgs_history", 10)
        .range(1, 100)
        .fixed("what the optimiser remembers of earlier steps rests on it")
        .help("steps that are remembered; each takes twice the memory of the parameters"),
    number("lbfgs_damping", 0.2)
        .range(0, 1)
        .fixed("what the optimiser remembers of earlier steps rests on it")
        .help("the least curvature along a step, as a part of what was expected; 0: steps without any are "
              "forgotten"),
    kMaxGradientNorm,
};

constexpr double kLeastCurvature = 1e-10;  // s.y as a part of |s| |y|

class Lbfgs final : public Optimiser {
 public:
  Lbfgs(Host&, const Params& params, const Setup& setup)
      : parameters_(setup.parameters),
        history_(params.get<std::int64_t>("lbfgs_history")),
        damping_(params.get<double>("lbfgs_damping")),
        max_gradient_norm_(params.get<double>("max_gradient_norm")) {
    std::int64_t count = 0;
    for (const at::Tensor& parameter : parameters_) count += parameter.numel();
    const at::TensorOptions options =
        parameters_.empty() ? at::TensorOptions() : parameters_[0].detach().options();
    steps_ = at::zeros({history_, count}, options);
    changes_ = at::zeros({history_, count}, options);
    place_ = at::zeros({count}, options);
    gradient_ = at::zeros({count}, options);
    counts_ = at::zeros({2}, at::kLong);
  }

  void step(double learning_rate) override {
    const at::NoGradGuard no_grad;
    if (place_.numel() == 0) return;
    clip_gradients(parameters_, max_gradient_norm_);
    const at::Tensor place = flat(false), gradient = flat(true);
    if (number_of(kTaken) > 0) remember(place - place_, gradient - gradient_);
    place_.copy_(place);
    gradient_.copy_(gradient);
    at::Tensor direction = descent(gradient);
    const double length = rms(direction);
    add_to(kTaken);
    if (!(length > 0) || !std::isfinite(length)) return;
    const bool measured = number_of(kPairs) > 0;
    move(direction, measured && length <= learning_rate ? -1 : -learning_rate / length);
  }

  std::map<std::string, at::Tensor> state() const override {
    return {{"steps", steps_},
            {"changes", changes_},
            {"place", place_},
            {"gradient", gradient_},
            {"counts", counts_}};
  }
  void load_state(const std::map<std::string, at::Tensor>& state) override {
    load_tensors(this->state(), state, "the optimiser's");
  }

 private:
  static constexpr std::int64_t kPairs = 0, kTaken = 1;  // in counts_: pairs ever remembered, steps taken

  std::int64_t number_of(std::int64_t what) const { return counts_[what].item<std::int64_t>(); }
  void add_to(std::int64_t what) { counts_[what] += 1; }
  static double dot(const at::Tensor& a, const at::Tensor& b) { return at::dot(a, b).item<double>(); }
  static double rms(const at::Tensor& a) {
    return a.norm().item<double>() / std::sqrt(static_cast<double>(a.numel()));
  }

  /// All parameters, or their gradients, in one row; 0 where there is no gradient.
  at::Tensor flat(bool gradients) const {
    std::vector<at::Tensor> parts;
    for (const at::Tensor& parameter : parameters_) {
      const at::Tensor part = !gradients                   ? parameter.detach()
                              : parameter.grad().defined() ? parameter.grad()
                                                           : at::zeros_like(parameter.detach());
      parts.push_back(part.reshape(-1));
    }
    return at::cat(parts);
  }

  void remember(const at::Tensor& s, at::Tensor y) {
    const double ss = dot(s, s);
    double sy = dot(s, y);
    if (number_of(kPairs) > 0 && damping_ > 0) {
      const double expected = ss / scale();  // s.B s, with B the inverse of what H begins as
      if (sy < damping_ * expected) {
        const double share = (1 - damping_) * expected / (expected - sy);
        y = y * share + s * ((1 - share) / scale());
        sy = dot(s, y);
      }
    }
    if (!(sy > kLeastCurvature * std::sqrt(ss * dot(y, y)))) return;
    const std::int64_t row = number_of(kPairs) % history_;
    steps_[row].copy_(s);
    changes_[row].copy_(y);
    add_to(kPairs);
  }

  std::int64_t newest() const { return (number_of(kPairs) - 1) % history_; }

  /// What H begins as, of the newest pair.
  double scale() const {
    const at::Tensor s = steps_[newest()], y = changes_[newest()];
    return dot(s, y) / dot(y, y);
  }

  /// H g by the two loops.
  at::Tensor descent(const at::Tensor& gradient) const {
    const std::int64_t pairs = number_of(kPairs), known = std::min(pairs, history_);
    at::Tensor q = gradient.clone();
    if (known == 0) return q;
    std::vector<double> shares(static_cast<std::size_t>(known)), inverses(shares.size());
    for (std::int64_t i = 0; i < known; ++i) {  // the newest first
      const std::int64_t row = (pairs - 1 - i) % history_;
      const auto at = static_cast<std::size_t>(i);
      inverses[at] = 1 / dot(steps_[row], changes_[row]);
      shares[at] = inverses[at] * dot(steps_[row], q);
      q.sub_(changes_[row], shares[at]);
    }
    q.mul_(scale());
    for (std::int64_t i = known - 1; i >= 0; --i) {
      const std::int64_t row = (pairs - 1 - i) % history_;
      const auto at = static_cast<std::size_t>(i);
      q.add_(steps_[row], shares[at] - inverses[at] * dot(changes_[row], q));
    }
    return q;
  }

  void move(const at::Tensor& direction, double factor) {
    std::int64_t begin = 0;
    for (const at::Tensor& parameter : parameters_) {
      const at::Tensor part = direction.narrow(0, begin, parameter.numel()).view(parameter.sizes());
      begin += parameter.numel();
      if (parameter.grad().defined()) at::Tensor(parameter).add_(part, factor);
    }
  }

  std::vector<at::Tensor> parameters_;
  std::int64_t history_;
  double damping_, max_gradient_norm_;
  at::Tensor steps_, changes_;   // [history, all parameters]: pairs, the oldest written over
  at::Tensor place_, gradient_;  // of the last step, before it
  at::Tensor counts_;            // on the CPU: they decide what to compute
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Lbfgs, Optimiser, "lbfgs", "1.0",
                      "L-BFGS with one gradient a step: follows the curvature of the last steps", kParams);

}  // namespace reverie
