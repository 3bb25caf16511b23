#include "cli/interpolate_command.h"

#include <iostream>

#include "app/run_setup.h"
#include "cli/found_run.h"
#include "engine/loop.h"
#include "engine/progress.h"
#include "engine/timeline.h"
#include "log/printable.h"
#include "media/between.h"

namespace reverie::cli {

using app::choose_flow_estimator;
using app::choose_for_video;
using app::make_flow_estimator;
using app::make_run_context;
using app::make_video_sink;
using app::RunContext;
using engine::HostServices;
using engine::Member;
using engine::pictures_left_out;
using engine::Timeline;
using log::shown_line;
using media::between;
using media::Neighbours;
using media::Pictures;

namespace {

using Path = std::filesystem::path;

constexpr std::int64_t kMostTimes = 64;

Neighbours neighbours(FlowEstimator& estimator, const at::Tensor& first, const at::Tensor& second,
                      const c10::Device& device) {
  const auto flows = estimator.estimate_both(first.to(device), second.to(device));
  return {first, second, flows.first.detach().cpu(), flows.second.detach().cpu()};
}

}  // namespace

int interpolate_command(const std::vector<std::string>& words, std::int64_t times,
                        const std::vector<std::filesystem::path>& config_folders,
                        const PluginRegistry& registry) {
  if (words.empty() || words[0].find('=') != std::string::npos)
    throw Error(ErrorKind::usage, "reverie interpolate takes a run, then name=value",
                "for example: reverie interpolate images_out/default --times 4");
  if (times < 2 || times > kMostTimes)
    throw Error(ErrorKind::usage,
                "--times is " + std::to_string(times) + "; allowed: 2 to " + std::to_string(kMostTimes));
  const auto [run, plan] = find_plan(words, config_folders, registry);
  RunContext context = make_run_context(plan, registry);
  RunSettings& settings = context.settings;
  HostServices& host = *context.host;
  choose_for_video(context, registry, choose_flow_estimator);
  const Member<FlowEstimator> estimator = make_flow_estimator(context, registry);
  warn_of_gaps(run, host);

  const double rate = settings.get<double>("frames_per_second") * static_cast<double>(times);
  const std::int64_t early = Timeline(settings).early_pictures(settings.get<std::int64_t>("save_every")) -
                             pictures_left_out(settings);
  const auto sink = make_video_sink(
      registry, host, settings,
      {run.folder, run.base + "_x" + std::to_string(times), rate, settings_json(settings), 0, early * times});
  std::filesystem::path video;
  std::int64_t number = 0, shown = 0;
  const auto show = [&](const at::Tensor& picture) {
    const std::filesystem::path file = sink->write(picture.contiguous(), ++number);
    if (file.empty()) return;  // the video begins later
    video = file;
    ++shown;
  };
  const auto show_between = [&](const at::Tensor& first, const at::Tensor& second) {
    if (first.sizes() != second.sizes())
      throw Error(ErrorKind::file, "the pictures of the run '" + run.base + "' are not all of one size");
    const Neighbours pair = neighbours(*estimator.instance, first, second, host.device());
    for (std::int64_t i = 1; i < times; ++i)
      show(between(pair, static_cast<double>(i) / static_cast<double>(times)));
  };
  at::Tensor first, before;
  for (const auto& [ignored, file] : run.frames) {
    if (host.cancelled()) break;
    const at::Tensor picture = context.pictures->load(file.string()).cpu();
    if (before.defined()) show_between(before, picture);
    show(picture);
    if (!first.defined()) first = picture;
    before = picture;
  }
  // What follows the last picture of a loop is its first.
  if (settings.get<bool>("loop") && plan.animation && !host.cancelled()) show_between(before, first);
  sink->close();
  if (shown == 0)
    throw Error(ErrorKind::settings,
                "'video_from' is animation, and the run has no picture after its first move",
                "video_from=start makes a video of those before");
  std::cout << shown << " pictures, " << static_cast<double>(shown) / rate << " seconds\n"
            << shown_line(video.string()) << "\n";
  return host.cancelled() ? 130 : 0;
}

}  // namespace reverie::cli
