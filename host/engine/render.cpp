#include "engine/render.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <numbers>

#include "engine/retouched_model.h"
#include "log/printable.h"
#include "reverie/resized_gradients.h"
#include "reverie/varying_parameters.h"
#include "reverie/vector_drawing.h"

namespace reverie::engine {

using audio::Soundtrack;
using log::shown_line;
using media::Footage;
namespace {

ImageSize size_of(ImageModel& model) {
  const at::NoGradGuard no_grad;
  const at::Tensor image = model.decode();
  return {image.size(3), image.size(2)};
}

/// Puts copies of a part's tensors among a backup's, and takes them out again.
void put(Backup& backup, const std::string& part, const std::map<std::string, at::Tensor>& tensors) {
  for (const auto& [name, tensor] : tensors)
    backup.tensors[part + "." + name] = tensor.detach().cpu().clone();
}
std::map<std::string, at::Tensor> take(const Backup& backup, const std::string& part) {
  std::map<std::string, at::Tensor> result;
  const std::string prefix = part + ".";
  for (const auto& [name, tensor] : backup.tensors)
    if (name.rfind(prefix, 0) == 0) result[name.substr(prefix.size())] = tensor;
  return result;
}

/// The same values, with a gradient of their own.
at::Tensor leaf(const at::Tensor& tensor) {
  at::Tensor result = tensor.detach().set_requires_grad(true);
  result.mutable_grad() = at::zeros_like(result);
  return result;
}

/// What a move may leave besides its picture, by name.
std::map<std::string, std::optional<at::Tensor>*> parts_of(AnimationMode::Move& move) {
  return {{"flow", &move.flow}, {"expected", &move.expected}, {"reliable", &move.reliable}};
}

std::int64_t number_in(const Backup& backup, const std::string& fact) {
  const auto found = backup.metadata.find(fact);
  if (found == backup.metadata.end())
    throw Error(ErrorKind::model, "the backup does not say its '" + fact + "'");
  // A checksum can be made by anybody: what it protects may still be nonsense.
  constexpr std::int64_t kMost = 1'000'000'000'000'000;
  const std::string& text = found->second;
  std::int64_t number = -1;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || stop != text.data() + text.size() || number < 0 || number > kMost)
    throw Error(ErrorKind::model, "the backup says that its '" + fact + "' is '" + text.substr(0, 40) + "'",
                "go on from an earlier backup: delete this one");
  return number;
}

}  // namespace

void check_position(std::int64_t number, const Backup& backup) {
  for (const char* fact : {"scene", "step", "steps"}) number_in(backup, fact);
  // The last picture of an interrupted run is not counted yet.
  const std::int64_t frames = number_in(backup, "frames");
  if (frames != number && frames + 1 != number)
    throw Error(ErrorKind::model, "its 'frames' is " + std::to_string(frames) + ", not its own number");
}

Render::Render(HostServices& host, RunPlugins& ensemble, const Settings& settings, const Script& script,
               const std::function<Footage(const std::string&)>& open, const Soundtrack* sound, Growth growth)
    : host_(host),
      ensemble_(ensemble),
      script_(script),
      sound_(sound),
      steps_per_scene_(settings.get<std::int64_t>("steps_per_scene")),
      interpolation_steps_(settings.get<std::int64_t>("interpolation_steps")),
      save_every_(settings.get<std::int64_t>("save_every")),
      display_every_(settings.get<std::int64_t>("display_every")),
      cutouts_{settings.get<std::int64_t>("cutouts"),
               settings.get<std::int64_t>("gradient_accumulation_steps"),
               settings.get<std::string>("gradient_accumulation") == "auto",
               settings.get<std::int64_t>("cutout_groups"), ensemble.ranks},
      learning_rate_(ensemble.model.instance->learning_rate()),
      learning_rate_decay_(settings.get<double>("learning_rate_decay")),
      show_palette_(settings.get<bool>("show_palette")),
      reset_learning_(settings.get<bool>("reset_lr_each_frame")),
      tiling_(settings.get<std::string>("tile")),
      timeline_(settings, std::ssize(script.scenes)),
      growth_(std::move(growth)),
      keep_optimiser_(settings.get<std::string>("upscale_optimiser") == "carry"),
      opacity_(settings,
               settings.get<bool>("alpha") ? ensemble.model.instance->decode_final() : at::Tensor()),
      motion_(ensemble, script.motion, result_.moment),
      retouch_(settings, script, open),
      loop_(settings, last_frame_of(timeline_)),
      cadence_(script, last_frame_of(timeline_)),
      prompt_losses_(host, ensemble, result_.moment, script.scenes, cutouts_, open),
      image_losses_(
          script.losses, *ensemble.model.instance,
          [&model = *ensemble.model.instance] { return size_of(model); }, ensemble.make_loss, host.device(),
          open, tools_of(ensemble)) {
  make_optimiser();
  const auto& [name, mode] = ensemble.animation;
  if (!mode || !cadence_.is_on()) return;
  leaves_out_ = extension_of<LeavesOutFrames>(*mode);
  if (!leaves_out_ && mode->needs().video)
    throw Error(ErrorKind::unsupported,
                "'cadence' leaves frames to the motion alone, but " + name +
                    " does not say how its frames go on without the video",
                "leave cadence out, or use a larger frame_stride and reverie interpolate");
}

