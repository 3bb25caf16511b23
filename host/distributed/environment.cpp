#include "distributed/environment.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <vector>

#include "reverie/error.h"

namespace reverie::distributed {
namespace {

constexpr const char* kRank = "REVERIE_RANK";
constexpr const char* kCount = "REVERIE_RANKS";
constexpr const char* kStore = "REVERIE_RANKS_STORE";

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::int64_t number(const char* name, std::int64_t least, std::int64_t most) {
  const std::string text = variable(name);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value >= least && value <= most)
    return value;
  throw Error(ErrorKind::usage,
              std::string("the environment variable ") + name + " is '" + text +
                  "', not a whole number from " + std::to_string(least) + " to " + std::to_string(most),
              "it says which of several processes of a run this is; unset it for a run of one process");
}

/// The names of one launcher's variables.
struct Launcher {
  const char *rank, *count, *local_rank;
};
constexpr std::array<Launcher, 3> kLaunchers = {
    {{"RANK", "WORLD_SIZE", "LOCAL_RANK"},
     {"SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID"},
     {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"}}};

bool is_private(const in_addr& address) {
  const std::uint32_t host = ntohl(address.s_addr);
  const auto within = [&](std::uint32_t network, int bits) {
    return host >> (32 - bits) == network >> (32 - bits);
  };
  return within(0x7F000000, 8) || within(0x0A000000, 8) || within(0xAC100000, 12) || within(0xC0A80000, 16) ||
         within(0xA9FE0000, 16) || within(0x64400000, 10);  // the last two: link-local, shared (RFC 6598)
}

bool is_private(const in6_addr& address) {
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    in_addr v4 = {};
    std::memcpy(&v4, address.s6_addr + 12, sizeof v4);
    return is_private(v4);
  }
  return IN6_IS_ADDR_LOOPBACK(&address) || IN6_IS_ADDR_LINKLOCAL(&address) ||
         (address.s6_addr[0] & 0xFE) == 0xFC;
}

}  // namespace

std::optional<RankEnvironment> rank_environment() {
  RankEnvironment result;
  if (const std::string store = variable(kStore); !store.empty()) {
    result.count = number(kCount, 1, kMostRanks);
    result.rank = result.local_rank = number(kRank, 0, result.count - 1);
    result.store_file = store;
    return result;
  }
  for (const Launcher& launcher : kLaunchers) {
    if (variable(launcher.rank).empty() || variable(launcher.count).empty()) continue;
    // A batch script of Slurm has these variables, too, but only srun starts one process for each task.
    if (launcher.rank == std::string("SLURM_PROCID") && variable("SLURM_STEP_ID").empty()) continue;
    result.count = number(launcher.count, 1, kMostRanks);
    if (result.count == 1) return std::nullopt;
    result.rank = number(launcher.rank, 0, result.count - 1);
    if (!variable(launcher.local_rank).empty())
      result.local_rank = number(launcher.local_rank, 0, kMostRanks);
    result.address = variable("MASTER_ADDR");
    if (result.address.empty() || variable("MASTER_PORT").empty())
      throw Error(
          ErrorKind::usage,
          std::string(launcher.rank) + " and " + launcher.count + " say that this is one of " +
              std::to_string(result.count) +
              " processes of a run, but MASTER_ADDR and MASTER_PORT do not say where they meet",
          "set them to the machine of rank 0 and a free port there; docs/distributed.md has examples. For a "
          "run of one process, unset " +
              std::string(launcher.rank));
    result.port =
        static_cast<std::uint16_t>(number("MASTER_PORT", 1, std::numeric_limits<std::uint16_t>::max()));
    result.store_is_there = variable("TORCHELASTIC_USE_AGENT_STORE") == "True";
    result.attempt = variable("TORCHELASTIC_RESTART_COUNT");
    return result;
  }
  return std::nullopt;
}

std::int64_t local_rank() {
  std::vector<const char*> names = {kRank};
  for (const Launcher& launcher : kLaunchers) names.push_back(launcher.local_rank);
  for (const char* name : names) {
    const std::string text = variable(name);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (!text.empty() && error == std::errc() && end == text.data() + text.size() && value >= 0) return value;
  }
  return 0;
}

void set_rank_environment(std::int64_t rank, std::int64_t count, const std::filesystem::path& store_file) {
  ::setenv(kRank, std::to_string(rank).c_str(), 1);
  ::setenv(kCount, std::to_string(count).c_str(), 1);
  ::setenv(kStore, store_file.c_str(), 1);
}

void refuse_public(const std::string& address) {
  if (variable("REVERIE_TRUST_NETWORK") == "1") return;
  addrinfo* found = nullptr;
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  if (const int error = ::getaddrinfo(address.c_str(), nullptr, &hints, &found))
    throw Error(ErrorKind::usage, "MASTER_ADDR is '" + address + "': " + ::gai_strerror(error),
                "it is the name or address of the machine of rank 0");
  bool all_private = true;
  for (const addrinfo* each = found; each; each = each->ai_next) {
    if (each->ai_family == AF_INET)
      all_private = all_private && is_private(reinterpret_cast<const sockaddr_in*>(each->ai_addr)->sin_addr);
    if (each->ai_family == AF_INET6)
      all_private =
          all_private && is_private(reinterpret_cast<const sockaddr_in6*>(each->ai_addr)->sin6_addr);
  }
  ::freeaddrinfo(found);
  if (all_private) return;
  throw Error(ErrorKind::usage,
              "MASTER_ADDR is '" + address + "', which is an address of the public internet",
              "what ranks send each other is neither encrypted nor checked, so it belongs in a trusted "
              "network; where "
              "this is one, set REVERIE_TRUST_NETWORK=1");
}

}  // namespace reverie::distributed
