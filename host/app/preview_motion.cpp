#include "app/preview_motion.h"

#include <span>

#include "app/room.h"
#include "app/run_setup.h"
#include "engine/motion.h"
#include "engine/outputs.h"
#include "engine/progress.h"
#include "log/printable.h"
#include "media/footage.h"
#include "reverie/mask.h"

namespace reverie::app {

using audio::Soundtrack;
using engine::choose_output;
using engine::LoggedAsEvents;
using engine::Member;
using engine::Motion;
using engine::OutputNames;
using engine::Progress;
using engine::RequestedControl;
using engine::Reservation;
using engine::RunEvent;
using engine::RunEvents;
using engine::RunPlace;
using engine::RunPlugins;
using engine::sound_at;
using engine::Timeline;
using engine::tools_of;
using media::Footage;

namespace {

/// Whether a model with a pixel_size moves what that enlarges; others move what is large already, as all do
/// that draw with a network, which would take long to load for the question.
bool moves_small_pixels(const Plan& plan, const RunContext& context, ImageModel::Setup size) {
  const std::span params(plan.image_model->descriptor->params, plan.image_model->descriptor->param_count);
  for (const ParamSpec& spec : params)
    if (spec.asset == AssetKind::weights) return false;
  const auto model = create<ImageModel>(*plan.image_model, *context.host,
                                        params_for(*plan.image_model, context.settings), size);
  const auto canvas = model->canvas();
  return canvas && canvas->size(3) == size.width && canvas->size(2) == size.height;
}

/// The image model with the role `preview_motion` in the place of the run's, for pictures of the same size
/// and moves of the same pixels.
Member<ImageModel> make_model(const Plan& plan, const RunContext& context, const PluginRegistry& registry,
                              ImageModel::Setup size) {
  const PluginFile& plugin = registry.with_role(ImageModel::kKind, "preview_motion");
  Settings params = params_for(plugin, context.settings);
  const SettingValue* given = context.settings.find_param(title(*plan.image_model), "pixel_size");
  SettingValue* scale = nullptr;
  SettingValue own;
  if (const SettingValue* found = params.find("pixel_size")) {
    own = given && given->spec.type == ParamType::integer ? *given : *found;
    scale = &own;
  }
  if (scale && scale->number != 1 && !(given && moves_small_pixels(plan, context, size))) {
    size.width *= static_cast<std::int64_t>(scale->number);
    size.height *= static_cast<std::int64_t>(scale->number);
    scale->number = 1;
  }
  if (scale) params.set("pixel_size", *scale);
  return {title(plugin), create<ImageModel>(plugin, *context.host, params, size)};
}

/// What the run would start from, or, where that is noise, a picture in which motion shows.
at::Tensor first_picture(const RunPlugins& ensemble, const at::Tensor& init_image) {
  if (init_image.defined()) return init_image;
  if (const auto first = ensemble.animation.instance->first_image(tools_of(ensemble))) return *first;
  const at::Tensor canvas = *ensemble.model.instance->canvas();
  return tiled_room(canvas.size(3), canvas.size(2));
}

/// For an artist who has set none of the settings that move the picture.
std::string nothing_moved(const Plan& plan) {
  std::string names;
  for (const MotionSetting& setting : plan.script.motion)
    if (setting.count > 1 || setting.usual[0] == 0)  // not the lens
      names += (names.empty() ? " by " : ", ") + setting.name;
  return "no pixel has moved: " + plan.animation->name + " moves the picture" + names +
         "; docs/motion.md says how";
}

/// The mask of the flow: the parts of the picture that a mode may move.
class FlowMask {
 public:
  FlowMask(const Plan& plan, const RunContext& context, ImageModel& model) : device_(context.host->device()) {
    for (const LossTerm& term : plan.script.losses) {
      if (term.setting != kFlowStabilisation || term.mask.empty()) continue;
      footage_.emplace(context.pictures->open(term.mask, context.settings.get<double>("frames_per_second")));
      inverted_ = term.inverted;
    }
    const at::Tensor picture = model.decode_final();
    size_ = {picture.size(3), picture.size(2)};
  }
  std::optional<at::Tensor> at_frame(std::int64_t video_frame) {
    if (!footage_) return std::nullopt;
    footage_->seek(video_frame);
    return resize_mask(footage_->mask(inverted_).to(device_), size_.height, size_.width);
  }

