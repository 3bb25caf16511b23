#pragma once
// Renders one run from start to end: for `reverie render` and for a server.

#include <functional>

#include "app/perceptor_cache.h"
#include "app/plan.h"
#include "engine/render.h"

namespace reverie::app {

/// A caller's options for a run, besides its settings.
struct RunOptions {
  engine::RunObserver follow;                         ///< none: a bar or lines on standard error
  std::shared_ptr<engine::RequestedControl> control;  ///< none: only signals end the run
  /// Makes a viewer besides those that the settings ask for.
  std::function<std::shared_ptr<Viewer>(const Viewer::Setup&)> view;
  PerceptorCache* shelf = nullptr;            ///< none: perceptors are loaded for this run alone
  std::optional<engine::OutputNames> output;  ///< where the files go; existing ones are overwritten
  std::function<void(const engine::OutputNames&)> begins;  ///< called before anything is loaded or written
  distributed::Ranks* ranks = nullptr;  ///< the processes that share the run; only the first writes files
  bool on_terminal = false;             ///< somebody watches standard error
};

struct RunOutcome : engine::RenderResult {
  engine::OutputNames output;
  std::int64_t memory_at_peak = 0;  ///< as approximate_vram_usage counts it; 0 without
};

/// Throws Error. Files that were written before that are kept.
RunOutcome render_run(const Plan& plan, const PluginRegistry& registry, const RunOptions& options);

}  // namespace reverie::app
