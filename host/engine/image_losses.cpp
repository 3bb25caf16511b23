#include "engine/image_losses.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "losses/weighted.h"
#include "plugins/registry.h"
#include "reverie/mask.h"
#include "reverie/uses_perceptors.h"

namespace reverie::engine {

using media::Footage;
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

/// Before the names of a loss's state. A run that goes on with other losses must not mix them up.
std::string prefix_of(std::size_t index, const LossTerm& term) {
  return std::to_string(index) + "." + term.plugin->name + ".";
}

/// What a loss says of the run gets the setting that it comes from.
at::Tensor evaluate_as(const LossTerm& term, Loss& loss, const Loss::Context& context) {
  try {
    return loss.evaluate(context);
  } catch (const PluginFault&) {
    throw;
  } catch (const Error& error) {
    throw Error(error.kind(), term.whose() + ": " + error.what(), error.advice());
  }
}

}  // namespace

void give_perceptors(Loss& loss, const std::vector<Member<Perceptor>>& perceptors) {
  auto* part = extension_of<UsesPerceptors>(loss);
  if (!part) return;
  std::vector<UsesPerceptors::Named> named;
  for (const auto& [name, perceptor] : perceptors) {
    const std::string separator = " with ";  // "kind/plugin with weights"
    const std::size_t at = name.find(separator);
    named.push_back({at == std::string::npos ? name : name.substr(at + separator.size()), perceptor.get()});
  }
  part->set_perceptors(named);
}

ImageLosses::ImageLosses(const std::vector<LossTerm>& terms, ImageModel& model,
                         std::function<ImageSize()> size, Make make, c10::Device device,
                         const std::function<Footage(const std::string&)>& open,
                         const AnimationMode::Tools& tools)
    : model_(model), measure_(std::move(size)), make_(std::move(make)), device_(device), tools_(tools) {
  for (const LossTerm& term : terms) {
    Active active;
    active.term = &term;
    // A picture that cannot be decoded is reported now, also with weight 0.
    if (term.target == LossTerm::Target::picture) active.target.emplace(open(term.picture)).seek(0);
    if (!term.mask.empty()) active.mask.emplace(open(term.mask)).seek(0);
    active_.push_back(std::move(active));
  }
}

ImageSize ImageLosses::size() {
  if (!size_) size_ = measure_();
  return *size_;
}

Loss& ImageLosses::instance(Active& active) {
  if (active.loss) return *active.loss;
  active.loss = make_(*active.term, {size(), model_.latent_strength()});
  const Loss::Traits traits = active.loss->traits();
  const auto need = [&](bool there, const char* what, const char* setting) {
    if (!there)
      throw Error(ErrorKind::settings, "'" + active.term->setting + "' needs a " + what + " with gradients",
                  std::string("name another one in ") + setting);
  };
  if (traits.depth) need(tools_.depth && tools_.depth->differentiable(), "depth estimator", "depth_model");
  if (traits.flow) need(tools_.flow && tools_.flow->differentiable(), "flow estimator", "flow_model");
  return *active.loss;
}

bool ImageLosses::counts(const Active& active) const {
  switch (active.term->when) {
    case When::before_moves:
      return !moved_;
    case When::after_moves:
      return moved_ || (started_ && active.term->target == LossTerm::Target::last_frame);
    default:
      return true;
  }
}

void ImageLosses::start_from(const at::Tensor& picture) {
  started_ = true;
  start_ = picture;
  for (Active& active : active_)
    if (active.term->target == LossTerm::Target::last_frame) instance(active).set_target(picture);
}

void ImageLosses::resized() {
  size_.reset();
  for (Active& active : active_) {
    active.loss.reset();
    active.targeted = active.masked = -1;
  }
  if (started_) start_from(start_);
}

void ImageLosses::stabilise(const at::Tensor& before, const AnimationMode::Move& move) {
  moved_ = true;
  move_ = move;
  before_move_ = before;
  for (Active& active : active_)
    if (active.term->target == LossTerm::Target::last_frame) instance(active).set_target(move.image);
}

