#include "cli/batch.h"

#include <algorithm>
#include <charconv>
#include <iostream>
#include <optional>
#include <set>

#include "app/failure.h"
#include "app/run_plan.h"
#include "base/texts.h"
#include "cli/claims.h"
#include "cli/commands.h"
#include "cli/signals.h"
#include "cli/slurm_sweep.h"
#include "cli/words.h"
#include "engine/host_services.h"
#include "log/log.h"
#include "log/printable.h"
#include "models/sha256.h"
#include "settings/sweep.h"

namespace reverie::cli {

using app::current_failure;
using app::Destination;
using app::destination_of;
using app::Failure;
using app::find_missing;
using app::FindMore;
using app::make_plan;
using app::Plan;
using app::show;
using engine::interrupted;
using engine::RunBusy;
using engine::RunPlace;
using log::printable;
using log::shown_line;
using log::write_log;

namespace {

constexpr std::size_t kWidestLabel = 60;
constexpr int kInterrupted = 130;

/// Of the exception that is being handled: whether another process has the run.
bool is_busy() {
  try {
    throw;
  } catch (const RunBusy&) {
    return true;
  } catch (...) {
    return false;
  }
}

/// The first line of a text, without breaking a character.
std::string shortened(const std::string& text, std::size_t width) {
  std::string line = text.substr(0, text.find('\n'));
  if (line.size() <= width) return line;
  std::size_t end = width - 3;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
  return line.substr(0, end) + "...";
}

/// Pictures of the same call are not in each other's way, even where those of earlier calls may be lost.
void spare_earlier_runs(Plan& plan, std::set<std::filesystem::path>& folders) {
  const Settings& settings = plan.settings;
  const bool first = folders.insert(RunPlace(settings).pictures).second;
  if (first || !settings.get<bool>("allow_overwrite")) return;
  if (plan.restored || plan.again) return;  // it goes on with what is there
  SettingValue off = *settings.find("allow_overwrite");
  off.number = 0;
  plan.settings.set("allow_overwrite", off);
  plan.notices.push_back(
      "allow_overwrite is off for this run: an earlier run of this call has the same folder");
}

std::string pictures(const RunReport& report) {
  return std::to_string(report.pictures) + (report.pictures == 1 ? " picture in " : " pictures in ") +
         shown_line(report.folder);
}

class Batch {
 public:
  Batch(const BatchRequest& request, const PluginRegistry& registry)
      : command_(request.command),
        memory_(request.memory),
        forecast_(request.forecast),
        svg_(request.svg),
        ranks_(request.ranks),
        registry_(registry) {}

  int run_one(const BatchRun& run, RunReport& report, bool alone = true) {
    try {
      return do_run(run, report, alone);
    } catch (const SettingsError& error) {
      if (command_ == "render" || command_ == "preview-motion") throw;
      // That nothing was rendered is no news of a command that renders nothing.
      const std::size_t count = error.problems().size();
      const std::string found = std::to_string(count) + (count == 1 ? " problem found" : " problems found");
      throw SettingsError(error.problems(),
                          command_ == "check" ? found + "; reverie render would end here, too" : found);
    }
  }

  /// The runs of one shard; what concerns several runs is looked at in all of them.
  int run_all(const std::vector<BatchRun>& runs, const Shard& shard) {
    look_ahead(runs);
    bool goes_on = true;
    for (std::size_t i = shard.number - 1; i < runs.size(); i += shard.count) {
      if (!goes_on) {
        not_begun(runs[i]);
        continue;
      }
      announce(runs, i);
      goes_on = run_next(runs[i], alone(i)) != kInterrupted &&
                !(ranks_ ? ranks_->any(interrupted) : interrupted.load());
      std::cout << std::flush;
    }
    return finish();
  }

