#include "reverie/loss.h"

#include "conformance/promise.h"
#include "conformance/stand_ins.h"
#include "conformance/tensors.h"
#include "fixtures/plugins_under_test.h"
#include "reverie/uses_perceptors.h"

namespace reverie::test {
namespace {

class LossConformance : public testing::TestWithParam<std::string> {
 protected:
  LossConformance() : host_(host_options()) {}

  const PluginFile& plugin() const { return plugins().find(Loss::kKind, GetParam()); }
  std::shared_ptr<Loss> loss(std::int64_t width = 64, std::int64_t height = 48) {
    // One that compares latents says so at its first evaluation; the image model here has none.
    auto made = create<Loss>(plugin(), host_, usual_params(plugin()), {{width, height}, 0});
    if (auto* part = extension_of<UsesPerceptors>(*made)) part->set_perceptors({{"colours", &perceptor_}});
    return made;
  }
  void SetUp() override {
    if (const std::string missing = missing_weights(plugin(), host_); !missing.empty())
      GTEST_SKIP() << "the weights '" << missing << "' are not installed";
  }
  /// A picture that can be differentiated, unlike any target here, and even in no way.
  static at::Tensor image(std::int64_t width = 64, std::int64_t height = 48) {
    return (smooth_picture(width, height) * 0.7 + random_picture(width, height, 1) * 0.2)
        .set_requires_grad(true);
  }
  static at::Tensor level_everywhere(std::int64_t channels, double level) {
    return at::full({1, channels, 48, 64}, level, at::TensorOptions(tested_device()));
  }
  /// A step after a move, with everything that a loss may ask for.
  Loss::Context context(const at::Tensor& picture) {
    Loss::Context result;
    result.step = 7;
    result.frame = 1;
    result.t = 0.5;
    result.image = picture;
    result.model = &model_;
    result.tools.depth = &depth_;
    result.tools.flow = &flow_;
    move_.image = smooth_picture(picture.size(3), picture.size(2));
    move_.flow =
        at::full({1, 2, picture.size(2), picture.size(3)}, 2.0, picture.options().requires_grad(false));
    result.move = &move_;
    result.before_move = at::zeros_like(move_.image);
    for (const ParamSpec& spec : std::span(plugin().descriptor->params, plugin().descriptor->param_count))
      if (spec.animatable && spec.type == reverie::ParamType::number)
        result.parameters[spec.name] = {spec.default_number};
    return result;
  }
  double value(Loss& loss, const at::Tensor& picture) {
    const at::Tensor value = loss.evaluate(context(picture));
    EXPECT_EQ(value.numel(), 1);
    EXPECT_EQ(value.scalar_type(), at::kFloat);
    EXPECT_TRUE(std::isfinite(value.item<double>()));
    return value.item<double>();
  }

  /// Its latent is the picture's.
  struct Model final : ImageModel {
    void randomise() override {}
    void encode(const at::Tensor&) override {}
    std::vector<at::Tensor> parameters() override { return {}; }
    double learning_rate() const override { return 1; }
    at::Tensor decode() override { return picture; }
    at::Tensor decode_final() override { return picture.detach(); }
    std::optional<at::Tensor> latent() override { return picture; }
    std::optional<at::Tensor> encode_latent(const at::Tensor& image) override { return image; }
    std::map<std::string, at::Tensor> state() const override { return {}; }
    void load_state(const std::map<std::string, at::Tensor>&) override {}
    at::Tensor picture;
  };
  /// Bright is far.
  struct Depth final : DepthEstimator {
    at::Tensor estimate(const at::Tensor& image) override { return image.mean(1, true); }
    bool differentiable() const override { return true; }
  };
  /// What becomes brighter moves.
  struct Flow final : FlowEstimator {
    at::Tensor estimate(const at::Tensor& from, const at::Tensor& to) override {
      return (to - from).narrow(1, 0, 2);
    }
    bool differentiable() const override { return true; }
  };

  engine::HostServices host_;
  ColoursOfQuarters perceptor_;
  Model model_;
  Depth depth_;
  Flow flow_;
  AnimationMode::Move move_;
};

TEST_P(LossConformance, IsAScalarWithAGradient) {
  promise("evaluate()", "a finite float32 scalar with a gradient");
  const auto it = loss();
  if (it->traits().target) it->set_target(smooth_picture(64, 48).flip(3));
  const at::Tensor picture = image();
  model_.picture = picture;
  // What has a limit may cost nothing on a pale picture: this one goes from black to white and red.
  at::Tensor strong = level_everywhere(3, 0);
  strong.narrow(3, 20, 20).fill_(0.9);
  strong.select(1, 0).narrow(2, 40, 24).fill_(0.9);
  const at::Tensor measured = it->evaluate(context(picture * 0.1 + strong));
  ASSERT_EQ(measured.numel(), 1);
  ASSERT_TRUE(measured.requires_grad());
  measured.backward();
  ASSERT_TRUE(picture.grad().defined());
  EXPECT_TRUE(picture.grad().isfinite().all().item<bool>());
  EXPECT_GT(picture.grad().abs().max().item<double>(), 0);
}

TEST_P(LossConformance, GradientIsFiniteOnEvenPictures) {
  promise("evaluate()", "a finite gradient, also on pictures of one colour");
  for (const double level : {0.0, 0.5, 1.0}) {
    const auto it = loss();
    if (it->traits().target) it->set_target(smooth_picture(64, 48));
    const at::Tensor picture = level_everywhere(3, level).set_requires_grad(true);
    model_.picture = picture;
    const at::Tensor measured = it->evaluate(context(picture));
    if (!measured.requires_grad()) continue;
    measured.backward();
    if (picture.grad().defined()) {
      EXPECT_TRUE(picture.grad().isfinite().all().item<bool>()) << level;
    }
  }
}

TEST_P(LossConformance, TakesTargetsAndMasksOfAnySize) {
  promise("set_target()", "targets and masks of any size");
  for (const auto& [width, height] : {std::pair{1, 1}, {7, 5}, {64, 48}, {150, 20}}) {
    const auto it = loss();
    model_.picture = image();
    if (it->traits().target) it->set_target(smooth_picture(width, height));
    value(*it, model_.picture);
    if (it->traits().mask) it->set_mask(random_picture(width, height, 2).narrow(1, 0, 1));
    value(*it, model_.picture);
  }
}

TEST_P(LossConformance, WorksOnPicturesOfAnySize) {
  promise("evaluate()", "pictures of any size from 1x1");
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 9}, {9, 1}, {33, 17}}) {
    const auto it = loss(width, height);
    model_.picture = image(width, height);
    if (it->traits().target) it->set_target(smooth_picture(width, height).flip(3));
    value(*it, model_.picture);
  }
}