 private:
  c10::Device device_;
  std::optional<Footage> footage_;
  bool inverted_ = false;
  ImageSize size_;
};

}  // namespace

std::int64_t count_moves(const Plan& plan) {
  if (!plan.animation)
    throw Error(ErrorKind::settings, "nothing moves: 'animation_mode' is off",
                "set it to one of the animation plugins that reverie plugins list shows");
  const std::int64_t steps = plan.settings.get<std::int64_t>("steps_per_scene") *
                             static_cast<std::int64_t>(plan.script.scenes.size());
  const Timeline timeline(plan.settings);
  const std::int64_t moves = steps > 0 ? timeline.frame_of(steps - 1) : 0;
  if (moves == 0)
    throw Error(ErrorKind::settings,
                "nothing moves: the first move comes after " + std::to_string(timeline.before) +
                    " steps ('pre_animation_steps'), but the run ends after " + std::to_string(steps),
                "raise 'steps_per_scene'");
  return moves;
}

PreviewOutcome preview_motion(const Plan& plan, const PluginRegistry& registry, const RunOptions& options) {
  const std::int64_t moves = count_moves(plan);
  RunContext context = make_run_context(plan, registry);
  const RunSettings& settings = context.settings;
  const std::string init_path = settings.get<std::string>("init_image");
  std::vector<Problem> problems;
  PictureCheck check(context, problems);
  check.need(init_path, "init_image");
  check.need(settings.get<std::string>("video_path"), "video_path");
  for (const LossTerm& term : plan.script.losses)
    if (term.setting == kFlowStabilisation) check.need(term.mask, term.setting);
  find_for_motion(context, plan, registry, problems);
  choose_video_sink(context.settings, registry, problems);
  if (!problems.empty()) throw SettingsError(problems);
  const std::unique_ptr<Soundtrack> sound = listen(context, plan, registry);

  const RunPlace place(settings);
  std::optional<Reservation> reservation;
  if (!options.output && !settings.get<bool>("allow_overwrite")) reservation.emplace(place, "motion");
  const OutputNames output = options.output ? *options.output
                             : reservation  ? reservation->names()
                                            : choose_output(place, true);
  if (options.begins) options.begins(output);

  RunPlugins ensemble;
  context.host->seed_default_generators();
  const at::Tensor init_image = init_path.empty() ? at::Tensor() : context.host->load_image(init_path);
  ensemble.model = make_model(plan, context, registry, picture_size(context, init_image));
  prepare_motion(ensemble, context, plan, registry);
  ImageModel& model = *ensemble.model.instance;
  model.encode(first_picture(ensemble, init_image));
  const Timeline timeline(settings, std::ssize(plan.script.scenes));
  // The sound begins at t = 0, with the first move: one picture is before it.
  const auto video = make_video_sink(registry, *context.host, settings,
                                     {output.folder, output.base + "_motion", timeline.frames_per_second,
                                      settings_json(settings), /*frames=*/0, /*early_frames=*/1});
  PreviewOutcome outcome;
  outcome.output = output;
  RunPosition moment;
  at::Tensor still;  // the first picture, as long as all are like it
  const auto show = [&] {
    const at::Tensor picture = model.decode_final().detach().to(at::kCPU, at::kFloat).contiguous();
    outcome.file = video->write(picture, moment.frames + 1);
    if (moment.frames == 0)
      still = picture.clone();
    else if (still.defined() && !at::equal(still, picture))
      still.reset();
    ++moment.frames;
  };
  RequestedControl own_control;
  RequestedControl& control = options.control ? *options.control : own_control;
  control.refuse_changes("a preview of the motion cannot be changed while it goes");
  {
    const auto events = std::make_shared<RunEvents>();
    Progress progress(moves, options.on_terminal, 0, "move");
    events->subscribe([&](const RunEvent& event) {
      if (!options.follow || std::holds_alternative<RunUpdate::Message>(event)) progress.show(event);
    });
    if (options.follow) events->subscribe(options.follow);
    const LoggedAsEvents logged(events);
    Motion motion(ensemble, plan.script.motion, moment);
    FlowMask mask(plan, context, model);
    show();
    for (std::int64_t frame = 1; frame <= moves; ++frame) {
      control.wait_while_paused([] {});
      if (control.stopping()) {
        outcome.interrupted = true;
        break;
      }
      moment.steps = timeline.first_step(frame);
      const auto heard = sound_at(sound.get(), timeline, frame);
      const auto may_move = mask.at_frame(frame * timeline.stride);
      if (motion.advance(frame, timeline.values(moment.steps, heard), heard, may_move).finished) break;
      show();
      events->publish(RunUpdate::Step{frame, 0, 0, timeline.seconds(frame), {}});
    }
  }
  video->close();
  if (still.defined() && moment.frames > 1) context.host->log(LogLevel::warning, nothing_moved(plan));
  outcome.pictures = moment.frames;
  outcome.seconds = static_cast<double>(moment.frames) / timeline.frames_per_second;
  return outcome;
}

}  // namespace reverie::app
