#include "audio/soundtrack.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "base/nearest.h"
#include "engine/timeline.h"
#include "expressions/expression.h"
#include "expressions/functions.h"
#include "plugins/param_group.h"
#include "settings/resolve.h"

namespace reverie::audio {

using engine::HostServices;
using engine::Timeline;

namespace {

constexpr const char* kPrevious = "_prev";

/// Why a name cannot be a variable's; empty if it can.
std::string trouble_with_name(const std::string& name, const PluginFile* mode) {
  if (!Expression::is_name(name))
    return "is not a name: one starts with a letter and goes on with letters, digits and _";
  if (name == "t") return "is the time";
  // Names of what Python does not have are hidden by those of the sound, as files have them that are older.
  const auto own = expressions::motion_functions();
  const bool ours =
      std::any_of(own.begin(), own.end(), [&](const auto& function) { return function.name == name; });
  const std::vector<std::string>& known = expressions::known_names();
  if (!ours && std::find(known.begin(), known.end(), name) != known.end())
    return "is a function or constant that expressions know";
  if (!mode) return {};
  for (const ParamSpec& spec : std::span(mode->descriptor->params, mode->descriptor->param_count))
    if (("|" + std::string(spec.variables) + "|").find("|" + name + "|") != std::string::npos)
      return "is a variable of the animation mode " + mode->name;
  return {};
}

/// Reads one group.
SoundFilter read_filter(const RawValue& values, const std::string& who, const Location& location,
                        const PluginRegistry& registry, const PluginFile* mode,
                        std::vector<Problem>& problems) {
  ParamGroup group(values, "input_audio_filters", who, location, problems);
  SoundFilter filter;
  filter.variable_name = group.text("variable_name");
  if (filter.variable_name.empty()) {
    group.problem("its 'variable_name' is missing; expressions use that name");
  } else {
    group.called("the filter '" + filter.variable_name + "'");
    if (const std::string why = trouble_with_name(filter.variable_name, mode); !why.empty())
      group.problem("'" + filter.variable_name + "' " + why + "; choose another variable_name",
                    group.place("variable_name"));
  }
  const std::string name = group.text("filter");
  try {
    filter.plugin = name.empty() ? &registry.with_role(AudioFilter::kKind, "input_audio_filters")
                                 : &registry.find(AudioFilter::kKind, name);
  } catch (const Error& error) {
    group.problem(error.what() + (error.advice().empty() ? "" : "; " + error.advice()),
                  group.place("filter"));
    return filter;
  }
  const PluginDescriptor& plugin = *filter.plugin->descriptor;
  filter.params = group.params({plugin.params, plugin.param_count}, {"variable_name", "filter"},
                               "the filter " + filter.plugin->name, filter.plugin->name);
  return filter;
}

SettingsError located(const Location& location, const Error& error) {
  return SettingsError({{location, error.what() + (error.advice().empty() ? "" : "; " + error.advice())}});
}

/// Which samples a run hears, from its first frame's window to its last one's.
AudioFilter::Track track_of(const Settings& settings, std::size_t scenes, double offset, double sample_rate) {
  const Timeline timeline(settings);
  const double rate = settings.get<double>("frames_per_second");
  const double steps = static_cast<double>(settings.get<std::int64_t>("steps_per_scene")) *
                       static_cast<double>(std::max<std::size_t>(scenes, 1));
  // A sample more on either side, for the rounding of windows.
  const auto sample = [&](double t) {
    return static_cast<std::int64_t>(std::clamp(std::round((offset + t) * sample_rate), 0.0, 1e15));
  };
  const double last =
      (steps - static_cast<double>(timeline.before)) / (static_cast<double>(timeline.steps_per_frame) * rate);
  return {sample_rate, rate, std::max<std::int64_t>(sample(timeline.seconds(0)) - 1, 0),
          sample(std::max(last, timeline.seconds(0)) + 1 / rate) + 1};
}

std::string in_seconds(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g s", seconds);
  return text;
}

}  // namespace

std::string sound_of(const Settings& settings) {
  if (!settings.find("input_audio")) return {};
  const std::string path = settings.get<std::string>("input_audio");
  return lower(path) == "off" || lower(path) == "false" ? "" : path;
}

std::vector<SoundFilter> parse_sound_filters(const Settings& settings, const PluginRegistry& registry,
                                             const PluginFile* mode, std::vector<Problem>& problems,
                                             std::vector<std::string>& notices) {
  const SettingValue* setting = settings.find("input_audio_filters");
  if (!setting) return {};
  std::vector<SoundFilter> filters;
  std::set<std::string> names;
  for (const RawValue& group : setting->groups) {
    const Location location = setting->location.in_line(group.line);
    const std::string who = "filter " + std::to_string(filters.size() + 1);
    filters.push_back(read_filter(group, who, location, registry, mode, problems));
    filters.back().location = location;
    if (filters.back().variable_name.empty()) continue;
    const std::string& name = filters.back().variable_name;
    const std::string twice = !names.insert(name).second               ? name
                              : !names.insert(name + kPrevious).second ? name + kPrevious
                                                                       : "";
    if (!twice.empty())
      problems.push_back({location, "'input_audio_filters': the variable '" + twice + "' is given twice"});
  }
  if (!names.empty() && sound_of(settings).empty()) {
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
    notices.push_back(
        setting->location.before("input_audio_filters has no effect without input_audio; always 0: " + all));
  }
  return filters;
}

std::set<std::string> sound_variables(const std::vector<SoundFilter>& filters) {
  std::set<std::string> names;
  for (const SoundFilter& filter : filters) {
    if (filter.variable_name.empty()) continue;
    names.insert(filter.variable_name);
    names.insert(filter.variable_name + kPrevious);
  }
  return names;
}

Soundtrack::Soundtrack(const std::vector<SoundFilter>& filters) {
  for (const SoundFilter& filter : filters) voices_.push_back({filter.variable_name, nullptr});
}

Soundtrack::Soundtrack(const std::vector<SoundFilter>& filters, const Read& read, double sample_rate,
                       const Settings& settings, std::size_t scenes, HostServices& host)
    : offset_(settings.get<double>("input_audio_offset")) {
  const AudioFilter::Track track = track_of(settings, scenes, offset_, sample_rate);
  for (const SoundFilter& filter : filters) {
    try {
      auto instance = create<AudioFilter>(*filter.plugin, host, filter.params, {filter.variable_name});
      instance->begin(track);
      voices_.push_back({filter.variable_name, std::move(instance)});
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::settings) throw;
      throw located(
          filter.location,
          Error(error.kind(), "'input_audio_filters': " + std::string(error.what()), error.advice()));
    }
  }
  std::int64_t count = 0;
  read([&](std::span<const float> samples) {
    for (const Voice& voice : voices_) voice.filter->hear(samples);
    const std::int64_t end = count + std::ssize(samples);
    const std::int64_t from = std::clamp(track.heard_from, count, end),
                       to = std::clamp(track.heard_to, count, end);
    samples_.insert(samples_.end(), samples.begin() + (from - count), samples.begin() + (to - count));
    count = end;
  });
  const double seconds = static_cast<double>(count) / sample_rate;
  if (offset_ >= seconds)
    throw located(settings.find("input_audio_offset")->location,
                  Error(ErrorKind::settings,
                        "'input_audio_offset' is " + in_seconds(offset_) + ", but the sound is only " +
                            in_seconds(seconds) + " long",
                        "choose a smaller offset"));
  for (const Voice& voice : voices_) voice.filter->end(samples_);
}

double Soundtrack::Voice::at(double t) const {
  return filter ? filter->analyse(t).at(variable_name) : 0;  // which is there: create() makes sure of it
}

std::map<std::string, double> Soundtrack::values(double t, std::optional<double> before) const {
  std::map<std::string, double> result;
  for (const Voice& voice : voices_) {
    result[voice.variable_name] = voice.at(offset_ + t);
    result[voice.variable_name + kPrevious] = before ? voice.at(offset_ + *before) : 0;
  }
  return result;
}

}  // namespace reverie::audio
