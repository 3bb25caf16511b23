#include "cli/stereo_command.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <iostream>
#include <numbers>

#include "app/run_setup.h"
#include "cli/found_run.h"
#include "engine/loop.h"
#include "engine/timeline.h"
#include "expressions/expression.h"
#include "log/printable.h"
#include "media/stereo.h"
#include "prompts/evaluate.h"
#include "prompts/time_variables.h"

namespace reverie::cli {

using app::choose_depth_estimator;
using app::choose_for_video;
using app::make_depth_estimator;
using app::make_run_context;
using app::make_video_sink;
using app::Plan;
using app::RunContext;
using app::title;
using engine::HostServices;
using engine::Member;
using engine::pictures_left_out;
using engine::Timeline;
using log::shown_line;
using media::StereoView;

namespace {

/// The camera of a run, at a moment: its own where its animation mode has one, else that of such modes.
class Lens {
 public:
  explicit Lens(const Script& script) : script_(script) {}
  double field_of_view(const std::map<std::string, double>& values) {
    return number("field_of_view", 60, values);
  }
  double near(const std::map<std::string, double>& values) { return number("near_plane", 1, values); }
  double far(const std::map<std::string, double>& values) { return number("far_plane", 10000, values); }

 private:
  double number(const std::string& name, double otherwise, const std::map<std::string, double>& values) {
    for (const MotionSetting& setting : script_.motion)
      if (setting.name == name)
        return setting.expression.is_measured() ? setting.usual.at(0)
                                                : numbers_of(setting, values, warnings_).at(0);
    return otherwise;
  }
  const Script& script_;
  Warnings warnings_;
};

at::Tensor depth_of(DepthEstimator& estimator, const at::Tensor& picture, double near, double far) {
  const at::NoGradGuard no_grad;
  const DepthEstimator::Range range = estimator.range();
  return ((estimator.estimate(picture).to(at::kDouble) - range.nearest) *
              ((far - near) / (range.farthest - range.nearest)) +
          near)
      .clamp(std::max(near, 1e-3), far);
}

/// Pictures that show all around have no views for two eyes.
void refuse_all_around(const Plan& plan) {
  const SettingValue* projection =
      plan.animation ? plan.settings.find_param(title(*plan.animation), "projection") : nullptr;
  if (!projection || projection->text == projection->spec.default_text) return;
  throw Error(ErrorKind::settings,
              "the run has 'projection: " + projection->text +
                  "': its pictures show all that is around the camera, and have no views for two eyes, since "
                  "what stands beside one eye is behind the other",
              "reverie encode makes a video of it for one eye, and video_projection=" + projection->text +
                  " marks it for players");
}

}  // namespace

int stereo_command(const std::vector<std::string>& words, const StereoOptions& options,
                   const std::vector<std::filesystem::path>& config_folders, const PluginRegistry& registry) {
  if (words.empty() || words[0].find('=') != std::string::npos)
    throw Error(ErrorKind::usage, "reverie stereo takes a run, then name=value",
                "for example: reverie stereo images_out/default --eyes 6");
  if (!(options.screen >= 0)) throw Error(ErrorKind::usage, "--screen is a depth in pixels, from 0");
  std::optional<Expression> eyes;
  try {
    eyes = compile_over_time(options.eyes, {});
  } catch (const ExpressionError& error) {
    throw Error(ErrorKind::usage, "--eyes is '" + options.eyes + "': " + error.what(),
                "write a number of pixels, or an expression such as 6 + sin(t)");
  }
  const auto [run, plan] = find_plan(words, config_folders, registry);
  refuse_all_around(plan);
  RunContext context = make_run_context(plan, registry);
  RunSettings& settings = context.settings;
  HostServices& host = *context.host;
  choose_for_video(context, registry, choose_depth_estimator);
  const Member<DepthEstimator> estimator = make_depth_estimator(context, registry);
  warn_of_gaps(run, host);

  const double rate = settings.get<double>("frames_per_second");
  const auto save_every = settings.get<std::int64_t>("save_every");
  const Timeline timeline(settings, std::ssize(plan.script.scenes));
  const auto sink = make_video_sink(registry, host, settings,
                                    {run.folder, run.base + "_stereo", rate, settings_json(settings), 0,
                                     timeline.early_pictures(save_every) - pictures_left_out(settings)});
  Lens lens(plan.script);
  Warnings warnings;
  std::filesystem::path video;
  std::int64_t number = 0;
  for (const auto& [saved, file] : run.frames) {
    if (host.cancelled()) break;
    const at::Tensor picture = context.pictures->load(file.string()).to(host.device());
    const std::int64_t step = std::max<std::int64_t>(saved * save_every - 1, 0);
    const std::map<std::string, double> values = timeline.values(step, {});
    const double distance =
        evaluate(*eyes, values, {"--eyes '" + options.eyes + "'", "distance", "0", true}, warnings)
            .value_or(0);
    const double angle = lens.field_of_view(values) * std::numbers::pi / 360;
    const StereoView view{distance, static_cast<double>(picture.size(2)) / 2 / std::tan(angle),
                          options.screen};
    const auto pair = media::stereo_pair(
        picture, depth_of(*estimator.instance, picture, lens.near(values), lens.far(values)), view);
    const at::Tensor shown = options.anaglyph ? media::anaglyph(pair) : media::side_by_side(pair);
    if (const std::filesystem::path written = sink->write(shown.cpu().contiguous(), ++number);
        !written.empty())
      video = written;
  }
  sink->close();
  std::cout << number << (number == 1 ? " picture\n" : " pictures\n") << shown_line(video.string()) << "\n";
  return host.cancelled() ? 130 : 0;
}

}  // namespace reverie::cli
