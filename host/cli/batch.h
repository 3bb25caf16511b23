#pragma once
// One call, several runs: settings files one after another, and the combinations of a sweep.

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/rank_forecast.h"
#include "cli/slurm_job.h"
#include "distributed/ranks.h"
#include "plugins/registry.h"
#include "settings/groups.h"

namespace reverie::cli {

/// Which part of a list of runs is done here: of `count` equal parts the `number`th, from 1.
struct Shard {
  std::size_t number = 1, count = 1;
};

/// "2/4". Throws Error(usage).
Shard parse_shard(const std::string& text);

/// How `render`, `preview-motion`, `check`, `config` and `curves` were called.
struct BatchRequest {
  std::string command;
  std::vector<std::string> words;  ///< files and name=value
  std::vector<std::filesystem::path> config_folders;
  bool multirun = false;                      ///< commas separate the values of a sweep
  bool restore = false;                       ///< as if restore=true were the last word
  bool memory = false;                        ///< of check: say how much a run will need
  std::optional<app::RankQuestion> forecast;  ///< of check: predict a run over ranks
  distributed::Ranks* ranks = nullptr;        ///< of render: the processes that share every run
  Shard shard;                                ///< of render
  bool list = false;                          ///< of render: print a command for each run instead
  std::filesystem::path claims;       ///< of render: a folder by which machines share the runs; empty: none
  std::chrono::seconds lease{60};     ///< after which a claim that is not renewed is taken over
  std::optional<SlurmOptions> slurm;  ///< of render: the runs are tasks of Slurm
  std::vector<std::string> options;   ///< that commands of `list` need, too
  std::string svg;                    ///< of curves: the file of a drawing instead of a table
};

/// One run of a batch.
struct BatchRun {
  SettingsSources sources;
  std::string label;  ///< the file and what differs from the other runs of a sweep
};

/// A line of the summary of several runs.
struct RunLine {
  std::string end;          ///< done, failed, interrupted, ...
  std::string label, rest;  ///< which run it was, and what there is to say
};

/// Prints the summary.
void sum_up(const std::vector<RunLine>& lines);

/// All runs in their order: for each file, each combination. Throws Error(usage).
std::vector<BatchRun> list_runs(const BatchRequest& request);

/// Runs one after another and sums up at the end if there are several. The failure of a run is printed and
/// does not end the batch; Ctrl-C does. Returns the exit status: 0, 130 if interrupted, 2 if all that failed
/// were mistakes in settings, else 1. Throws what the only run throws.
int run_batch(const BatchRequest& request, const PluginRegistry& registry);

}  // namespace reverie::cli
