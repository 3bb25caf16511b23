#include "cli/encode_command.h"

#include <iostream>

#include "app/run_setup.h"
#include "cli/found_run.h"
#include "engine/loop.h"
#include "engine/timeline.h"
#include "log/printable.h"
#include "reverie/takes_opacity.h"

namespace reverie::cli {

using app::choose_video_sink;
using app::make_video_sink;
using engine::HostServices;
using engine::pictures_left_out;
using engine::Timeline;
using log::shown_line;
using media::Pictures;

namespace {

using Path = std::filesystem::path;

}  // namespace

int encode_command(const std::vector<std::string>& words, const std::vector<Path>& config_folders,
                   const PluginRegistry& registry) {
  if (words.empty() || words[0].find('=') != std::string::npos)
    throw Error(ErrorKind::usage, "reverie encode takes a run, then name=value",
                "for example: reverie encode images_out/default video_format=webm");
  const auto [run, plan] = find_plan(words, config_folders, registry);
  RunSettings settings = plan.settings;
  std::vector<Problem> problems;
  choose_video_sink(settings, registry, problems);
  if (!problems.empty()) throw SettingsError(std::move(problems));
  HostServices host({"cpu", 0, installation_prefix() / "share/reverie/models",
                     settings.get<std::string>("models_parent_dir"), "fp32"});
  const Pictures pictures(registry, host);
  warn_of_gaps(run, host);

  const double rate = settings.get<double>("frames_per_second");
  const auto sink =
      make_video_sink(registry, host, settings,
                      {run.folder, run.base, rate, settings_json(settings), 0,
                       Timeline(settings).early_pictures(settings.get<std::int64_t>("save_every")) -
                           pictures_left_out(settings)});
  TakesOpacity* const keeps = settings.get<bool>("alpha") ? extension_of<TakesOpacity>(*sink) : nullptr;
  if (settings.get<bool>("alpha") && !keeps)
    host.log(LogLevel::warning,
             "the pictures are transparent, but videos of this format are not: they are shown over black; "
             "video_format=webm, prores4444 or lossless keeps that");
  Path video;
  std::int64_t number = 0, shown = 0;
  const auto write = [&](const std::string& picture) {
    ++number;
    if (!keeps) return sink->write(pictures.load(picture), number);
    const at::Tensor whole = pictures.load_with_opacity(picture);
    return keeps->write(whole.narrow(1, 0, 3).contiguous(), whole.narrow(1, 3, 1).contiguous(), number);
  };
  for (const auto& [ignored, picture] : run.frames) {
    const Path file = write(picture.string());
    if (file.empty()) continue;  // the video begins later
    video = file;
    ++shown;
  }
  sink->close();
  if (shown == 0)
    throw Error(ErrorKind::settings,
                "'video_from' is animation, and the run has no picture after its first move",
                "video_from=start makes a video of those before");
  std::cout << shown << (shown == 1 ? " picture" : " pictures") << ", " << static_cast<double>(shown) / rate
            << " seconds\n"
            << shown_line(video.string()) << "\n";
  return 0;
}

}  // namespace reverie::cli
