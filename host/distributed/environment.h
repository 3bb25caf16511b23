#pragma once
// How a process learns that it is one of several that work on a run.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace reverie::distributed {

/// The largest number of processes of a run.
inline constexpr std::int64_t kMostRanks = 1024;

struct RankEnvironment {
  std::int64_t rank = 0, count = 1;
  std::int64_t local_rank = 0;       ///< among those on this machine
  std::string address;               ///< of the machine of rank 0
  std::uint16_t port = 0;            ///< there
  bool store_is_there = false;       ///< torchrun's agent serves the store already
  std::string attempt;               ///< of torchrun: each start of the ranks has names of its own
  std::filesystem::path store_file;  ///< of --ranks, in place of address and port
};

/// What the environment says: --ranks' own variables, or RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and
/// MASTER_PORT (torchrun, or by hand), else those of a Slurm step (SLURM_PROCID, SLURM_NTASKS,
/// SLURM_LOCALID), else Open MPI's (OMPI_COMM_WORLD_RANK, _SIZE, _LOCAL_RANK); address and port always by
/// MASTER_ADDR and MASTER_PORT. Nothing for a process that works alone. Throws Error(usage) for values that
/// make no sense.
std::optional<RankEnvironment> rank_environment();

/// The place of this process among those of its machine, by the same variables; 0 where they are missing or
/// make no sense, which is for rank_environment() to say.
std::int64_t local_rank();

/// Sets --ranks' own variables for a child process, or for this one.
void set_rank_environment(std::int64_t rank, std::int64_t count, const std::filesystem::path& store_file);

/// Throws Error(usage) unless an address is of this machine or of a private network, or REVERIE_TRUST_NETWORK
/// is 1: what the ranks send each other is neither encrypted nor authenticated.
void refuse_public(const std::string& address);

}  // namespace reverie::distributed