TEST_P(LossConformance, WorksBeforeTheFirstMove) {
  promise("evaluate()", "works before the first move, where move is null and before_move undefined");
  const auto it = loss();
  model_.picture = image();
  if (it->traits().target) it->set_target(smooth_picture(64, 48));
  Loss::Context first = context(model_.picture);
  first.move = nullptr;
  first.before_move = at::Tensor();
  EXPECT_TRUE(std::isfinite(it->evaluate(first).item<double>()));
}

TEST_P(LossConformance, TargetAndMaskCanBeTakenAway) {
  promise("set_target()", "an undefined target or mask takes the last one away");
  const auto it = loss();
  const Loss::Traits traits = it->traits();
  if (!traits.target && !traits.mask) GTEST_SKIP() << "it has neither";
  model_.picture = image();
  const double unmasked = value(*it, model_.picture);
  if (traits.target) it->set_target(smooth_picture(64, 48).flip(3));
  const double with_target = value(*it, model_.picture);
  if (traits.mask) {
    it->set_mask(level_everywhere(1, 0));
    value(*it, model_.picture);
    it->set_mask(at::Tensor());
    EXPECT_EQ(value(*it, model_.picture), with_target);
  }
  if (!traits.target) return;
  it->set_target(at::Tensor());
  EXPECT_EQ(value(*it, model_.picture), unmasked);
}

TEST_P(LossConformance, AMaskOfOnesChangesNothingAndOneOfZerosLeavesNothing) {
  promise("set_mask()", "where the loss counts: 1 everywhere is like no mask, 0 everywhere leaves nothing");
  const auto it = loss();
  if (!it->traits().mask) GTEST_SKIP() << "it takes none";
  // Flows are compared with the one that is wanted; where nothing counts, nothing is left of that either.
  model_.picture = image();
  if (it->traits().target) it->set_target(smooth_picture(64, 48).flip(3));
  const double unmasked = value(*it, model_.picture);
  it->set_mask(level_everywhere(1, 1));
  EXPECT_NEAR(value(*it, model_.picture), unmasked, 1e-5 * std::abs(unmasked));
  it->set_mask(level_everywhere(1, 0));
  EXPECT_NEAR(value(*it, model_.picture), 0, 1e-7);
}

TEST_P(LossConformance, LeavesItsInputsAlone) {
  promise("evaluate()", "pictures and targets are only read");
  const auto it = loss();
  const at::Tensor target = smooth_picture(64, 48).flip(3), target_copy = target.clone();
  const at::Tensor picture = image(), picture_copy = picture.detach().clone();
  model_.picture = picture;
  if (it->traits().target) it->set_target(target);
  value(*it, picture);
  EXPECT_TRUE(at::equal(target, target_copy));
  EXPECT_TRUE(at::equal(picture, picture_copy));
}

TEST_P(LossConformance, KeepsCopiesOfTargetAndMask) {
  promise("set_target()", "copied: whoever gave it may change it later");
  const auto it = loss();
  model_.picture = image();
  at::Tensor target = smooth_picture(64, 48).flip(3), mask = level_everywhere(1, 0.5);
  if (it->traits().target) it->set_target(target);
  if (it->traits().mask) it->set_mask(mask);
  const double before = value(*it, model_.picture);
  target.zero_();
  mask.zero_();
  EXPECT_EQ(value(*it, model_.picture), before);
}

TEST_P(LossConformance, StateContinuesExactly) {
  promise("state()", "what must be the same for an exact restart");
  const auto it = loss(), other = loss();
  model_.picture = image();
  for (Loss* each : {it.get(), other.get()})
    if (each->traits().target) each->set_target(smooth_picture(64, 48).flip(3));
  value(*it, model_.picture);
  std::map<std::string, at::Tensor> state;
  for (const auto& [name, tensor] : it->state()) state[name] = tensor.clone();
  other->load_state(state);
  EXPECT_EQ(value(*other, model_.picture), value(*it, model_.picture));
}

TEST_P(LossConformance, ParametersLeaveTheHostsOwnKeysFree) {
  promise("its parameters", "none is called name, weight, stop, mask or target");
  for (const ParamSpec& spec : std::span(plugin().descriptor->params, plugin().descriptor->param_count))
    for (const char* key : {"name", "weight", "stop", "mask", "target"}) EXPECT_STRNE(spec.name, key);
}

INSTANTIATE_TEST_SUITE_P(All, LossConformance, testing::ValuesIn(names_of(Loss::kKind)), name_as_is);

}  // namespace
}  // namespace reverie::test
