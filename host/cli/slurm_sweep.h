#pragma once
// Runs of a batch as tasks of Slurm.

#include <vector>

#include "cli/batch.h"
#include "plugins/registry.h"

namespace reverie::cli {

/// Checks the runs, submits those that are not done as one job array (BatchRequest::slurm), shows how they go
/// until all are over, and sums up. Where the array of an earlier call is still queued, it is watched
/// instead. With BatchRequest::list, the job script is printed and nothing else is done. Returns what
/// run_batch() does.
int run_slurm_sweep(const BatchRequest& request, const std::vector<BatchRun>& runs,
                    const PluginRegistry& registry);

}  // namespace reverie::cli
