#include "cli/found_run.h"

#include <algorithm>

#include "reverie/error.h"

namespace reverie::cli {

using engine::HostServices;

namespace {

using Path = std::filesystem::path;

/// The pictures in a folder by base name and number.
std::map<std::string, FoundRun::Frames> frames_in(const std::filesystem::path& folder) {
  std::map<std::string, FoundRun::Frames> runs;
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
std::filesystem::path kept_folder(const std::filesystem::path& folder, const std::string& base) {
  return folder / (base + "_frames");
}

/// The newest run of a folder: the one with the highest k, which the longest name and the last of its length
/// has.
std::string newest_base(const std::filesystem::path& folder) {
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

}  // namespace

FoundRun find_run(const std::string& word, const std::filesystem::path& output_dir) {
  FoundRun run;
  const std::filesystem::path path(word);
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
  for (const std::filesystem::path& folder : {run.folder, kept_folder(run.folder, run.base)}) {
    auto runs = frames_in(folder.empty() ? "." : folder);
    if (run.frames.empty()) run.frames = std::move(runs[run.base]);
  }
  if (run.frames.empty())
    throw Error(ErrorKind::file, "there are no pictures of a run '" + word + "'",
                "name its folder, such as images_out/default, its settings file, or its base name");
  return run;
}

std::filesystem::path settings_of(const FoundRun& run) {
  const std::filesystem::path beside = run.folder / (run.base + "_settings.txt");
  return std::filesystem::exists(beside) ? beside : run.frames.begin()->second;
}

FoundPlan find_plan(const std::vector<std::string>& words,
                    const std::vector<std::filesystem::path>& config_folders,
                    const PluginRegistry& registry) {
  const std::vector<std::string> overrides(words.begin() + 1, words.end());
  const auto given = app::destination_of({{}, overrides, config_folders}, registry);
  FoundRun run = find_run(words[0], given ? given->place.pictures.parent_path() : Path());
  app::Plan plan = app::make_plan({settings_of(run), overrides, config_folders}, registry);
  return {std::move(run), std::move(plan)};
}

void warn_of_gaps(const FoundRun& run, HostServices& host) {
  const std::int64_t last = run.frames.rbegin()->first, count = static_cast<std::int64_t>(run.frames.size());
  if (run.frames.begin()->first != 1 || last != count)
    host.log(LogLevel::warning, "of the pictures 1 to " + std::to_string(last) + " there are only " +
                                    std::to_string(count) + "; the video closes the gaps");
}

}  // namespace reverie::cli
