#pragma once
// One loss of a run, as the settings describe it.

#include <string>
#include <vector>

#include "prompts/motion.h"
#include "prompts/prompt.h"

namespace reverie {

struct PluginFile;

struct LossTerm {
  /// What it compares the picture with. `last_frame` is the moved one, or before any move what the run starts
  /// from.
  enum class Target { none, picture, last_frame };

  std::string name;     ///< for the progress
  std::string setting;  ///< the one it comes from; a loss of its own setting has the plugin of that role
  std::string written;  ///< for messages
  Location location;    ///< of its setting or group
  Expression weight = Expression::compile("1", {});
  Expression stop = Expression::compile("-inf", {});
  Target target = Target::none;
  std::string picture;  ///< path or address of the target; empty unless that is a picture
  std::string mask;     ///< path or address of a picture or video; empty: everywhere
  bool inverted = false;
  When when = When::always;
  bool of_picture = false;   ///< shown among the picture prompts
  bool holds_scene = false;  ///< a scene does not end before its stop holds, even where it has none

  const PluginFile* plugin = nullptr;
  Settings params;                     ///< the plugin's
  std::vector<MotionSetting> varying;  ///< those of them that are expressions

  /// Whose weight or stop it is, for messages.
  std::string whose() const { return "'" + setting + "', '" + written + "'"; }
};

/// The setting that makes the picture even.
inline constexpr const char* kSmoothing = "smoothing_weight";

/// The setting that keeps the motion of moves. Its mask says where a mode may move the picture.
inline constexpr const char* kFlowStabilisation = "flow_stabilization_weight";

}  // namespace reverie
