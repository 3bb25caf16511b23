#include "cli/encode_command.h"

#include <algorithm>
#include <iostream>
#include <map>

#include "app/run_setup.h"
#include "engine/timeline.h"
#include "log/printable.h"

namespace reverie {

using log::shown_line;
using media::Pictures;
namespace {

using Path = std::filesystem::path;
using Frames = std::map<std::int64_t, Path>;  // by number

struct FoundRun {
  Path folder;
  std::string base;
  Frames frames;
};

/// The pictures in a folder by base name and number.
std::map<std::string, Frames> frames_in(const Path& folder) {
  std::map<std::string, Frames> runs;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string stem = entry->path().stem().string();
    const std::size_t bar = stem.rfind('_');
    if (entry->path().extension() != ".png" || bar == std::string::npos) continue;
    const std::string number = stem.substr(bar + 1);
    if (number.empty() || number.size() > 18 || number.find_first_not_of("0123456789") != std::string::npos)
      continue;
    runs[stem.substr(0, bar)][std::stoll(number)] = entry->path();
  }
  return runs;
}

/// Where a sink of videos keeps pictures that no other sink does.
Path kept_folder(const Path& folder, const std::string& base) { return folder / (base + "_frames"); }

/// The newest run of a folder: the one with the highest k, which the longest name and the last of its length
/// has.
std::string newest_base(const Path& folder) {
  std::string newest;
  const auto consider = [&](const std::string& base) {
    if (std::pair(base.size(), base) > std::pair(newest.size(), newest)) newest = base;
  };
  for (const auto& [base, frames] : frames_in(folder)) consider(base);
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string(), end = "_frames";
    if (entry.is_directory() && name.size() > end.size() && name.ends_with(end))
      consider(name.substr(0, name.size() - end.size()));
  }
  return newest;
}

/// `output_dir`: where a run lies of which only the base name is given.
FoundRun find_run(const std::string& word, const Path& output_dir) {
  FoundRun run;
  const Path path(word);
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    run.folder = path;
    run.base = newest_base(path);
  } else if (std::filesystem::exists(path, ignored)) {
    const std::string stem = path.stem().string();
    run.folder = path.parent_path();
    run.base = stem.substr(0, stem.rfind('_'));
    if (run.folder.filename() == run.base + "_frames") run.folder = run.folder.parent_path();
  } else {
    run.folder = output_dir / word.substr(0, word.rfind('('));
    run.base = word;
  }
  for (const Path& folder : {run.folder, kept_folder(run.folder, run.base)}) {
    auto runs = frames_in(folder.empty() ? "." : folder);
    if (run.frames.empty()) run.frames = std::move(runs[run.base]);
  }
  if (run.frames.empty())
    throw Error(ErrorKind::file, "there are no pictures of a run '" + word + "'",
                "name its folder, such as images_out/default, its settings file, or its base name");
  return run;
}

/// What the run was made with, from the file beside its pictures or out of one of them.
Path settings_of(const FoundRun& run) {
  const Path beside = run.folder / (run.base + "_settings.txt");
  return std::filesystem::exists(beside) ? beside : run.frames.begin()->second;
}

void warn_of_gaps(const Frames& frames, HostServices& host) {
  const std::int64_t last = frames.rbegin()->first, count = static_cast<std::int64_t>(frames.size());
  if (frames.begin()->first != 1 || last != count)
    host.log(LogLevel::warning, "of the pictures 1 to " + std::to_string(last) + " there are only " +
                                    std::to_string(count) + "; the video closes the gaps");
}

}  // namespace

int encode_command(const std::vector<std::string>& words, const std::vector<Path>& config_folders,
                   const PluginRegistry& registry) {
  if (words.empty() || words[0].find('=') != std::string::npos)
    throw Error(ErrorKind::usage, "reverie encode takes a run, then name=value",
                "for example: reverie encode images_out/default video_format=webm");
  const std::vector<std::string> overrides(words.begin() + 1, words.end());
  const auto given = destination_of({{}, overrides, config_folders}, registry);
  const FoundRun run = find_run(words[0], given ? given->place.pictures.parent_path() : Path());
  const Plan plan = make_plan({settings_of(run), overrides, config_folders}, registry);
  RunSettings settings = plan.settings;
  std::vector<Problem> problems;
  choose_video_sink(settings, registry, problems);
  if (!problems.empty()) throw SettingsError(std::move(problems));
  HostServices host({"cpu", 0, installation_prefix() / "share/reverie/models",
                     settings.get<std::string>("models_parent_dir"), "fp32"});
  const Pictures pictures(registry, host);
  warn_of_gaps(run.frames, host);

  const double rate = settings.get<double>("frames_per_second");
  const auto sink =
      make_video_sink(registry, host, settings,
                      {run.folder, run.base, rate, settings_json(settings), 0,
                       Timeline(settings).early_pictures(settings.get<std::int64_t>("save_every"))});
  Path video;
  std::int64_t number = 0, shown = 0;
  for (const auto& [ignored, picture] : run.frames) {
    const Path file = sink->write(pictures.load(picture.string()), ++number);
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

}  // namespace reverie
