// Frames that the motion alone makes: which they are, and how they lead to the next optimised one.

#include "engine/cadence.h"

#include "studio.h"

namespace reverie::test {
namespace {

Script with_cadence(const std::string& text) {
  Script script;
  MotionSetting setting{engine::kCadence, 1, Expression::compile(text, {"t", "f"})};
  setting.spec = integer("cadence", 1).range(1, 1000).is_animatable();
  script.retouching.push_back(std::move(setting));
  return script;
}

/// The frames up to `last` that are optimised.
std::vector<std::int64_t> optimised(const std::string& text, std::int64_t last) {
  const Script script = with_cadence(text);
  engine::Cadence cadence(script, last);
  std::vector<std::int64_t> frames;
  for (std::int64_t frame = 0; frame <= last; ++frame)
    if (cadence.begin(frame, {{"t", frame / 12.0}, {"f", double(frame)}})) frames.push_back(frame);
  return frames;
}

using Frames = std::vector<std::int64_t>;

const std::map<std::string, double> kNow = {{"t", 0}};  // of a number, nothing is looked up

TEST(Cadence, OptimisesEveryNthFrameAndTheLast) {
  EXPECT_FALSE(engine::has_cadence(with_cadence("1")));
  EXPECT_EQ(optimised("1", 3), (Frames{0, 1, 2, 3}));
  EXPECT_EQ(optimised("3", 7), (Frames{0, 3, 6, 7}));
  EXPECT_EQ(optimised("1 if f < 3 else 2.4", 8), (Frames{0, 1, 2, 3, 5, 7, 8}));
}

/// Everything moves by the same distance.
class Shift : public FlowEstimator {
 public:
  explicit Shift(float x) : x_(x) {}
  at::Tensor estimate(const at::Tensor& from, const at::Tensor&) override {
    at::Tensor flow = at::zeros({1, 2, from.size(2), from.size(3)});
    flow.select(1, 0).fill_(x_);
    return flow;
  }
  bool differentiable() const override { return false; }

 private:
  float x_;
};

TEST(Cadence, CarriesTheGainBackInProportionToTime) {
  const Script script = with_cadence("4");
  engine::Cadence cadence(script, 4);
  const at::Tensor start = at::full({1, 3, 4, 8}, 0.4f), done = start + 0.2f;
  cadence.begin(0, kNow);
  for (std::int64_t frame = 1; frame < 4; ++frame) {
    ASSERT_FALSE(cadence.begin(frame, kNow));
    cadence.keep(start);
  }
  EXPECT_TRUE(cadence.waits());
  ASSERT_TRUE(cadence.begin(4, kNow));
  cadence.begin_with(start);
  Shift still(0);
  const std::vector<at::Tensor> pictures = cadence.release(done, still, at::kCPU);
  ASSERT_EQ(pictures.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_LT(largest(pictures[i] - (0.4 + 0.2 * double(i + 1) / 4)), 1e-6) << i;
  EXPECT_FALSE(cadence.waits());
}

TEST(Cadence, CarriesItAlongTheMotion) {
  const Script script = with_cadence("2");
  engine::Cadence cadence(script, 2);
  // A ramp that moves to the right by two pixels, and then gains a spot.
  const at::Tensor ramp = at::arange(8, at::kFloat).view({1, 1, 1, 8}).expand({1, 3, 4, 8}) / 100;
  const at::Tensor before = ramp + 0.02f, start = ramp.contiguous();
  at::Tensor done = start.clone();
  done.select(3, 5).add_(0.5f);
  cadence.begin(0, kNow);
  cadence.begin(1, kNow);
  cadence.keep(before);
  cadence.begin(2, kNow);
  cadence.begin_with(start);
  Shift right(2);
  const at::Tensor made = cadence.release(done, right, at::kCPU).at(0);
  EXPECT_NEAR((made - before).select(3, 3).max().item<double>(), 0.25,
              1e-4);  // half of it, where the spot came from
  EXPECT_LT(largest((made - before).select(3, 5)), 1e-4);
}

TEST(Cadence, DoesNotCarryBackWhereTheMotionIsUnknown) {
  const Script script = with_cadence("2");
  engine::Cadence cadence(script, 2);
  cadence.begin(0, kNow);
  cadence.begin(1, kNow);
  cadence.keep(at::zeros({1, 3, 4, 4}));
  cadence.begin(2, kNow);
  cadence.begin_with(at::ones({1, 3, 4, 4}));  // nothing of it was to be seen before
  Shift still(0);
  EXPECT_LT(largest(cadence.release(at::full({1, 3, 4, 4}, 0.5f), still, at::kCPU).at(0)), 1e-3);
}

TEST(Cadence, WithoutANextFrameGivesWhatWaits) {
  const Script script = with_cadence("5");
  engine::Cadence cadence(script, 9);
  cadence.begin(0, kNow);
  cadence.begin(1, kNow);
  const at::Tensor picture = at::rand({1, 3, 2, 2});
  cadence.keep(picture);
  const auto pictures = cadence.release();
  ASSERT_EQ(pictures.size(), 1u);
  EXPECT_TRUE(at::equal(pictures[0], picture));
}

TEST(Cadence, GoesOnAfterARestart) {
  const Script script = with_cadence("3");
  engine::Cadence first(script, 20), second(script, 20);
  first.begin(0, kNow);
  second.load_state(first.state());
  Frames frames;
  for (std::int64_t frame = 1; frame < 8; ++frame)
    if (second.begin(frame, kNow)) frames.push_back(frame);
  EXPECT_EQ(frames, (Frames{3, 6}));
}

}  // namespace
}  // namespace reverie::test
