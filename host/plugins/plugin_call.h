#pragma once
// Every call of a plugin: records which plugin is called, and adds its name to what it throws.

#include <cstdint>
#include <string>
#include <utility>

#include "reverie/error.h"

namespace reverie {

/// How far a run is.
struct RunPosition {
  std::int64_t steps = 0;   ///< done, over all scenes
  std::int64_t frames = 0;  ///< saved

  /// While the last step was done, of which something is written now.
  RunPosition in_last_step() const { return {steps > 0 ? steps - 1 : 0, frames}; }
};

/// A fault of a plugin. Its message names the plugin, so no other code adds a name.
class PluginFault final : public Error {
  using Error::Error;
};

/// While it lives, this thread is in a plugin's code. Calls nest: an animation mode calls the image model.
class PluginCall {
 public:
  /// Both must outlive it. `method` as messages say it, "decode()"; empty where it is the host that calls
  /// several.
  PluginCall(const char* plugin, const char* method);
  ~PluginCall();
  PluginCall(const PluginCall&) = delete;
  PluginCall& operator=(const PluginCall&) = delete;

  /// The innermost call of this thread; null: none.
  static const PluginCall* current();

  const char* const plugin;
  const char* const method;

 private:
  const PluginCall* const outer_;
};

/// While it lives, messages of this thread say how far the run is. `moment` must outlive it.
class MomentScope {
 public:
  explicit MomentScope(const RunPosition& moment);
  ~MomentScope();
  MomentScope(const MomentScope&) = delete;
  MomentScope& operator=(const MomentScope&) = delete;

 private:
  const RunPosition* const outer_;
};

/// "the plugin <plugin> failed in <method>, step 3 (frame 1): <what>". `method` may be empty.
std::string failure_of(const std::string& plugin, const std::string& method, const std::string& what);

/// To be called while an exception is handled. Throws a PluginFault, but passes on what a plugin says itself
/// of a file, a setting, weights or the device, as one line: those are not its own faults.
[[noreturn]] void rethrow_named(const std::string& plugin, const char* method);

/// Calls a plugin's method.
template <typename Work>
auto call_method(const std::string& plugin, const char* method, Work&& work) -> decltype(work()) {
  const PluginCall call(plugin.c_str(), method);
  try {
    return work();
  } catch (...) {
    rethrow_named(plugin, method);
  }
}

/// For main(): while it lives, a plugin that ends or crashes the program is named on standard error, and the
/// program does not count as successful. So it does in a copy of the process that calls watch_this_process().
class PluginWatch {
 public:
  PluginWatch();
  ~PluginWatch();
  PluginWatch(const PluginWatch&) = delete;
  PluginWatch& operator=(const PluginWatch&) = delete;
};

/// For a process that main()'s has forked to run plugins; other children may end as they like.
void watch_this_process();

/// Replaces the system's _exit() and _Exit() in the program. `caller` is the address of the call: the
/// host's own calls end the process as usual.
[[noreturn]] void end_process(int status, const void* caller);

}  // namespace reverie
