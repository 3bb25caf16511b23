#pragma once
// What Slurm knows of a job array, by its programs sbatch and squeue.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace reverie::cli {

/// Gives the script to sbatch; returns the job's number. Throws Error(usage) where sbatch is not installed or
/// refuses it.
std::string submit(const std::filesystem::path& script);

/// The states of an array's tasks in Slurm's words, such as PENDING, RUNNING, COMPLETED; of tasks that it has
/// forgotten there is none. Nothing if Slurm does not answer, which may be over later.
std::optional<std::map<std::int64_t, std::string>> task_states(const std::string& job);

/// Whether a task of this state will not run any more.
bool is_over(const std::string& state);

}  // namespace reverie::cli
