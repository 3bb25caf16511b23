#pragma once
// What the commands that make pictures share: preparing a run, its sound and its motion.

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "app/plan.h"
#include "engine/host_services.h"
#include "engine/run_plugins.h"
#include "media/pictures.h"

namespace reverie::app {

/// The parts of a run that plugins are created from.
struct RunContext {
  RunSettings settings;  ///< with the seed filled in
  std::unique_ptr<engine::HostServices> host;
  std::unique_ptr<media::Pictures> pictures;
};
/// Also says the plan's notices. `plan` must outlive the result. With `problems`, a device or precision that
/// is not there is added to them, and the CPU takes its place; else it is thrown.
RunContext make_run_context(const Plan& plan, const PluginRegistry& registry,
                            std::vector<Problem>* problems = nullptr);

/// Opens pictures and videos that settings name; those that are missing are added to `problems`.
class PictureCheck {
 public:
  /// Both must outlive this.
  PictureCheck(const RunContext& context, std::vector<Problem>& problems)
      : context_(context), problems_(problems) {}
  /// Of a video, all frames up to `last` are decoded, at the run's rate. `params`: a plugin's, of which
  /// `setting` is one.
  void need(const std::string& path, const std::string& setting, std::int64_t last = 0,
            const Settings* params = nullptr);

 private:
  const RunContext& context_;
  std::vector<Problem>& problems_;
  std::set<std::pair<std::string, std::int64_t>> tried_;
};

/// Analyses the sound that the settings name, whole: what is wrong with it is known before anything is
/// loaded.
std::unique_ptr<audio::Soundtrack> listen(const RunContext& context, const Plan& plan,
                                          const PluginRegistry& registry);

/// Puts the parameters of estimators in force. What the animation mode and the stabilisation weights need
/// and is not there is added to `problems`: weights of estimators that the settings name, and a video.
void find_for_motion(RunContext& context, const Plan& plan, const PluginRegistry& registry,
                     std::vector<Problem>& problems);

/// The settings' width and height; one that is -1 follows from the shape of the init image or, without one,
/// of the video.
ImageModel::Setup picture_size(const RunContext& context, const at::Tensor& init_image);

/// The animation mode and what it needs, for an ensemble that has its image model. Without a mode, nothing.
void prepare_motion(engine::RunPlugins& ensemble, const RunContext& context, const Plan& plan,
                    const PluginRegistry& registry);

/// The flow estimator of a command that needs one: the one that 'flow_model' names, or the first.
void choose_flow_estimator(RunContext& context, const PluginRegistry& registry,
                           std::vector<Problem>& problems);
engine::Member<FlowEstimator> make_flow_estimator(const RunContext& context, const PluginRegistry& registry);

/// The same of a depth estimator, and 'depth_model'.
void choose_depth_estimator(RunContext& context, const PluginRegistry& registry,
                            std::vector<Problem>& problems);
engine::Member<DepthEstimator> make_depth_estimator(const RunContext& context,
                                                    const PluginRegistry& registry);

/// What a command needs that makes a video of a finished run: the sink of make_video_sink(), and what
/// `choose` chooses, one of the two above. Throws SettingsError with the problems of both.
void choose_for_video(
    RunContext& context, const PluginRegistry& registry,
    const std::function<void(RunContext&, const PluginRegistry&, std::vector<Problem>&)>& choose);

/// The sink of make_video_sink(), whose parameters it puts in force.
void choose_video_sink(RunSettings& settings, const PluginRegistry& registry, std::vector<Problem>& problems);

/// The sink with the role `encode`, alone: it keeps no pictures of its own.
std::shared_ptr<OutputSink> make_video_sink(const PluginRegistry& registry, engine::HostServices& host,
                                            const RunSettings& settings, const OutputSink::Setup& setup);

}  // namespace reverie::app