  /// The runs that no other machine has done or is doing. Waits for those, since they may have to be taken
  /// over.
  int run_claimed(const std::vector<BatchRun>& runs, const Shard& shard, Claims& claims) {
    claims_ = true;
    look_ahead(runs);
    for (std::size_t i = 0; i < runs.size(); ++i)
      if (!alone(i))
        throw Error(ErrorKind::usage,
                    "--claim continues runs that another machine began, but [" + runs[i].label +
                        "] has no file_namespace of its own",
                    "give each run one, such as file_namespace='hill_${seed}'");
    std::vector<std::size_t> open;
    for (std::size_t i = shard.number - 1; i < runs.size(); i += shard.count) open.push_back(i);
    while (!open.empty() && !ends()) {
      bool worked = false;
      std::vector<std::size_t> later;
      for (const std::size_t i : open)
        if (ends() || !settle(runs, i, claims, worked)) later.push_back(i);
      open = std::move(later);
      if (!open.empty() && !worked && !ends()) claims.wait();
    }
    for (const std::size_t i : open)
      if (std::none_of(lines_.begin(), lines_.end(),
                       [&](const RunLine& line) { return line.label == shown_line(runs[i].label); }))
        not_begun(runs[i]);
    return finish();
  }

 private:
  int do_run(const BatchRun& run, RunReport& report, bool alone) {
    const bool whole = command_ == "check" || command_ == "render";
    Plan plan =
        make_plan(run.sources, registry_,
                  whole ? [this](const Plan& wrong,
                                 std::vector<Problem>& problems) { find_missing(wrong, registry_, problems); }
                        : FindMore());
    plan.alone = alone;
    if (command_ == "config") {
      for (const std::string& notice : plan.notices) write_log(LogLevel::warning, notice);
      std::cout << printable(settings_yaml(plan.settings));
      return 0;
    }
    if (command_ == "curves") return curves_command(plan, svg_);
    if (command_ == "check") return check_command(plan, registry_, memory_, forecast_);
    spare_earlier_runs(plan, folders_);
    return command_ == "render" ? render_command(plan, registry_, &report, ranks_)
                                : preview_motion_command(plan, registry_, &report);
  }

  bool ends() const { return stopped_ || interrupted; }

  /// Renders a run if this process gets it. Whether it is over, for everybody.
  bool settle(const std::vector<BatchRun>& runs, std::size_t i, Claims& claims, bool& worked) {
    Claims::State state = Claims::State::free;
    const auto claim = claims.take(claim_name(runs[i], i), state);
    if (!claim) {
      if (state == Claims::State::others) return false;
      const bool done = state == Claims::State::done;
      lines_.push_back({done ? "elsewhere" : "failed", shown_line(runs[i].label), "by another process"});
      all_mistakes_ = all_mistakes_ && done;
      return true;
    }
    announce(runs, i);
    if (claim->taken_over())
      write_log(LogLevel::info, "its owner has not renewed its claim; this process goes on with it");
    int status = 1;
    try {
      status = run_next(runs[i], true);
    } catch (const RunBusy& error) {  // whose claim was too old, but it lives
      write_log(LogLevel::info, error.what());
      return false;
    }
    worked = true;
    std::cout << std::flush;
    if (!claim->lost() && interrupted) return false;
    if (!claim->lost() &&
        status == kInterrupted) {  // on its page: no other process shall go on with it, either
      stopped_ = true;
      claim->end("failed", "it was stopped on its page; delete this file to let it go on");
      return true;
    }
    if (!claim->lost()) claim->end(status == 0 ? "done" : "failed", lines_.back().rest);
    if (claim->lost())
      throw Error(ErrorKind::file,
                  "the claim of [" + runs[i].label + "] has been taken over by another process",
                  "this one did not renew it in time; a larger --lease helps on slow networks");
    return true;
  }

  void not_begun(const BatchRun& run) { lines_.push_back({"not begun", shown_line(run.label), ""}); }

  /// Means the same run on all machines that were called with the same words.
  static std::string claim_name(const BatchRun& run, std::size_t index) {
    models::Sha256 hash;
    hash.add(run.sources.file.string());
    for (const std::string& word : run.sources.overrides) hash.add("\n" + word);
    constexpr std::size_t kDigits = 12;
    return std::to_string(index + 1) + "-" + hash.hex().substr(0, kDigits);
  }

