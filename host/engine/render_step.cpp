// One optimisation step: the values that vary, the losses, their gradients, and the optimiser.

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/render.h"
#include "log/printable.h"
#include "reverie/varying_parameters.h"

namespace reverie::engine {

using log::shown_line;
namespace {

/// The same values, with a gradient of their own.
at::Tensor leaf(const at::Tensor& tensor) {
  at::Tensor result = tensor.detach().set_requires_grad(true);
  result.mutable_grad() = at::zeros_like(result);
  return result;
}

}  // namespace

/// The learning rate of the present step: it falls along half a cosine over each scene.
double Render::rate_now() {
  const double done = static_cast<double>(position_.step) / static_cast<double>(steps_per_scene_);
  const double rate =
      script_.learning_rate ? numbers_of(*script_.learning_rate, values_, warnings_)[0] : learning_rate_;
  return rate * (1 - learning_rate_decay_ * (1 - std::cos(std::numbers::pi * done)) / 2);
}

/// As many as can be split into equal batches.
std::int64_t Render::cutouts_now() {
  if (!script_.cutouts) return cutouts_.cutouts;
  const double wanted = numbers_of(*script_.cutouts, values_, warnings_)[0];
  const std::int64_t batches = cutouts_.groups > 0 ? 1 : cutouts_.batches;
  return batches * std::max<std::int64_t>(1, std::llround(wanted / static_cast<double>(batches)));
}

/// Sets the parameters of the image model and the cutout method to their values at this step, where they
/// vary.
void Render::set_parameters(std::int64_t frame) {
  const auto tell = [&](auto& member, const std::vector<MotionSetting>& settings) {
    if (std::all_of(settings.begin(), settings.end(),
                    [](const MotionSetting& setting) { return setting.expression.is_constant(); }) &&
        !(changes_ && changes_->any() && extension_of<VaryingParameters>(*member.instance)))
      return;
    FrameContext now;
    now.step = result_.moment.steps;
    now.frame = frame;
    now.audio = frame == frame_ ? heard_ : sound_at(sound_, timeline_, frame);
    const std::map<std::string, double> values = values_at(now.step, now.audio);
    now.t = values.at("t");
    for (const MotionSetting& setting : settings)
      now.parameters[setting.name] = numbers_of(setting, values, warnings_);
    call_plugin(member.name, result_.moment, [&] {
      auto* varying = extension_of<VaryingParameters>(*member.instance);
      if (!varying)
        throw Error(ErrorKind::plugin, "it declares parameters that vary, and has no VaryingParameters");
      varying->set_parameters(now);
    });
  };
  tell(ensemble_.model, script_.model);
  tell(ensemble_.cutouts, script_.cutting);
}

void Render::begin_step() {
  const MemoryScope memory(kLossMemory);
  values_ = values_at(result_.moment.steps, heard_);
  prompt_losses_.begin_step(values_, cutouts_now(), frame_ * timeline_.stride);
  FrameContext now;
  now.step = result_.moment.steps;
  now.frame = frame_;
  now.t = values_["t"];
  now.audio = heard_;
  image_losses_.begin_step(now, values_, frame_ * timeline_.stride);
}

/// A picture that joins itself has no edge, so that its seam may be anywhere: in each step it is somewhere
/// else, and whatever looks at the picture finds the seams of the other steps in the middle of it.
PromptLosses::Turn Render::draw_turn(const at::Tensor& image) {
  const auto drawn = [&](std::int64_t side) {
    return at::randint(side, {}, host_.cpu_generator(), at::kLong).item<std::int64_t>();
  };
  PromptLosses::Turn turn;
  if (tiling_.x) turn.x = drawn(image.size(3));
  if (tiling_.y) turn.y = drawn(image.size(2));
  return turn;
}

Render::StepReport Render::step(const std::vector<PromptLosses::Active>& prompts) {
  const auto& [name, instance] = ensemble_.model;
  ImageModel& model = *instance;
  const MemoryScope memory(kLossMemory);
  for (const at::Tensor& parameter : parameters_) parameter.mutable_grad() = at::Tensor();
  StepReport report;
  const auto call = [&](auto&& work) { return call_plugin(name, result_.moment, work); };
  const at::Tensor decoded = call([&] { return model.decode(); });
  const at::Tensor image = leaf(decoded);

  // What perceptors see: the picture itself, or that over a background; either turned around if it joins
  // itself. Each is the leaf of a graph of its own, so that plugins' graphs do not meet.
  const PromptLosses::Turn turn = draw_turn(image);
  const at::Tensor composed =
      opacity_.is_on() ? opacity_.over_background(image, host_.cpu_generator()) : at::Tensor();
  const at::Tensor seen = composed.defined() ? leaf(composed) : image;
  const auto turned = [&](const at::Tensor& picture) {
    return tiling_ ? leaf(picture.roll({turn.y, turn.x}, {2, 3})) : picture;
  };
  const auto turn_back = [&](const at::Tensor& from, const at::Tensor& to) {
    if (tiling_) to.mutable_grad().add_(from.grad().roll({-turn.y, -turn.x}, {2, 3}));
  };
  const at::Tensor looked_at = turned(seen), even = composed.defined() ? turned(image) : looked_at;
  const PromptLosses::Result from_prompts = prompt_losses_.evaluate(looked_at, prompts, turn);
  double total = 0;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    report.losses.push_back({prompt_losses_.prompt(prompts[i].prompt).text, from_prompts.losses[i],
                             RunUpdate::Loss::Kind::prompt, prompts[i].share});
    total += from_prompts.losses[i] * prompts[i].share;
  }
  const auto add = [&](const std::string& what, double value,
                       RunUpdate::Loss::Kind kind = RunUpdate::Loss::Kind::other) {
    report.losses.push_back({what, value, kind});
    total += value;
  };
  const ImageLosses::Result others = image_losses_.evaluate(image, even);
  turn_back(looked_at, seen);
  if (composed.defined()) {
    turn_back(even, image);
    composed.backward(seen.grad());
    const at::Tensor opaque = opacity_.loss();
    add("alpha", opaque.item<double>());
    opaque.backward();
  }
  for (const auto& [what, value, of_picture] : others.losses)
    add(what, value, of_picture ? RunUpdate::Loss::Kind::picture : RunUpdate::Loss::Kind::other);
  report.all_stopped = from_prompts.stopped && others.stopped;
  for (const Regulariser& regulariser : call([&] { return model.regularisers(); })) {
    add(regulariser.name, regulariser.value.item<double>());
    if (regulariser.value.requires_grad()) call([&] { regulariser.value.backward(); });
  }
  for (RunUpdate::Loss& loss : report.losses) loss.name = shown_line(loss.name);
  if (!std::isfinite(total))
    throw Error(ErrorKind::model,
                "the loss is no longer a finite number at step " + std::to_string(result_.moment.steps + 1),
                "lower learning_rate or the prompts' weights");
  call([&] { decoded.backward(image.grad()); });
  {
    const MemoryScope optimising(kOptimiserMemory);
    optimiser_->step(rate_now());
  }
  call([&] { model.after_step(); });
  return report;
}

}  // namespace reverie::engine