Render::~Render() = default;

/// The learning rate of the present step: it falls along half a cosine over each scene.
double Render::rate_now() {
  const double done = static_cast<double>(position_.step) / static_cast<double>(steps_per_scene_);
  const double rate =
      script_.learning_rate ? numbers_of(*script_.learning_rate, values_, warnings_)[0] : learning_rate_;
  return rate * (1 - learning_rate_decay_ * (1 - std::cos(std::numbers::pi * done)) / 2);
}

void Render::make_optimiser() {
  const MemoryScope memory(kOptimiserMemory);
  parameters_ = ensemble_.model.instance->parameters();
  if (opacity_.is_on()) parameters_.push_back(opacity_.parameter());
  optimiser_ = ensemble_.make_optimiser({parameters_});
}

/// The optimiser goes on with what it knows, as far as it and the image model can.
void Render::grown() {
  const std::shared_ptr<Optimiser> before = optimiser_;
  const std::size_t earlier = parameters_.size() - (opacity_.is_on() ? 1 : 0);
  resized();
  auto* goes_on = keep_optimiser_ ? extension_of<GoesOnResized>(*optimiser_) : nullptr;
  auto* resizes = extension_of<ResizesGradients>(*ensemble_.model.instance);
  if (!goes_on || !resizes) return;
  const std::size_t own = parameters_.size() - (opacity_.is_on() ? 1 : 0);
  const at::NoGradGuard no_grad;
  goes_on->go_on_from(before->state(),
                      [&](std::size_t index, const std::vector<at::Tensor>& values, int power) {
                        if (index >= own) return opacity_.resize_gradients(values.back(), power);
                        const std::vector<at::Tensor> of_model(
                            values.begin(), values.begin() + static_cast<std::ptrdiff_t>(earlier));
                        return call_plugin(ensemble_.model.name, result_.moment,
                                           [&] { return resizes->resize_gradients(index, of_model, power); });
                      });
}

void Render::resized() {
  if (opacity_.is_on()) opacity_.resize(decode_final());
  make_optimiser();
  image_losses_.resized();
}

void Render::start_from(const at::Tensor& picture) {
  const at::Tensor here = picture.detach().to(host_.device());
  prompt_losses_.start_from(here);
  image_losses_.start_from(here);
}

void Render::steer_by(RunChangesSetup setup) { changes_.emplace(std::move(setup), host_, prompt_losses_); }

