// Animation modes and the estimators that they use.

#include <ATen/ATen.h>

#include "base/texts.h"
#include "plugins/checked.h"
#include "reverie/animation_mode.h"

namespace reverie {
namespace {

ImageSize size_of(const at::Tensor& image) { return {image.size(3), image.size(2)}; }

class CheckedDepth final : public DepthEstimator {
 public:
  CheckedDepth(std::shared_ptr<DepthEstimator> estimator, Boundary boundary)
      : boundary_(std::move(boundary)), estimator_(std::move(estimator)) {}

  at::Tensor estimate(const at::Tensor& image) override {
    boundary_.check_argument("estimate()", image, Boundary::image());
    at::Tensor depth = boundary_.call("estimate()", [&] { return estimator_->estimate(image); });
    boundary_.check("estimate()", depth, Boundary::map(1, size_of(image)));
    boundary_.check_gradient("estimate()", depth, image.requires_grad() && differentiable());
    return depth;
  }
  bool differentiable() const override {
    return boundary_.call("differentiable()", [&] { return estimator_->differentiable(); });
  }
  Range range() const override {
    const Range range = boundary_.call("range()", [&] { return estimator_->range(); });
    boundary_.check_number("range()", range.nearest, "nearest");
    boundary_.check_number("range()", range.farthest, "farthest");
    if (range.nearest >= range.farthest)
      boundary_.broken("range()",
                       std::to_string(range.nearest) + " as nearest and " + std::to_string(range.farthest) +
                           " as farthest",
                       "a farthest value above the nearest");
    return range;
  }

  void* extension(std::string_view id) override {
    return boundary_.call("extension()", [&] { return estimator_->extension(id); });
  }

 private:
  Boundary boundary_;
  std::shared_ptr<DepthEstimator> estimator_;
};

class CheckedFlow final : public FlowEstimator {
 public:
  CheckedFlow(std::shared_ptr<FlowEstimator> estimator, Boundary boundary)
      : boundary_(std::move(boundary)), estimator_(std::move(estimator)) {}

  at::Tensor estimate(const at::Tensor& from, const at::Tensor& to) override {
    check_pictures("estimate()", from, to);
    at::Tensor flow = boundary_.call("estimate()", [&] { return estimator_->estimate(from, to); });
    check_flow("estimate()", flow, from, to);
    return flow;
  }
  std::pair<at::Tensor, at::Tensor> estimate_both(const at::Tensor& from, const at::Tensor& to) override {
    check_pictures("estimate_both()", from, to);
    auto flows = boundary_.call("estimate_both()", [&] { return estimator_->estimate_both(from, to); });
    check_flow("estimate_both()", flows.first, from, to);
    check_flow("estimate_both()", flows.second, from, to);
    return flows;
  }
  bool differentiable() const override {
    return boundary_.call("differentiable()", [&] { return estimator_->differentiable(); });
  }

  void* extension(std::string_view id) override {
    return boundary_.call("extension()", [&] { return estimator_->extension(id); });
  }

 private:
  void check_pictures(const char* method, const at::Tensor& from, const at::Tensor& to) const {
    boundary_.check_argument(method, from, Boundary::image());
    boundary_.check_argument(method, to, Boundary::image(size_of(from)));
  }
  void check_flow(const char* method, const at::Tensor& flow, const at::Tensor& from,
                  const at::Tensor& to) const {
    boundary_.check(method, flow, Boundary::map(2, size_of(from)));
    boundary_.check_gradient(method, flow, (from.requires_grad() || to.requires_grad()) && differentiable());
  }

  Boundary boundary_;
  std::shared_ptr<FlowEstimator> estimator_;
};

class CheckedAnimation final : public AnimationMode {
 public:
  CheckedAnimation(std::shared_ptr<AnimationMode> mode, Boundary boundary, ImageSize size)
      : boundary_(std::move(boundary)), mode_(std::move(mode)), size_(size) {}

  Needs needs() const override {
    return boundary_.call("needs()", [&] { return mode_->needs(); });
  }

  std::optional<at::Tensor> first_image(const Tools& tools) override {
    auto image = boundary_.call("first_image()", [&] { return mode_->first_image(tools); });
    if (image) boundary_.check("first_image()", *image, Boundary::image());
    return image;
  }

  std::map<std::string, double> variables(ImageModel& model, const Tools& tools) override {
    constexpr const char* kMethod = "variables()";
    auto values = boundary_.call(kMethod, [&] { return mode_->variables(model, tools); });
    for (const auto& [name, value] : values) boundary_.check_number(kMethod, value, name.c_str());
    for (const ParamSpec& spec : boundary_.params())
      for (const std::string& name : filled_parts(spec.variables, "|"))
        if (!values.count(name))
          boundary_.broken(kMethod, "no value of the variable '" + name + "'",
                           std::string("values of all that is_animatable() names; '") + spec.name +
                               "' names '" + spec.variables + "'");
    return values;
  }

  Move advance(const FrameContext& context, ImageModel& model, const Tools& tools) override {
    constexpr const char* kMethod = "advance()";
    Move move = boundary_.call(kMethod, [&] { return mode_->advance(context, model, tools); });
    if (move.finished) return move;
    boundary_.check(kMethod, move.image, Boundary::image(size_), "image");
    if (move.flow) boundary_.check(kMethod, *move.flow, Boundary::map(2, size_), "flow");
    if (move.expected) boundary_.check(kMethod, *move.expected, Boundary::image(size_), "expected");
    if (move.reliable) boundary_.check(kMethod, *move.reliable, Boundary::map(1, size_), "reliable");
    return move;
  }

  std::map<std::string, at::Tensor> state() const override {
    auto result = boundary_.call("state()", [&] { return mode_->state(); });
    boundary_.check_state("state()", result);
    return result;
  }
  void load_state(const std::map<std::string, at::Tensor>& state) override {
    boundary_.call("load_state()", [&] { mode_->load_state(state); });
  }

  void* extension(std::string_view id) override {
    return boundary_.call("extension()", [&] { return mode_->extension(id); });
  }

 private:
  Boundary boundary_;
  std::shared_ptr<AnimationMode> mode_;
  ImageSize size_;
};

}  // namespace

std::shared_ptr<DepthEstimator> checked(std::shared_ptr<DepthEstimator> estimator, Boundary boundary,
                                        const void*) {
  return std::make_shared<CheckedDepth>(std::move(estimator), boundary.with_header("depth_estimator.h"));
}

std::shared_ptr<FlowEstimator> checked(std::shared_ptr<FlowEstimator> estimator, Boundary boundary,
                                       const void*) {
  return std::make_shared<CheckedFlow>(std::move(estimator), boundary.with_header("flow_estimator.h"));
}

std::shared_ptr<AnimationMode> checked(std::shared_ptr<AnimationMode> mode, Boundary boundary,
                                       const void* setup) {
  return std::make_shared<CheckedAnimation>(std::move(mode), boundary.with_header("animation_mode.h"),
                                            static_cast<const AnimationMode::Setup*>(setup)->size);
}

}  // namespace reverie
