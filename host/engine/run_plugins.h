#pragma once
// What a run is made of, and how its plugins are called.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "distributed/ranks.h"
#include "engine/memory_account.h"
#include "plugins/plugin_call.h"
#include "prompts/motion.h"
#include "reverie/animation_mode.h"
#include "reverie/cutout_method.h"
#include "reverie/image_model.h"
#include "reverie/loss.h"
#include "reverie/optimiser.h"
#include "reverie/output_sink.h"
#include "reverie/perceptor.h"

namespace reverie {
struct LossTerm;
}

namespace reverie::engine {

/// A plugin's instance and its name, "kind/name", for messages.
template <typename Interface>
struct Member {
  std::string name;
  std::shared_ptr<Interface> instance;
};

/// Members are destroyed in reverse order: sinks before models.
struct RunPlugins {
  Member<ImageModel> model;
  Member<AnimationMode> animation;  ///< no instance: nothing moves
  Member<DepthEstimator> depth;     ///< what the animation mode needs
  Member<FlowEstimator> flow;
  std::shared_ptr<FrameSource> video;
  std::vector<Member<Perceptor>> perceptors;
  std::vector<MotionSetting> perceptor_weights;  ///< of each of them; empty: all are 1
  /// Another instance of one of these, which still has its text encoder; null: they keep theirs.
  std::function<std::shared_ptr<Perceptor>(std::size_t)> text_encoder;
  Member<CutoutMethod> cutouts;
  std::vector<Member<OutputSink>> sinks;
  distributed::Ranks* ranks = nullptr;  ///< the processes that share the run; null: this one alone
  std::string optimiser;                ///< its name
  /// Called when a run begins, and after each move that gives the model's parameters new values.
  std::function<std::shared_ptr<Optimiser>(const Optimiser::Setup&)> make_optimiser;
  std::function<std::shared_ptr<Loss>(const LossTerm&, const Loss::Setup&)> make_loss;
};

inline AnimationMode::Tools tools_of(const RunPlugins& ensemble) {
  return {ensemble.depth.instance.get(), ensemble.flow.instance.get(), ensemble.video.get()};
}

/// Runs a plugin's part of the work. Errors from it get the plugin's name and the moment, and the memory
/// that it allocates counts as the plugin's.
template <typename Work>
auto call_plugin(const std::string& plugin, const RunPosition& moment, Work&& work) -> decltype(work()) {
  const MemoryScope memory(plugin);
  const MomentScope now(moment);
  try {
    return call_method(plugin, "", std::forward<Work>(work));
  } catch (const PluginFault&) {
    throw;
  } catch (const Error& error) {
    throw PluginFault(error.kind(), failure_of(plugin, "", error.what()), error.advice());
  }
}

}  // namespace reverie::engine
