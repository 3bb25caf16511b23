#pragma once
// What a run is made of, and how its plugins are called.

#include <c10/util/Exception.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/memory_account.h"
#include "reverie/animation_mode.h"
#include "reverie/image_model.h"
#include "reverie/output_sink.h"
#include "reverie/perceptor.h"

namespace reverie {

/// A plugin's instance and its name, "kind/name", for messages.
template <typename Interface>
struct Member {
  std::string name;
  std::shared_ptr<Interface> instance;
};

/// Members are destroyed in reverse order: sinks before models.
struct Ensemble {
  Member<ImageModel> model;
  Member<AnimationMode> animation;  ///< no instance: nothing moves
  Member<DepthEstimator> depth;     ///< what the animation mode needs
  Member<FlowEstimator> flow;
  std::shared_ptr<FrameSource> video;
  std::vector<Member<Perceptor>> perceptors;
  std::vector<Member<OutputSink>> sinks;
};

inline AnimationMode::Tools tools_of(const Ensemble& ensemble) {
  return {ensemble.depth.instance.get(), ensemble.flow.instance.get(), ensemble.video.get()};
}

/// How far a run is.
struct Moment {
  std::int64_t steps = 0;   ///< done, over all scenes
  std::int64_t frames = 0;  ///< saved
};

/// Runs a plugin's part of the work; what it throws is told with its name and the moment, and the memory that
/// it takes is its own.
template <typename Work>
auto call_plugin(const std::string& plugin, const Moment& moment, Work&& work) -> decltype(work()) {
  const MemoryScope memory(plugin);
  const auto told = [&](const std::string& what) {
    return "the plugin " + plugin + " failed in step " + std::to_string(moment.steps + 1) + " (frame " +
           std::to_string(moment.frames + 1) + "): " + what;
  };
  try {
    return work();
  } catch (const Error& error) {
    throw Error(error.kind(), told(error.what()), error.advice());
  } catch (const c10::Error& error) {
    throw Error(ErrorKind::plugin, told(error.what_without_backtrace()));
  } catch (const std::exception& error) {
    throw Error(ErrorKind::plugin, told(error.what()));
  }
}

}  // namespace reverie
