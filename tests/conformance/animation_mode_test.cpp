#include "reverie/animation_mode.h"

#include <sstream>

#include "conformance/promise.h"
#include "conformance/stand_ins.h"
#include "conformance/tensors.h"
#include "fixtures/plugins_under_test.h"

namespace reverie::test {
namespace {

/// Animation modes over image models with a canvas and without.
class WithoutCanvas final : public ImageModel {
 public:
  explicit WithoutCanvas(std::shared_ptr<ImageModel> model) : model_(std::move(model)) {}
  void randomise() override { model_->randomise(); }
  void encode(const at::Tensor& image) override { model_->encode(image); }
  std::vector<at::Tensor> parameters() override { return model_->parameters(); }
  double learning_rate() const override { return model_->learning_rate(); }
  at::Tensor decode() override { return model_->decode(); }
  at::Tensor decode_final() override { return model_->decode_final(); }
  std::map<std::string, at::Tensor> state() const override { return model_->state(); }
  void load_state(const std::map<std::string, at::Tensor>& state) override { model_->load_state(state); }

 private:
  std::shared_ptr<ImageModel> model_;
};

class AnimationModeConformance : public testing::TestWithParam<std::string> {
 protected:
  AnimationModeConformance() : host_(host_options()) {}

  const PluginFile& plugin() const { return plugins().find(AnimationMode::kKind, GetParam()); }

  std::shared_ptr<ImageModel> model(std::int64_t width, std::int64_t height, bool canvas = true) {
    const PluginFile& palette = plugins().find(ImageModel::kKind, "unlimited_palette");
    auto made = create<ImageModel>(palette, host_, usual_params(palette), {width, height});
    made->encode(smooth_picture(width, height));
    if (canvas) return made;
    return std::make_shared<WithoutCanvas>(made);
  }

  /// A mode and what its needs() ask for.
  struct Stage {
    std::shared_ptr<AnimationMode> mode;
    std::shared_ptr<DepthEstimator> depth;
    std::shared_ptr<FlowEstimator> flow;
    std::shared_ptr<FrameSource> video;
    AnimationMode::Tools tools() const { return {depth.get(), flow.get(), video.get()}; }
  };
  Stage stage(std::int64_t width, std::int64_t height) {
    Stage result;
    result.mode = create<AnimationMode>(plugin(), host_, usual_params(plugin()), {{width, height}, 12});
    const AnimationMode::Needs needs = result.mode->needs();
    if (needs.depth) result.depth = std::make_shared<PlaneDepth>();
    if (needs.flow) result.flow = std::make_shared<NoFlow>();
    if (needs.video) result.video = std::make_shared<OrangeVideo>();
    return result;
  }

  std::span<const ParamSpec> params() const {
    return {plugin().descriptor->params, plugin().descriptor->param_count};
  }

  /// Moving settings at their defaults.
  FrameContext context(std::int64_t frame) const {
    FrameContext result;
    result.frame = frame;
    result.step = 50 * (frame + 1);
    result.t = static_cast<double>(frame) / 12;
    for (const ParamSpec& spec : params()) {
      if (!spec.animatable) continue;
      std::vector<double>& values = result.parameters[spec.name];
      if (spec.type == reverie::ParamType::number) values.push_back(spec.default_number);
      for (const std::string& item :
           pieces(spec.type == reverie::ParamType::list ? spec.default_text : "", ','))
        values.push_back(std::stod(item));
    }
    return result;
  }

  static std::vector<std::string> pieces(const std::string& text, char separator) {
    std::vector<std::string> result;
    std::istringstream stream(text);
    for (std::string piece; std::getline(stream, piece, separator);) result.push_back(piece);
    return result;
  }