/// Between two steps: answers those who want something changed.
void Render::attend(RequestedControl& control) {
  const std::int64_t step = result_.moment.steps, frame = timeline_.frame_of(step);
  const bool begun = ensemble_.animation.instance && frame == frame_;
  changes_->attend(control, begun ? timeline_.first_step(frame + 1) : step);
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

void Render::begin_frame(std::int64_t frame) {
  if (frame == frame_) return;
  frame_ = frame;
  bool begins_again = false;
  if (frame > 0 && ensemble_.animation.instance) {
    if (leaves_out_) leaves_out_->will_be_optimised(cadence_.is_due(frame));
    move(sound_at(sound_, timeline_, frame));
    begins_again = leaves_out_ && !finished_ && leaves_out_->begins_again();
  }
  hold_on_to_move(frame);
  if (cadence_.begin(frame, values_at(timeline_.first_step(frame), heard_), begins_again) &&
      cadence_.waits()) {
    // Where the frame begins with something else, the frames before lead to what the motion makes of them.
    const bool elsewhere = leaves_out_ && move_.expected && !begins_again;
    cadence_.begin_with(elsewhere ? *move_.expected : final_picture());
  }
}

/// Passes over the steps of a frame that is not optimised, as far as its scene goes.
void Render::skip_frame() {
  const std::int64_t steps =
      std::min(timeline_.first_step(frame_ + 1) - result_.moment.steps, steps_per_scene_ - position_.step);
  const std::int64_t before = result_.moment.steps / save_every_;
  position_.step += steps;
  result_.moment.steps += steps;
  for (std::int64_t i = before; i < result_.moment.steps / save_every_; ++i) cadence_.keep(final_picture());
}

/// Saves the frames that were made by the motion alone. `done`: the next optimised one; undefined if none
/// follows.
void Render::save_waiting(FrameWriter& frames, const at::Tensor& done) {
  if (!cadence_.waits()) return;
  const auto& [name, flow] = ensemble_.flow;
  const std::vector<at::Tensor> pictures =
      done.defined()
          ? call_plugin(name, result_.moment,
                        [&, &flow = *flow] { return cadence_.release(done, flow, host_.device()); })
          : cadence_.release();
  for (const at::Tensor& picture : pictures) {
    if (!ensemble_.ranks || ensemble_.ranks->first()) frames.save(picture, result_.moment);
    ++result_.moment.frames;
  }
}

void Render::move(const std::map<std::string, double>& sound) {
  const auto& [name, instance] = ensemble_.model;
  at::Tensor before =
      call_plugin(name, result_.moment, [&, &model = *instance] { return model.decode_final(); });
  const auto values = values_at(timeline_.first_step(frame_), sound);
  const bool retouches = retouch_.begin(frame_, values, frame_ * timeline_.stride, before);
  RetouchedModel front(*instance, retouch_);
  AnimationMode::Move made =
      motion_.advance(frame_, values, sound, image_losses_.flow_mask(frame_ * timeline_.stride),
                      retouches ? &front : nullptr);
  if (!made.finished) call_plugin(name, result_.moment, [&] { front.finish(made); });
  if (made.finished) {
    finished_ = true;
    return;
  }
  if (reset_learning_ || made.reset_optimiser) make_optimiser();
  const auto wants_flow = [](const LossTerm& term) { return term.setting == kFlowStabilisation; };
  if (!move_.image.defined() && !made.flow && !made.expected &&
      std::any_of(script_.losses.begin(), script_.losses.end(), wants_flow))
    host_.log(LogLevel::warning, std::string(kFlowStabilisation) +
                                     " has no effect: " + ensemble_.animation.name + " computes no flow");
  before_move_ = std::move(before);
  move_ = std::move(made);
}

/// After the last step of a frame.
void Render::end_frame() {
  const std::int64_t done = result_.moment.steps;
  const bool last = done == timeline_.scenes * timeline_.steps_per_scene;
  if (!loop_.is_on() || (timeline_.frame_of(done) == frame_ && !last)) return;
  call_plugin(ensemble_.model.name, result_.moment,
              [&] { loop_.end_frame(frame_, *ensemble_.model.instance); });
}

void Render::hold_on_to_move(std::int64_t frame) {
  const MemoryScope memory(kLossMemory);
  frame_ = frame;
  heard_ = sound_at(sound_, timeline_, frame);
  if (!move_.image.defined()) return;
  prompt_losses_.stabilise(move_.image, frame);
  image_losses_.stabilise(before_move_, move_);
}

std::map<std::string, double> Render::values_at(std::int64_t step,
                                                const std::map<std::string, double>& sound) const {
  return timeline_.values(step, position_.scene, position_.step, sound);
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

/// As many as can be split into equal batches.
std::int64_t Render::cutouts_now() {
  if (!script_.cutouts) return cutouts_.cutouts;
  const double wanted = numbers_of(*script_.cutouts, values_, warnings_)[0];
  const std::int64_t batches = cutouts_.groups > 0 ? 1 : cutouts_.batches;
  return batches * std::max<std::int64_t>(1, std::llround(wanted / static_cast<double>(batches)));
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

at::Tensor Render::decode_final() {
  const auto& [name, instance] = ensemble_.model;
  return call_plugin(name, result_.moment, [&, &model = *instance] { return model.decode_final(); });
}

/// [1, 3, H, W], with alpha [1, 4, H, W]. Of its own memory: the model goes on with what it gives.
at::Tensor Render::final_picture() {
  const at::NoGradGuard no_grad;
  at::Tensor picture = decode_final();
  if (opacity_.is_on()) picture = at::cat({picture, opacity_.decode()}, 1);
  return growth_.shown(picture).detach().to(at::kCPU, at::kFloat).clone(at::MemoryFormat::Contiguous);
}

/// The same as an SVG document, where the image model draws; else empty. A drawing has no transparency.
std::string Render::final_drawing() {
  const auto& [name, instance] = ensemble_.model;
  if (opacity_.is_on()) return {};
  return call_plugin(name, result_.moment, [&, &model = *instance] {
    auto* drawing = extension_of<VectorDrawing>(model);
    return drawing ? drawing->svg() : std::string();
  });
}

/// The same for those who watch, who know of no transparency.
at::Tensor Render::picture_to_show() {
  if (!opacity_.is_on()) return final_picture();
  const at::NoGradGuard no_grad;
  return growth_.shown(opacity_.over_checks(decode_final())).to(at::kCPU, at::kFloat).contiguous();
}

void Render::display(RunEvents& events) {
  const auto& [name, instance] = ensemble_.model;
  std::optional<at::Tensor> palette;
  if (show_palette_)
    if (const auto picture = call_plugin(name, result_.moment, [&] { return instance->palette_picture(); }))
      palette = picture->detach().cpu().contiguous();
  at::Tensor made;
  events.publish(
      RunDisplay{result_.moment, [&] { return made.defined() ? made : made = picture_to_show(); }, palette});
}

Backup Render::backup() {
  const MemoryScope memory(kBackupMemory);
  Backup backup;
  const auto& [name, instance] = ensemble_.model;
  put(backup, "model", call_plugin(name, result_.moment, [&] { return instance->state(); }));
  put(backup, "optimiser", optimiser_->state());
  put(backup, "prompts", prompt_losses_.state());
  put(backup, "losses", image_losses_.state());
  put(backup, "retouch", retouch_.state());
  put(backup, "loop", loop_.state());
  put(backup, "cadence", cadence_.state());
  put(backup, "opacity", opacity_.state());
  if (const auto& [animation, mode] = ensemble_.animation; mode)
    put(backup, "animation",
        call_plugin(animation, result_.moment, [&, &mode = *mode] { return mode.state(); }));
  if (move_.image.defined()) {
    std::map<std::string, at::Tensor> move = {{"before", before_move_}, {"image", move_.image}};
    for (const auto& [part, tensor] : parts_of(move_))
      if (*tensor) move[part] = **tensor;
    put(backup, "move", move);
  }
  for (const auto& [part, generator] : host_.generators()) backup.tensors[part] = generator.get_state();
  backup.metadata = {
      {"image_model", ensemble_.model.name},           {"optimiser", ensemble_.optimiser},
      {"scene", std::to_string(position_.scene)},      {"step", std::to_string(position_.step)},
      {"steps", std::to_string(result_.moment.steps)}, {"frames", std::to_string(result_.moment.frames)}};
  return backup;
}

void Render::restore(const Backup& backup) {
  const auto model = backup.metadata.find("image_model");
  if (model == backup.metadata.end() || model->second != ensemble_.model.name)
    throw Error(ErrorKind::model,
                "the backup is of a run with " +
                    (model == backup.metadata.end() ? std::string("another image model") : model->second) +
                    ", not with " + ensemble_.model.name,
                "restore it with the settings it was made with");
  position_ = {number_in(backup, "scene"), number_in(backup, "step")};
  result_.moment = {number_in(backup, "steps"), number_in(backup, "frames")};
  if (changes_) changes_->make_earlier(result_.moment.steps);
  const auto scenes = static_cast<std::int64_t>(script_.scenes.size());
  if (position_.scene >= scenes)
    throw Error(ErrorKind::settings,
                "the backup is of scene " + std::to_string(position_.scene + 1) + ", but 'scenes' has only " +
                    std::to_string(scenes),
                "restore it with all scenes that were done, and change or add later ones");
  const auto& [name, instance] = ensemble_.model;
  const auto misfit = [&](ErrorKind kind, const std::string& why) {
    return Error(kind, "the backup does not fit the settings: " + why,
                 "continue the run with the size and the settings of " + ensemble_.model.name +
                     " that it was made with");
  };
  // A backup is of the size that its last step had.
  if (growth_.is_on()) {
    growth_.begin(*instance, std::max<std::int64_t>(result_.moment.steps - 1, 0));
    resized();
  }
  try {
    instance->load_state(take(backup, "model"));
  } catch (const Error& error) {
    throw misfit(error.kind(), error.what());
  } catch (const c10::Error& error) {
    throw misfit(ErrorKind::plugin, error.what_without_backtrace());
  }
  if (const auto made_with = backup.metadata.find("optimiser");
      made_with != backup.metadata.end() && made_with->second != ensemble_.optimiser)
    throw Error(ErrorKind::model,
                "the backup is of a run with " + made_with->second + ", not with " + ensemble_.optimiser,
                "restore it with the 'optimiser' it was made with");
  optimiser_->load_state(take(backup, "optimiser"));
  // What the last step saw; how it was seen is in the backup, and so is what chance had in store for later.
  if (const auto& [animation, mode] = ensemble_.animation; mode)
    call_plugin(animation, result_.moment,
                [&, &mode = *mode] { mode.load_state(take(backup, "animation")); });
  const auto take_here = [&](const char* part) {
    auto tensors = take(backup, part);
    for (auto& [of_part, tensor] : tensors) tensor = tensor.to(host_.device());
    return tensors;
  };
  retouch_.load_state(take_here("retouch"));
  loop_.load_state(take_here("loop"));
  cadence_.load_state(take(backup, "cadence"));
  opacity_.load_state(take_here("opacity"));
  auto move = take_here("move");
  if (move.count("image") && move.count("before")) {
    before_move_ = move["before"];
    move_.image = move["image"];
    for (const auto& [part, tensor] : parts_of(move_))
      if (move.count(part)) *tensor = move[part];
  }
  if (result_.moment.steps > 0) hold_on_to_move(timeline_.frame_of(result_.moment.steps - 1));
  prompt_losses_.load_state(take(backup, "prompts"));
  image_losses_.load_state(take(backup, "losses"));
  if (!backup.tensors.count("random.cpu"))
    throw Error(ErrorKind::model, "the backup does not contain its random state");
  for (auto& [part, generator] : host_.generators()) {
    const auto state = backup.tensors.find(part);
    if (state != backup.tensors.end()) generator.set_state(state->second);
  }
  const bool on_gpu = !host_.device().is_cpu(), was_on_gpu = backup.tensors.count("random.device") > 0;
  if (on_gpu != was_on_gpu)
    host_.log(LogLevel::warning,
              "the run was interrupted on another kind of device: it goes on, but not bit for bit");
}

RenderResult Render::run(RunEvents& events, FrameWriter& frames, RequestedControl& control) {
  const MomentScope now(result_.moment);
  distributed::Ranks* const ranks = ensemble_.ranks;
  bool unsaved = false, undisplayed = false;
  std::vector<RunUpdate::Loss> losses;  // of the newest step
  const auto scenes = static_cast<std::int64_t>(script_.scenes.size());
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  double paused = 0;
  const auto display_now = [&] {
    frames.wait();  // the sinks are called one after another, and they show things, too
    display(events);
  };
  const auto save = [&] {
    if (!ranks || ranks->first()) frames.save(final_picture(), result_.moment, final_drawing());
  };
  const auto back_up = [&](std::int64_t number) {
    if (frames.backs_up()) frames.back_up(number, backup());
  };
  for (;;) {
    while (position_.step < steps_per_scene_) {
      frames.check();
      paused += control.wait_while_paused(
          [&] { frames.keep(final_picture(), result_.moment, final_drawing()); },
          [&] { changes_ ? attend(control) : control.refuse_changes("this run cannot be changed"); });
      if (ranks ? ranks->any(control.stopping()) : control.stopping()) {
        result_.interrupted = true;
        break;
      }
      const std::int64_t frame = timeline_.frame_of(result_.moment.steps);
      if (changes_)
        changes_->make_due(control, result_.moment.steps, !ensemble_.animation.instance || frame != frame_);
      set_parameters(frame);  // a move may encode, which depends on them
      begin_frame(frame);
      if (finished_) break;
      if (!cadence_.optimises()) {
        skip_frame();
        unsaved = false;
        events.publish(RunUpdate::Step{result_.moment.steps,
                                       std::chrono::duration<double>(Clock::now() - start).count() - paused,
                                       position_.scene, timeline_.seconds(frame_), losses});
        continue;
      }
      if (call_plugin(ensemble_.model.name, result_.moment,
                      [&] { return growth_.grow(*ensemble_.model.instance, result_.moment.steps); }))
        grown();
      begin_step();
      const auto prompts = prompt_losses_.active(static_cast<std::size_t>(position_.scene), position_.step,
                                                 interpolation_steps_);
      const StepReport report = step(prompts);
      losses = report.losses;
      const bool ends = report.all_stopped && position_.step >= interpolation_steps_;
      ++position_.step;
      ++result_.moment.steps;
      end_frame();
      events.publish(RunUpdate::Step{result_.moment.steps,
                                     std::chrono::duration<double>(Clock::now() - start).count() - paused,
                                     position_.scene, timeline_.seconds(frame_), losses});
      undisplayed = display_every_ > 0 && result_.moment.steps % display_every_ != 0;
      if (display_every_ > 0 && !undisplayed) display_now();
      if (ends) {
        host_.log(LogLevel::info, "every prompt of scene " + std::to_string(position_.scene + 1) +
                                      " is held by its stop; the scene ends at step " +
                                      std::to_string(position_.step));
        position_.step = steps_per_scene_;  // so that a backup knows it, too
      }
      unsaved = result_.moment.steps % save_every_ != 0;
      if (cadence_.waits() && (!unsaved || timeline_.frame_of(result_.moment.steps) != frame_))
        save_waiting(frames, final_picture());
      if (unsaved || loop_.leaves_out(frame_)) continue;
      save();
      ++result_.moment.frames;
      back_up(result_.moment.frames);
    }
    // The position stays within the last scene: a longer one can go on from its backup.
    if (result_.interrupted || finished_ || position_.scene + 1 >= scenes) break;
    position_ = {position_.scene + 1, 0};
  }
  if (!result_.interrupted && !growth_.is_full(result_.moment.steps))
    host_.log(LogLevel::warning,
              "the run ended before its picture had its full size (upscale_at): it is enlarged");
  if (loop_.is_on() && !result_.interrupted &&
      result_.moment.steps < timeline_.scenes * timeline_.steps_per_scene)
    host_.log(LogLevel::warning, "the run ended in frame " + std::to_string(frame_) + " instead of " +
                                     std::to_string(last_frame_of(timeline_)) +
                                     ": its end does not lead into its beginning");
  if (undisplayed) display_now();
  // What was made since the last frame is not thrown away. A run that continues later makes this frame again.
  const bool whole = !cadence_.waits();  // of frames that wait, a backup knows nothing
  save_waiting(frames, {});
  if (unsaved) {
    save();
    if (whole) back_up(result_.moment.frames + 1);
    ++result_.moment.frames;
  }
  frames.wait();
  result_.last_frame = frames.last_frame();
  return result_;
}

}  // namespace reverie::engine
