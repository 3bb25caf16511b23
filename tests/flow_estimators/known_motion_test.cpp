// Every flow estimator against motions that are known: of p in the first picture, the second shows it at
// p + flow(p).

#include "conformance/tensors.h"
#include "fixtures/plugins_under_test.h"
#include "flow_estimators/pattern.h"

namespace reverie::test {
namespace {

class KnownMotion : public testing::TestWithParam<std::string> {
 protected:
  KnownMotion() : host_(host_options()) {
    it_ = make<FlowEstimator>(plugins().find(FlowEstimator::kKind, GetParam()), host_);
  }
  engine::HostServices host_;
  std::shared_ptr<FlowEstimator> it_;
};

constexpr std::int64_t kHeight = 120, kWidth = 168;

TEST_P(KnownMotion, Translations) {
  const at::Tensor here = places_of_pixels(kHeight, kWidth);
  for (const auto& [x, y] : {std::pair{1.0, 0.0}, {0.0, -1.0}, {-2.5, 1.25}, {7.0, -4.0}, {-8.0, 6.0}}) {
    const at::Tensor motion = at::tensor({x, y}, at::kDouble).view({1, 2, 1, 1}).expand_as(here);
    const at::Tensor flow = it_->estimate(pattern(here), pattern(here - motion));
    EXPECT_LT(mean_error(flow, motion, 24), 0.1 + 0.02 * std::hypot(x, y)) << x << ", " << y;
  }
}

TEST_P(KnownMotion, TurnsAboutTheCentre) {
  const at::Tensor here = places_of_pixels(kHeight, kWidth);
  const at::Tensor centre =
      at::tensor({(kWidth - 1) / 2.0, (kHeight - 1) / 2.0}, at::kDouble).view({1, 2, 1, 1});
  for (const double degrees : {2.0, -5.0}) {
    const double angle = degrees * std::acos(-1.0) / 180, c = std::cos(angle), s = std::sin(angle);
    const auto turned = [&](double sine) {
      const at::Tensor x = (here - centre).select(1, 0), y = (here - centre).select(1, 1);
      return at::stack({x * c - y * sine, x * sine + y * c}, 1) + centre;
    };
    const at::Tensor flow = it_->estimate(pattern(here), pattern(turned(-s)));
    EXPECT_LT(mean_error(flow, turned(s) - here, 24), 0.3) << degrees;
  }
}

TEST_P(KnownMotion, ASquareMovesAndWhatIsBehindItDoesNot) {
  const at::Tensor here = places_of_pixels(kHeight, kWidth);
  const at::Tensor ground = pattern(here * 1.3 + 500) * 0.5;
  const auto scene = [&](std::int64_t x, std::int64_t y) {
    at::Tensor picture = ground.clone();
    picture.slice(2, y, y + 48).slice(3, x, x + 48) = pattern(places_of_pixels(48, 48)) * 0.5 + 0.5;
    return picture;
  };
  const at::Tensor flow = it_->estimate(scene(40, 30), scene(45, 28));
  const at::Tensor inside = flow.slice(2, 40, 68).slice(3, 50, 78).mean({2, 3});
  EXPECT_NEAR(inside[0][0].item<double>(), 5, 0.5);
  EXPECT_NEAR(inside[0][1].item<double>(), -2, 0.5);
  EXPECT_LT(flow.slice(3, 120, 160).abs().mean().item<double>(), 0.1);
}

std::vector<std::string> own_estimators() {
  std::vector<std::string> names = names_of(FlowEstimator::kKind);
  std::erase(names, "zero_flow");
  return names;
}

/// Those that need no weights which somebody has to download first.
std::vector<std::string> estimators_that_are_complete() {
  std::vector<std::string> names = own_estimators();
  std::erase_if(names, [](const std::string& name) { return name == "raft" || name == "gma"; });
  return names;
}

INSTANTIATE_TEST_SUITE_P(All, KnownMotion, testing::ValuesIn(estimators_that_are_complete()), name_as_is);

TEST(FlowEstimators, AreThere) {
  EXPECT_EQ(own_estimators(), (std::vector<std::string>{"dis", "farneback", "gma", "horn_schunck", "raft"}));
}

}  // namespace
}  // namespace reverie::test
