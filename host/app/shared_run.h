#pragma once
// A run that several processes share: what they agree on before its first step.

#include "distributed/facts.h"
#include "engine/host_services.h"
#include "engine/run_plugins.h"
#include "settings/run_settings.h"

namespace reverie::app {

/// [collective] A seed that is not set is that of rank 0, and `cutout_groups` a number. Throws Error(usage)
/// where there are more ranks than groups.
void agree_on_settings(RunSettings& settings, distributed::Ranks& ranks);

/// How many groups the cutouts of a run over so many ranks are in. Throws Error(usage) where that is fewer
/// than there are ranks.
std::int64_t groups_for(const RunSettings& settings, std::int64_t ranks);

/// [collective] What must be the same on all ranks: version, settings, device, processor, the files that the
/// run uses, and what it begins with.
distributed::Facts facts_of_run(distributed::Ranks& ranks, const RunSettings& settings,
                                const engine::HostServices& host, const engine::RunPlugins& ensemble,
                                std::int64_t steps);

}  // namespace reverie::app