  engine::HostServices host_;
};

TEST_P(AnimationModeConformance, MovesThePicture) {
  promise("advance()",
          "moves the model, without gradient; image [1, 3, H, W], flow [1, 2, H, W], reliable [1, 1, "
          "H, W]");
  for (const bool canvas : {true, false}) {
    for (const auto& [width, height] : {std::pair{64, 48}, {33, 17}, {1, 1}}) {
      SCOPED_TRACE(std::to_string(width) + "x" + std::to_string(height) + (canvas ? "" : ", without canvas"));
      const auto picture = model(width, height, canvas);
      const Stage all = stage(width, height);
      const std::vector<at::Tensor> parameters = picture->parameters();
      for (int frame = 0; frame < 3; ++frame) {
        FrameContext moment = context(frame);
        if (frame == 1) moment.may_move = smooth_picture(width, height).narrow(1, 0, 1);
        const AnimationMode::Move move = all.mode->advance(moment, *picture, all.tools());
        EXPECT_TRUE(is_plane(move.image, {1, 3, height, width}, 0, 1));
        EXPECT_FALSE(move.image.requires_grad());
        if (move.flow) {
          EXPECT_TRUE(is_plane(*move.flow, {1, 2, height, width}, -kUnbounded, kUnbounded));
          EXPECT_FALSE(move.flow->requires_grad());
        }
        if (move.reliable) {
          EXPECT_TRUE(is_plane(*move.reliable, {1, 1, height, width}, 0, 1));
        }
        if (move.finished) break;
      }
      EXPECT_TRUE(is_plane(picture->decode(), {1, 3, height, width}, 0, 1));
      EXPECT_TRUE(picture->decode().requires_grad()) << "what was moved can be optimised further";
      for (std::size_t i = 0; i < parameters.size(); ++i) {
        EXPECT_TRUE(picture->parameters()[i].is_same(parameters[i]));
        EXPECT_FALSE(parameters[i].grad().defined()) << "moving computes no gradients";
      }
    }
  }
}

TEST_P(AnimationModeConformance, HasAValueForEveryVariableThatItDeclares) {
  promise("variables()", "a finite value for each variable of is_animatable(), and nothing moves");
  const Stage all = stage(64, 48);
  const auto picture = model(64, 48);
  const at::Tensor before = picture->decode_final();
  const std::map<std::string, double> variables = all.mode->variables(*picture, all.tools());
  for (const auto& [name, value] : variables) EXPECT_TRUE(std::isfinite(value)) << name;
  for (const ParamSpec& spec : params())
    for (const std::string& name : pieces(spec.variables, '|'))
      EXPECT_TRUE(variables.count(name)) << spec.name << " may use " << name;
  EXPECT_TRUE(at::equal(picture->decode_final(), before)) << "asking moves nothing";
}

TEST_P(AnimationModeConformance, MovesTheSameWhetherAskedForVariablesOrNot) {
  promise("variables()", "advance() moves the same, whether it was called before or not");
  const Stage asked = stage(64, 48), unasked = stage(64, 48);
  const auto one = model(64, 48), other = model(64, 48);
  for (int frame = 0; frame < 2; ++frame) {
    asked.mode->variables(*one, asked.tools());
    const AnimationMode::Move moved = asked.mode->advance(context(frame), *one, asked.tools());
    const AnimationMode::Move same = unasked.mode->advance(context(frame), *other, unasked.tools());
    EXPECT_TRUE(at::equal(moved.image, same.image)) << "frame " << frame;
  }
}

TEST_P(AnimationModeConformance, FirstImageIsAPicture) {
  promise("first_image()", "a picture [1, 3, H, W] 0..1, or nothing");
  const Stage all = stage(64, 48);
  const auto image = all.mode->first_image(all.tools());
  EXPECT_TRUE(!image || is_picture(*image));
}

TEST_P(AnimationModeConformance, NeedsStayTheSame) {
  promise("needs()", "asked once, after construction: it must not change");
  const Stage all = stage(64, 48);
  const AnimationMode::Needs before = all.mode->needs();
  const auto picture = model(64, 48);
  all.mode->advance(context(0), *picture, all.tools());
  const AnimationMode::Needs after = all.mode->needs();
  EXPECT_EQ(before.depth, after.depth);
  EXPECT_EQ(before.flow, after.flow);
  EXPECT_EQ(before.video, after.video);
}

TEST_P(AnimationModeConformance, StateContinuesExactly) {
  promise("state()", "what must be kept to continue exactly");
  const Stage first = stage(64, 48), second = stage(64, 48);
  const auto picture = model(64, 48), other = model(64, 48);
  for (int frame = 0; frame < 2; ++frame) first.mode->advance(context(frame), *picture, first.tools());
  second.mode->load_state(first.mode->state());
  other->load_state(picture->state());
  for (int frame = 2; frame < 4; ++frame) {
    const AnimationMode::Move one = first.mode->advance(context(frame), *picture, first.tools());
    const AnimationMode::Move two = second.mode->advance(context(frame), *other, second.tools());
    EXPECT_TRUE(at::equal(one.image, two.image)) << "frame " << frame;
    EXPECT_EQ(one.finished, two.finished);
  }
  EXPECT_TRUE(at::equal(picture->decode_final(), other->decode_final()));
}

INSTANTIATE_TEST_SUITE_P(All, AnimationModeConformance, testing::ValuesIn(names_of(AnimationMode::kKind)),
                         name_as_is);

}  // namespace
}  // namespace reverie::test
