#include "cli/slurm_sweep.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <thread>

#include "app/run_plan.h"
#include "cli/signals.h"
#include "cli/slurm_queue.h"
#include "cli/words.h"
#include "engine/host_services.h"
#include "log/log.h"
#include "log/printable.h"
#include "models/sha256.h"

namespace reverie::cli {

using app::find_missing;
using app::make_plan;
using engine::interrupted;
using engine::newest_run;
using engine::write_file;
using log::shown_line;
using log::write_log;

namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr auto kLook = std::chrono::seconds(1);  // at the files of the runs
constexpr auto kAsk = std::chrono::seconds(10);  // Slurm, which many ask

/// The programs of a cluster see the same files, but their PATH may be another.
std::string this_program() { return fs::read_symlink("/proc/self/exe").string(); }

/// What the shell of a task is given, but for the part that it does.
std::string sweep_command(const BatchRequest& request) {
  std::string line = shell_word(this_program()) + " render";
  if (request.multirun) line += " --multirun";
  for (const std::string& option : request.options) line += " " + shell_word(option);
  for (const std::string& word : request.words) line += " " + shell_word(word);
  return line;
}

/// Whether a run failed by a mistake in its settings, was interrupted, ...
std::string name_of_end(int status) {
  return status == 0 ? "done" : status == 130 ? "interrupted" : "failed";
}

/// How far a run is by the last line of its log that says so ("step 40/200  ..."), from 0 to 1.
double progress_in(const fs::path& file) {
  constexpr std::streamoff kTail = 8192;
  std::ifstream stream(file, std::ios::ate);
  if (!stream) return 0;
  const std::streamoff size = stream.tellg();
  stream.seekg(std::max<std::streamoff>(0, size - kTail));
  const std::string tail(std::istreambuf_iterator<char>(stream), {});
  const std::size_t line = ("\n" + tail).rfind("\nstep ");
  long done = 0, total = 0;
  if (line == std::string::npos || std::sscanf(tail.c_str() + line, "step %ld/%ld", &done, &total) != 2)
    return 0;
  return total > 0 ? std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0) : 0;
}

/// The sweep's folder and what its runs have left there.
class Sweep {
 public:
  Sweep(const BatchRequest& request, const std::vector<BatchRun>& runs, const PluginRegistry& registry)
      : request_(request), runs_(runs), registry_(registry) {
    examine();
  }

  const fs::path& folder() const { return folder_; }
  fs::path file(std::size_t run, const char* ending) const {
    return folder_ / (std::to_string(run) + "." + ending);
  }
  const std::string& label(std::size_t run) const { return runs_[run - 1].label; }
  std::size_t count() const { return runs_.size(); }

  /// The exit status that a run of an array has left; nothing before its end.
  std::optional<int> end_of(std::size_t run) const {
    int status = 0;
    std::ifstream stream(file(run, "end"));
    return stream >> status ? std::optional(status) : std::nullopt;
  }

  /// All, or with --restore those that have not succeeded.
  std::vector<std::size_t> open_runs() const {
    std::vector<std::size_t> open;
    for (std::size_t run = 1; run <= count(); ++run)
      if (!request_.restore || end_of(run) != 0 || !newest_run(places_[run - 1])) open.push_back(run);
    return open;
  }

  /// A task continues runs, so what is there must be meant: throws Error(usage) without --restore.
  void refuse_earlier_runs() const {
    if (request_.restore) return;
    for (std::size_t run = 1; run <= count(); ++run)
      if (newest_run(places_[run - 1]))
        throw Error(ErrorKind::usage,
                    "[" + label(run) + "] has been begun before: there are files of it in '" +
                        places_[run - 1].pictures.string() + "'",
                    "add --restore to continue what is not finished, or give another file_namespace");
  }

 private:
  /// Checks all runs, so that mistakes do not wait in a queue, and names the folder by what they are.
  void examine() {
    models::Sha256 hash;
    for (const BatchRun& run : runs_) {
      SettingsSources fresh = run.sources;
      std::erase(fresh.overrides, "restore=true");  // what they are does not depend on what they have done
      const app::Plan plan =
          make_plan(fresh, registry_, [this](const app::Plan& wrong, std::vector<Problem>& problems) {
            find_missing(wrong, registry_, problems);
          });
      if (plan.settings.get<bool>("wildcards") &&
          plan.settings.find("seed")->location.is(Location::Source::none))
        throw Error(ErrorKind::usage,
                    "[" + run.label +
                        "] draws its prompts ('wildcards') without a seed, so each call would "
                        "draw another sweep",
                    "give the runs seeds, such as seed=1,2,3");
      const engine::RunPlace place(plan.settings);
      const auto same = std::find(places_.begin(), places_.end(), place);
      if (same != places_.end())
        throw Error(ErrorKind::usage,
                    "[" + runs_[static_cast<std::size_t>(same - places_.begin())].label + "] and [" +
                        run.label + "] are both in '" + place.file_namespace +
                        "', and a task must know which it continues",
                    "give each run one of its own, such as file_namespace='hill_${seed}'");
      places_.push_back(place);
      hash.add(settings_yaml(plan.settings));
    }
    constexpr std::size_t kDigits = 12;
    folder_ = fs::path("slurm") / hash.hex().substr(0, kDigits);
  }