  void announce(const std::vector<BatchRun>& runs, std::size_t i) const {
    const std::string title = std::to_string(i + 1) + "/" + std::to_string(runs.size()) + " " + runs[i].label;
    if (command_ == "config" || command_ == "curves")
      std::cout << (i ? "\n# " : "# ") << shown_line(title) << std::endl;
    else
      std::cerr << "[" << shown_line(title) << "]" << std::endl;
  }

  int finish() {
    if (command_ != "config" && command_ != "curves") sum_up(lines_);
    const auto any = [&](const char* end) {
      return std::any_of(lines_.begin(), lines_.end(), [&](const RunLine& line) { return line.end == end; });
    };
    if (any("interrupted") || interrupted) return kInterrupted;
    return !any("failed") ? 0 : all_mistakes_ ? 2 : 1;
  }

  /// Finds out which runs share a folder. There, nobody could say which of them is to be continued.
  void look_ahead(const std::vector<BatchRun>& runs) {
    for (const BatchRun& run : runs) destinations_.push_back(destination_of(run.sources, registry_));
    for (std::size_t i = 0; i < runs.size(); ++i) {
      if (!destinations_[i] || !destinations_[i]->restore) continue;
      for (std::size_t j = 0; j < runs.size(); ++j)
        if (j != i && destinations_[j] && destinations_[j]->place == destinations_[i]->place)
          throw Error(ErrorKind::usage,
                      "'restore' continues one run of a file_namespace, but [" + runs[std::min(i, j)].label +
                          "] and [" + runs[std::max(i, j)].label + "] are both in '" +
                          destinations_[i]->place.file_namespace + "'",
                      "restore them one at a time; runs with a file_namespace of their own, such as "
                      "'hill_${seed}', can be restored together");
    }
  }

  bool alone(std::size_t index) const {
    const auto& mine = destinations_[index];
    return mine && std::count_if(destinations_.begin(), destinations_.end(), [&](const auto& other) {
                     return other && other->place == mine->place;
                   }) == 1;
  }

  int run_next(const BatchRun& run, bool alone) {
    RunLine line{"done", shown_line(run.label), ""};
    RunReport report;
    int status = 1;
    try {
      status = run_one(run, report, alone);
      if (status == kInterrupted) line.end = "interrupted";
      if (command_ == "render" || command_ == "preview-motion") line.rest = pictures(report);
    } catch (...) {
      if (ranks_) throw;  // the next run would find the ranks at different places
      if (claims_ && is_busy()) throw;
      const Failure failure = current_failure();
      status = show(failure);
      line.end = "failed";
      line.rest = shortened(failure.message, 100);
      all_mistakes_ = all_mistakes_ && status == 2;
    }
    lines_.push_back(line);
    return status;
  }