void ImageLosses::begin_step(const FrameContext& now, const std::map<std::string, double>& values,
                             std::int64_t video_frame) {
  now_ = now;
  for (Active& active : active_) {
    const LossTerm& term = *active.term;
    active.weight = 0;
    if (!counts(active)) continue;
    active.weight =
        reverie::evaluate(term.weight, values, {term.whose(), "weight", "0", true}, warnings_).value_or(0);
    if (active.weight == 0) continue;
    active.stop =
        reverie::evaluate(term.stop, values, {term.whose(), "stop", "none"}, warnings_).value_or(kNever);
    if (std::isinf(active.stop) && active.stop > 0) active.weight = 0;  // held at any loss
    if (active.weight == 0) continue;
    for (const MotionSetting& setting : term.varying)
      active.parameters[setting.name] = numbers_of(setting, values, warnings_);
    if (active.target)
      if (const std::int64_t frame = active.target->seek(video_frame); frame != active.targeted) {
        instance(active).set_target(active.target->image().to(device_));
        active.targeted = frame;
      }
    show_mask(active, video_frame);
  }
}

void ImageLosses::show_mask(Active& active, std::int64_t video_frame) {
  if (!active.mask) return;
  const std::int64_t frame = active.mask->seek(video_frame);
  if (frame == active.masked) return;
  instance(active).set_mask(active.mask->mask(active.term->inverted).to(device_));
  active.masked = frame;
}

std::optional<at::Tensor> ImageLosses::flow_mask(std::int64_t video_frame) {
  for (Active& active : active_) {
    if (active.term->setting != kFlowStabilisation || !active.mask) continue;
    active.mask->seek(video_frame);
    const at::Tensor mask = active.mask->mask(active.term->inverted).to(device_);
    return resize_mask(mask, size().height, size().width);
  }
  return std::nullopt;
}

std::map<std::string, at::Tensor> ImageLosses::state() const {
  std::map<std::string, at::Tensor> result;
  for (std::size_t i = 0; i < active_.size(); ++i)
    if (active_[i].loss)
      for (const auto& [name, tensor] : active_[i].loss->state())
        result[prefix_of(i, *active_[i].term) + name] = tensor;
  return result;
}

void ImageLosses::load_state(const std::map<std::string, at::Tensor>& state) {
  for (std::size_t i = 0; i < active_.size(); ++i) {
    const std::string prefix = prefix_of(i, *active_[i].term);
    std::map<std::string, at::Tensor> own;
    for (const auto& [name, tensor] : state)
      if (name.rfind(prefix, 0) == 0) own[name.substr(prefix.size())] = tensor.to(device_);
    if (!own.empty()) instance(active_[i]).load_state(own);
  }
}

ImageLosses::Result ImageLosses::evaluate(const at::Tensor& image, const at::Tensor& turned) {
  Result result;
  if (!size_) size_ = ImageSize{image.size(3), image.size(2)};
  Loss::Context context;
  static_cast<FrameContext&>(context) = now_;
  context.model = &model_;
  context.tools = tools_;
  if (moved_) context.move = &move_;
  context.before_move = before_move_;
  for (Active& active : active_) {
    const LossTerm& term = *active.term;
    if (active.weight == 0) continue;
    context.image = term.setting == kSmoothing ? turned : image;
    context.parameters = active.parameters;
    bool held = false;
    // Where there is no stop, nobody waits for the value.
    const at::Tensor loss = weighted(evaluate_as(term, instance(active), context), active.weight, active.stop,
                                     active.stop == kNever ? nullptr : &held);
    result.losses.push_back({term.name, loss.item<double>(), term.of_picture});
    if (term.holds_scene || active.stop != kNever) result.stopped = result.stopped && held;
    if (loss.requires_grad()) loss.backward();
  }
  return result;
}

}  // namespace reverie::engine