  const BatchRequest& request_;
  const std::vector<BatchRun>& runs_;
  const PluginRegistry& registry_;
  fs::path folder_;
  std::vector<engine::RunPlace> places_;  // of the runs
};

/// An array that has been submitted, and what is known of its runs.
class Watch {
 public:
  Watch(const Sweep& sweep, std::string job, std::size_t tasks, const std::vector<std::size_t>& runs)
      : sweep_(sweep), job_(std::move(job)), terminal_(::isatty(STDERR_FILENO) != 0) {
    for (std::size_t i = 0; i < runs.size(); ++i)
      followed_.push_back({runs[i], static_cast<std::int64_t>(i % tasks) + 1, "PENDING", "", 0});
  }

  /// Until all runs are over, or this process is interrupted.
  void follow() {
    steady_clock::time_point asked;
    while (!interrupted) {
      read_ends();
      if (all_over()) break;
      if (steady_clock::now() - asked >= kAsk) {
        ask();
        asked = steady_clock::now();
      }
      show();
      std::this_thread::sleep_for(kLook);
    }
    clear();
  }

  /// One line for each run of the sweep, of which some may have been done before.
  std::vector<RunLine> lines() const {
    std::vector<RunLine> result;
    for (std::size_t run = 1; run <= sweep_.count(); ++run) {
      const auto mine = std::find_if(followed_.begin(), followed_.end(),
                                     [&](const Followed& one) { return one.run == run; });
      const std::string label = shown_line(sweep_.label(run));
      if (mine == followed_.end())
        result.push_back({"done", label, ""});
      else if (mine->end.empty())
        result.push_back({"interrupted", label, "it goes on in Slurm"});
      else
        result.push_back({mine->end, label, mine->end == "done" ? "" : mine->why});
    }
    return result;
  }

  /// As run_batch() returns it.
  int status() const {
    const auto any = [&](const char* end) {
      return std::any_of(followed_.begin(), followed_.end(),
                         [&](const Followed& one) { return one.end == end; });
    };
    if (any("interrupted") || any("")) return 130;
    const bool mistakes = std::all_of(followed_.begin(), followed_.end(), [](const Followed& one) {
      return one.end != "failed" || one.status == 2;
    });
    return !any("failed") ? 0 : mistakes ? 2 : 1;
  }

 private:
  struct Followed {
    std::size_t run;
    std::int64_t task;
    std::string state;  ///< of the task, in Slurm's words
    std::string end;    ///< empty: not over
    int status;
    std::string why = "";
    bool missed = false;  ///< at the last look, its task was over and the run was not
  };

  bool all_over() const {
    return std::none_of(followed_.begin(), followed_.end(),
                        [](const Followed& one) { return one.end.empty(); });
  }

  void read_ends() {
    for (Followed& one : followed_) {
      if (!one.end.empty()) continue;
      const auto status = sweep_.end_of(one.run);
      if (!status) continue;
      one.status = *status;
      one.why = "exit status " + std::to_string(*status) + "; see " + sweep_.file(one.run, "log").string();
      finish(one, name_of_end(*status));
    }
  }

  void finish(Followed& one, const std::string& end) {
    one.end = end;
    clear();
    std::cerr << "[" << one.run << "/" << sweep_.count() << " " << shown_line(sweep_.label(one.run)) << "] "
              << end << std::endl;
  }

  /// Finds the tasks that ended without a word: cancelled, out of memory, a machine that is gone.
  void ask() {
    const auto states = task_states(job_);
    if (!states) {
      if (!silent_)
        write_log(LogLevel::warning, "squeue does not answer; the job goes on, and is asked for again");
      silent_ = true;
      return;
    }
    silent_ = false;
    read_ends();
    for (Followed& one : followed_) {
      if (!one.end.empty()) continue;
      const auto known = states->find(one.task);
      one.state = known == states->end() ? "" : known->second;
      const bool over = one.state.empty() || is_over(one.state);
      if (over && one.missed) {  // seen twice, since shared folders may show files late
        one.status = 1;
        const bool failed = one.state == "FAILED" || one.state == "OUT_OF_MEMORY";
        one.why = one.state.empty() ? "its task is no longer in Slurm's queue"
                                    : "Slurm ended its task as " + one.state;
        one.why += "; see " + (sweep_.folder() / ("task-" + std::to_string(one.task) + ".log")).string();
        finish(one, failed ? "failed" : "interrupted");
      }
      one.missed = over;
    }
  }

