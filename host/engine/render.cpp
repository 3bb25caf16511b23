#include "engine/render.h"

#include <ATen/core/grad_mode.h>

#include <chrono>
#include <utility>

#include "reverie/resized_gradients.h"

namespace reverie::engine {

using audio::Soundtrack;
using media::Footage;
namespace {

ImageSize size_of(ImageModel& model) {
  const at::NoGradGuard no_grad;
  const at::Tensor image = model.decode();
  return {image.size(3), image.size(2)};
}

}  // namespace

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
  if (keep_optimiser_ && (!goes_on || !resizes) && !std::exchange(restarts_, true))
    host_.log(LogLevel::info, "upscale_optimiser: the optimiser restarts at each size, because " +
                                  (goes_on ? ensemble_.model.name : std::string("it")) +
                                  " cannot carry its state over");
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

std::map<std::string, double> Render::values_at(std::int64_t step,
                                                const std::map<std::string, double>& sound) const {
  return timeline_.values(step, position_.scene, position_.step, sound);
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
      const std::int64_t saved = result_.moment.frames;
      if (cadence_.waits() && (!unsaved || timeline_.frame_of(result_.moment.steps) != frame_))
        save_waiting(frames, final_picture());
      if (unsaved || loop_.leaves_out(frame_)) {
        // Where all frames that are saved lie in between, no other place has a backup.
        if (result_.moment.frames > saved) back_up(result_.moment.frames);
        continue;
      }
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
