#pragma once
// The sound of a run, as variables that expressions can use.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "audio/sound_file.h"
#include "engine/host_services.h"
#include "plugins/registry.h"
#include "reverie/audio_filter.h"
#include "settings/settings.h"

namespace reverie::audio {

/// One of input_audio_filters, checked; nothing of it created yet.
struct SoundFilter {
  std::string variable_name;
  const PluginFile* plugin = nullptr;
  Settings params;
  Location location;  ///< of its group
};

/// Reads input_audio_filters: groups {variable_name, filter, ...} with the filter's own parameters, `filter`
/// being a plugin of kind audio; absent, the one with the role of this setting. What is wrong is added to
/// `problems`, located. That they have no effect without input_audio is said in `notices`. `mode`: the run's
/// animation mode, whose variables no filter may be called like; null without one.
std::vector<SoundFilter> parse_sound_filters(const Settings& settings, const PluginRegistry& registry,
                                             const PluginFile* mode, std::vector<Problem>& problems,
                                             std::vector<std::string>& notices);

/// The variables' names: variable_name and <variable_name>_prev of each.
std::set<std::string> sound_variables(const std::vector<SoundFilter>& filters);

/// The file that input_audio names; empty if the run has no sound.
std::string sound_of(const Settings& settings);

class Soundtrack {
 public:
  /// All variables are 0 always: what a run without sound has.
  explicit Soundtrack(const std::vector<SoundFilter>& filters);

  /// Analyses a track, of which the run's t = 0 is input_audio_offset seconds in. `read` passes its samples
  /// to its argument; those that a run of `scenes` scenes uses are kept. Throws Error(settings), located,
  /// when the offset is past its end or a filter is asked for what it cannot do.
  using Read = std::function<void(const TakeSamples& take)>;
  Soundtrack(const std::vector<SoundFilter>& filters, const Read& read, double sample_rate,
             const Settings& settings, std::size_t scenes, engine::HostServices& host);

  /// The variables of a frame that starts at `t`, after one that started at `before`, if there was one.
  std::map<std::string, double> values(double t, std::optional<double> before) const;

 private:
  struct Voice {
    std::string variable_name;
    std::shared_ptr<AudioFilter> filter;  // null in silence
    double at(double t) const;
  };
  std::vector<float> samples_;  // that the run hears, to which the filters refer
  std::vector<Voice> voices_;
  double offset_ = 0;
};

}  // namespace reverie::audio
