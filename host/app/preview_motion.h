#pragma once
// A run's moves alone as a video: for `reverie preview-motion` and for a server.

#include "app/render_run.h"

namespace reverie::app {

struct PreviewOutcome {
  engine::OutputNames output;
  std::filesystem::path file;  ///< the video
  std::int64_t pictures = 0;
  double seconds = 0;  ///< that the video lasts
  bool interrupted = false;
};

/// How often the run moves if no scene ends early. Throws Error(settings) when it never does.
std::int64_t count_moves(const Plan& plan);

/// Of the options `follow`, `control`, `output`, `begins` and `on_terminal` count. Throws Error.
PreviewOutcome preview_motion(const Plan& plan, const PluginRegistry& registry, const RunOptions& options);

}  // namespace reverie::app
