#pragma once
// --ranks: several processes of this program on this machine, started and watched.

#include <cstdint>
#include <string>
#include <vector>

namespace reverie::distributed {

/// Starts this program `ranks` times with `words`, its arguments, and waits. Rank 0 has this process'
/// standard output and error; what another rank printed is shown only if it was the first to end, and
/// crashed. When one ends without success, the others end, too. Signals to end are passed on; the ranks start
/// with them blocked. A second request to end ends all of them at once. Each gets its share of the
/// processors, unless OMP_NUM_THREADS says how many threads. Returns rank 0's exit status, or that of the
/// first that failed. Throws Error.
int launch(std::int64_t ranks, const std::vector<std::string>& words);

/// For a process that launch() started: it ends when that process dies.
void end_with_launcher();

}  // namespace reverie::distributed
