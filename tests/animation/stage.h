#pragma once
// An animation mode as the host runs it: the real plugin, with settings, over a real image model.

#include "conformance/tensors.h"
#include "fixtures/plugins_under_test.h"
#include "support/numbers.h"

namespace reverie::test {

using MotionValues = std::map<std::string, std::vector<double>>;

class Stage {
 public:
  /// `settings` are those that are fixed, as a settings file spells them.
  Stage(const std::string& mode, ImageSize size, const std::map<std::string, std::string>& settings = {})
      : host_(host_options()), plugin_(plugins().find(AnimationMode::kKind, mode)), size_(size) {
    Settings params = default_params(plugin_);
    for (const auto& [name, text] : settings) {
      SettingValue value = *params.find(name);
      const std::string problem = convert(value.spec, RawValue::scalar(text, false), value);
      if (!problem.empty()) throw std::invalid_argument(name + ": " + problem);
      params.set(name, value);
    }
    mode_ = create<AnimationMode>(plugin_, host_, params, {size, 12});
  }

  Host& host() { return host_; }
  AnimationMode& mode() { return *mode_; }

  /// An image model that shows `picture`; without `settings`, Unlimited Palette, whose canvas is the picture.
  std::shared_ptr<ImageModel> model(const at::Tensor& picture, const std::string& name = "unlimited_palette",
                                    const std::map<std::string, double>& settings = {}) {
    const PluginFile& plugin = plugins().find(ImageModel::kKind, name);
    Settings params = default_params(plugin);
    for (const auto& [setting, value] : settings) set(params, setting, value);
    auto made = create<ImageModel>(plugin, host_, params, {picture.size(3), picture.size(2)});
    made->encode(picture);
    return made;
  }

  /// The settings that vary at their defaults, but for those in `values`.
  FrameContext context(const MotionValues& values) const {
    FrameContext result;
    for (const ParamSpec& spec : std::span(plugin_.descriptor->params, plugin_.descriptor->param_count))
      if (spec.animatable) result.parameters[spec.name] = {spec.default_number};
    if (result.parameters.count("rotate_3d")) result.parameters["rotate_3d"] = {1, 0, 0, 0};
    for (const auto& [name, numbers] : values) result.parameters.at(name) = numbers;
    return result;
  }

  AnimationMode::Move move(ImageModel& model, const MotionValues& values, DepthEstimator* depth = nullptr) {
    return mode_->advance(context(values), model, {depth, nullptr, nullptr});
  }

  /// What becomes of `picture` as the canvas of an Unlimited Palette.
  at::Tensor moved(const at::Tensor& picture, const MotionValues& values, DepthEstimator* depth = nullptr) {
    const auto canvas = model(picture);
    move(*canvas, values, depth);
    return *canvas->canvas();
  }

 private:
  engine::HostServices host_;
  const PluginFile& plugin_;
  ImageSize size_;
  std::shared_ptr<AnimationMode> mode_;
};

}  // namespace reverie::test