  void show() {
    std::size_t running = 0, waiting = 0, over = 0;
    double part = 0;
    for (const Followed& one : followed_) {
      const bool begun = fs::exists(sweep_.file(one.run, "start"));
      over += !one.end.empty();
      running += one.end.empty() && begun;
      waiting += one.end.empty() && !begun;
      part += !one.end.empty() ? 1 : begun ? progress_in(sweep_.file(one.run, "log")) : 0;
    }
    const auto percent = static_cast<int>(100 * part / static_cast<double>(followed_.size()));
    const std::string counts = "job " + job_ + ": " + std::to_string(over) + " over, " +
                               std::to_string(running) + " running, " + std::to_string(waiting) + " waiting";
    if (terminal_) {
      std::cerr << "\r\033[K" << counts << ", " << percent << " %" << std::flush;
      shown_ = true;
    } else if (counts != last_) {
      std::cerr << counts << std::endl;
    }
    last_ = counts;
  }

  void clear() {
    if (shown_) std::cerr << "\r\033[K" << std::flush;
    shown_ = false;
  }

  const Sweep& sweep_;
  std::string job_;
  std::vector<Followed> followed_;
  bool terminal_, shown_ = false, silent_ = false;
  std::string last_;
};

/// An array as the sweep's folder remembers it: "JOB TASKS RUN RUN ...".
struct Submitted {
  std::string job;
  std::size_t tasks = 0;
  std::vector<std::size_t> runs;
};

std::optional<Submitted> submitted_before(const fs::path& folder) {
  std::ifstream stream(folder / "submitted.txt");
  Submitted before;
  if (!(stream >> before.job >> before.tasks) || before.tasks == 0) return std::nullopt;
  for (std::size_t run; stream >> run;) before.runs.push_back(run);
  return before;
}

/// Whether a task of it is or will be running.
bool is_queued(const Submitted& before) {
  const auto states = task_states(before.job);
  if (!states)
    throw Error(ErrorKind::usage,
                "job " + before.job + " may still be at work on these runs, and squeue does not answer",
                "try again when Slurm's controller is there, or give another file_namespace");
  return std::any_of(states->begin(), states->end(), [](const auto& task) { return !is_over(task.second); });
}

Submitted submit_open_runs(const BatchRequest& request, const Sweep& sweep, const SlurmJob& job) {
  const fs::path script = sweep.folder() / "job.sh";
  for (const std::size_t run : job.runs)
    for (const char* ending : {"end", "start"}) fs::remove(sweep.file(run, ending));
  write_file(script, job_script(*request.slurm, job));
  Submitted submitted{submit(script), task_count(*request.slurm, job), job.runs};
  std::string text = submitted.job + " " + std::to_string(submitted.tasks);
  for (const std::size_t run : job.runs) text += " " + std::to_string(run);
  write_file(sweep.folder() / "submitted.txt", text + "\n");
  return submitted;
}

}  // namespace

int run_slurm_sweep(const BatchRequest& request, const std::vector<BatchRun>& runs,
                    const PluginRegistry& registry) {
  const Sweep sweep(request, runs, registry);
  SlurmJob job{sweep.folder().string(), sweep.open_runs(), runs.size(), sweep_command(request)};
  if (request.list) {
    if (job.runs.empty()) throw Error(ErrorKind::usage, "all runs are done, so there is nothing to submit");
    std::cout << job_script(*request.slurm, job);
    return 0;
  }
  auto submitted = submitted_before(sweep.folder());
  if (submitted && is_queued(*submitted)) {
    write_log(LogLevel::info, "job " + submitted->job + " is at work on these runs already; it is watched");
  } else {
    sweep.refuse_earlier_runs();
    submitted = Submitted{"", 1, {}};
    if (!job.runs.empty()) {
      submitted = submit_open_runs(request, sweep, job);
      write_log(LogLevel::info, "submitted job " + submitted->job + ": " + std::to_string(job.runs.size()) +
                                    (job.runs.size() == 1 ? " run in " : " runs in ") +
                                    std::to_string(submitted->tasks) +
                                    (submitted->tasks == 1 ? " task" : " tasks") + "; logs are in " +
                                    sweep.folder().string());
    }
  }
  end_on_signals("");
  Watch watch(sweep, submitted->job, submitted->tasks, submitted->runs);
  watch.follow();
  sum_up(watch.lines());
  if (interrupted)
    std::cerr << "reverie: job " << submitted->job
              << " goes on; the same command watches it again, and scancel " << submitted->job << " ends it"
              << std::endl;
  else if (watch.status() == 130)
    std::cerr << "reverie: the same command with --restore continues the runs that were interrupted"
              << std::endl;
  return watch.status();
}

}  // namespace reverie::cli