  std::string command_;
  bool memory_;
  std::optional<app::RankQuestion> forecast_;
  std::string svg_;
  distributed::Ranks* ranks_;
  bool claims_ = false;   // the runs are shared by claims
  bool stopped_ = false;  // somebody stopped the run on its page, which ends the batch
  const PluginRegistry& registry_;
  std::set<std::filesystem::path> folders_;               // that runs of this batch have written to
  std::vector<std::optional<Destination>> destinations_;  // of all runs
  std::vector<RunLine> lines_;
  bool all_mistakes_ = true;  // all failures so far were mistakes in settings
};

/// What a shell must be given for this run alone.
std::string command_of(const BatchRun& run, const std::vector<std::string>& options) {
  std::string line = "reverie render";
  for (const std::string& option : options) line += " " + shell_word(option);
  if (!run.sources.file.empty()) line += " " + shell_word(run.sources.file.string());
  for (const std::string& word : run.sources.overrides) line += " " + shell_word(word);
  return line;
}

}  // namespace

void sum_up(const std::vector<RunLine>& lines) {
  std::size_t width = 0, failed = 0, done = 0;
  for (const RunLine& line : lines) {
    width = std::max(width, shortened(line.label, kWidestLabel).size());
    failed += line.end == "failed";
    done += line.end == "done" || line.end == "elsewhere";
  }
  std::cout << "\n"
            << lines.size() << " runs: " << done << " done, " << failed << " failed"
            << (done + failed < lines.size() ? ", interrupted" : "") << "\n";
  for (const RunLine& line : lines) {
    std::string end = line.end, label = shortened(line.label, kWidestLabel);
    end.resize(std::string("interrupted").size(), ' ');
    label.resize(line.rest.empty() ? label.size() : width, ' ');
    std::cout << "  " << end << "  " << label << (line.rest.empty() ? "" : "  ") << line.rest << "\n";
  }
}

std::vector<BatchRun> list_runs(const BatchRequest& request) {
  refuse_blanks(request.words);
  std::vector<std::string> files, overrides;
  for (std::size_t i = 0; i < request.words.size(); ++i) {
    const std::string& word = request.words[i];
    if (is_override(word)) {
      overrides.push_back(word);
      continue;
    }
    // Behind name=value, a word may be a value that lost its name.
    const bool could_be_file = overrides.empty() || names_file(word) || exists(word);
    if (!could_be_file) refuse_loose_words(request.words, i);
    files.push_back(word);
  }
  refuse_prompt(files, request.command);
  if (files.size() == 1) refuse_near_miss(files[0]);
  if (files.empty() && overrides.empty() && default_file(request.config_folders).empty())
    throw Error(ErrorKind::usage, "reverie " + request.command + " needs a settings file",
                "for example: reverie " + request.command + " portrait.yaml, or reverie " + request.command +
                    " scenes=\"a red heart\"");
  if (files.empty()) files.emplace_back();
  std::vector<Problem> problems;
  std::vector<Combination> combinations = {{overrides, ""}};
  if (request.multirun) combinations = expand_sweep(overrides, problems);
  if (!problems.empty()) throw Error(ErrorKind::usage, report(problems));
  std::vector<BatchRun> runs;
  for (const std::string& file : files) {
    for (const Combination& combination : combinations) {
      BatchRun run{{file, combination.overrides, request.config_folders}, file};
      if (request.restore) run.sources.overrides.push_back("restore=true");
      run.label += (file.empty() || combination.swept.empty() ? "" : " ") + combination.swept;
      runs.push_back(std::move(run));
    }
  }
  return runs;
}

Shard parse_shard(const std::string& text) {
  Shard shard;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, shard.number);
  const bool divided = first.ec == std::errc() && first.ptr != end && *first.ptr == '/';
  const auto second = divided ? std::from_chars(first.ptr + 1, end, shard.count) : first;
  if (divided && second.ec == std::errc() && second.ptr == end && shard.number >= 1 &&
      shard.number <= shard.count)
    return shard;
  throw Error(ErrorKind::usage, "--shard is '" + printable(text) + "', not a part such as 1/4",
              "--shard 1/4 to --shard 4/4 are the four parts of a list of runs");
}

int run_batch(const BatchRequest& request, const PluginRegistry& registry) {
  const std::vector<BatchRun> runs = list_runs(request);
  if (request.slurm) return run_slurm_sweep(request, runs, registry);
  const Shard& shard = request.shard;
  if (shard.number > runs.size()) {
    std::cout << "nothing to do: there are fewer runs than parts\n";
    return 0;
  }
  if (request.list) {
    for (std::size_t i = shard.number - 1; i < runs.size(); i += shard.count)
      std::cout << command_of(runs[i], request.options) << "\n";
    return 0;
  }
  if (runs.size() > 1 && !request.svg.empty())
    throw Error(ErrorKind::usage, "--svg draws one run, and these are " + std::to_string(runs.size()),
                "draw them one by one, each into its own file");
  Batch batch(request, registry);
  if (!request.claims.empty()) {
    end_on_signals("interrupted: the present step is finished and saved first (Ctrl-C again ends at once)");
    Claims claims(request.claims, request.lease);
    return batch.run_claimed(runs, shard, claims);
  }
  if (runs.size() > 1) return batch.run_all(runs, shard);
  RunReport unused;
  return batch.run_one(runs[0], unused);
}

}  // namespace reverie::cli
