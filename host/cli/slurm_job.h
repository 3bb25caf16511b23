#pragma once
// A sweep as a job array of Slurm: what may be asked for, and the script that Slurm runs.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace reverie::cli {

/// What a job asks for, in the words of Hydra's submitit launcher.
struct SlurmOptions {
  std::vector<std::pair<std::string, std::string>> directives;  ///< options of sbatch and their values
  std::string name = "reverie";
  std::int64_t parallel = 0;        ///< tasks at the same time; 0: as many as Slurm will
  std::int64_t tasks = 0;           ///< of the array; 0: one for each run
  std::int64_t signal_delay = 120;  ///< seconds before the time limit at which a task saves its run
  std::int64_t most_timeouts = 20;  ///< how often a task is queued again
  std::vector<std::string> setup;   ///< commands of the shell before the first run
};

/// Takes "hydra.launcher.NAME=VALUE" and "hydra/launcher=NAME" out of `words`. Returns the former without
/// their beginning.
std::vector<std::string> take_launcher_words(std::vector<std::string>& words);

/// Whether the words ask for Slurm as Hydra does: hydra/launcher=submitit_slurm.
bool asks_for_slurm(const std::vector<std::string>& words);

/// Of "NAME=VALUE". Throws Error(usage).
SlurmOptions read_slurm_options(const std::vector<std::string>& words);

/// A job array.
struct SlurmJob {
  std::string folder;             ///< of the script, logs and results, below the working directory
  std::vector<std::size_t> runs;  ///< to be done, by their numbers from 1
  std::size_t total = 0;          ///< runs of the sweep
  std::string command;            ///< of the shell, for the whole sweep
};

/// The script. Beside it a run leaves RUN.log, RUN.start when it begins and RUN.end, its exit status, when it
/// is over.
std::string job_script(const SlurmOptions& options, const SlurmJob& job);

/// How many tasks the array has.
std::size_t task_count(const SlurmOptions& options, const SlurmJob& job);

}  // namespace reverie::cli
