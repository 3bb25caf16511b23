#include "audio/soundtrack.h"

#include <algorithm>
#include <span>

#include "expressions/expression.h"
#include "expressions/functions.h"
#include "settings/nearest.h"
#include "settings/resolve.h"

namespace reverie {
namespace {

constexpr const char* kDefaultFilter = "butterworth";
constexpr const char* kPrevious = "_prev";

/// Why a name cannot be a variable's; empty if it can.
std::string trouble_with_name(const std::string& name, const PluginFile* mode) {
  if (!Expression::is_name(name))
    return "is no name: one starts with a letter and goes on with letters, digits and _";
  if (name == "t") return "is the time";
  const std::vector<std::string>& known = expressions::known_names();
  if (std::find(known.begin(), known.end(), name) != known.end())
    return "is a function or constant that expressions know";
  if (!mode) return {};
  for (const ParamSpec& spec : std::span(mode->descriptor->params, mode->descriptor->param_count))
    if (("|" + std::string(spec.variables) + "|").find("|" + name + "|") != std::string::npos)
      return "is a variable of the animation mode " + mode->name;
  return {};
}

/// Reads one group.
class GroupReader {
 public:
  GroupReader(const RawValue& group, const std::string& who, const Location& location,
              const PluginRegistry& registry, const PluginFile* mode, std::vector<Problem>& problems)
      : group_(group),
        who_(who),
        location_(location),
        registry_(registry),
        mode_(mode),
        problems_(problems) {}

  SoundFilter read() {
    SoundFilter filter;
    filter.variable_name = text_of("variable_name");
    if (filter.variable_name.empty()) {
      problem("its 'variable_name' is missing, which expressions call it by", location_.line);
    } else {
      who_ = "the filter '" + filter.variable_name + "'";
      if (const std::string why = trouble_with_name(filter.variable_name, mode_); !why.empty())
        problem("'" + filter.variable_name + "' " + why + "; choose another variable_name",
                line_of("variable_name"));
    }
    const std::string name = text_of("filter");
    try {
      filter.plugin = &registry_.find(AudioFilter::kKind, name.empty() ? kDefaultFilter : name);
    } catch (const Error& error) {
      problem(error.what() + (error.advice().empty() ? "" : "; " + error.advice()), line_of("filter"));
      return filter;
    }
    read_params(filter);
    return filter;
  }

 private:
  void problem(const std::string& message, int line) {
    problems_.push_back({{location_.file, line}, "'input_audio_filters': " + who_ + ": " + message});
  }

  const RawValue* find(const std::string& name) const {
    for (const auto& [key, value] : group_.members)
      if (lower(key) == name) return &value;
    return nullptr;
  }
  std::string text_of(const std::string& name) const {
    const RawValue* value = find(name);
    return value && value->kind == RawValue::Kind::scalar ? value->text : "";
  }
  int line_of(const std::string& name) const {
    const RawValue* value = find(name);
    return value && value->line > 0 ? value->line : location_.line;
  }

  void read_params(SoundFilter& filter) {
    const PluginDescriptor& plugin = *filter.plugin->descriptor;
    std::vector<std::string> known = {"variable_name", "filter"};
    for (const ParamSpec& spec : std::span(plugin.params, plugin.param_count)) {
      known.push_back(spec.name);
      SettingValue value = default_value(spec);
      const RawValue* raw = find(spec.name);
      if (raw) {
        const std::string why = convert(spec, *raw, value);
        if (!why.empty())
          problem("'" + std::string(spec.name) + "' is " + raw->display() + ", which " + why +
                      "; allowed: " + allowed(spec),
                  line_of(spec.name));
      } else if (spec.required) {
        problem("its '" + std::string(spec.name) + "' is missing: " + spec.help_text, location_.line);
      }
      filter.params.set(spec.name, std::move(value));
    }
    std::set<std::string> seen;
    for (const auto& [key, value] : group_.members) {
      const std::string name = lower(key);
      if (!seen.insert(name).second) problem("'" + key + "' is there twice", line_of(name));
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      const std::string near = nearest(key, known);
      problem("the filter " + filter.plugin->name + " has no parameter '" + key + "'" +
                  (near.empty() ? "; reverie plugins describe " + filter.plugin->name + " lists them"
                                : "; did you mean '" + near + "'?"),
              value.line > 0 ? value.line : location_.line);
    }
  }

  const RawValue& group_;
  std::string who_;
  Location location_;
  const PluginRegistry& registry_;
  const PluginFile* mode_;
  std::vector<Problem>& problems_;
};

SettingsError located(const Location& location, const Error& error) {
  return SettingsError({{location, error.what() + (error.advice().empty() ? "" : "; " + error.advice())}});
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
    const Location location{setting->location.file, group.line > 0 ? group.line : setting->location.line};
    const std::string who = "filter " + std::to_string(filters.size() + 1);
    filters.push_back(GroupReader(group, who, location, registry, mode, problems).read());
    filters.back().location = location;
    if (filters.back().variable_name.empty()) continue;
    const std::string& name = filters.back().variable_name;
    const std::string twice = !names.insert(name).second               ? name
                              : !names.insert(name + kPrevious).second ? name + kPrevious
                                                                       : "";
    if (!twice.empty())
      problems.push_back({location, "'input_audio_filters': the variable '" + twice + "' is there twice"});
  }
  if (!names.empty() && sound_of(settings).empty()) {
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
    notices.push_back("there is no input_audio for input_audio_filters to hear; always 0: " + all);
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

Soundtrack::Soundtrack(const std::vector<SoundFilter>& filters, std::vector<float> samples,
                       double sample_rate, const Settings& settings, HostServices& host)
    : samples_(std::move(samples)), offset_(settings.get<double>("input_audio_offset")) {
  const double seconds = static_cast<double>(samples_.size()) / sample_rate;
  if (offset_ >= seconds)
    throw located(settings.find("input_audio_offset")->location,
                  Error(ErrorKind::settings,
                        "'input_audio_offset' is " + in_seconds(offset_) + ", but the sound is only " +
                            in_seconds(seconds) + " long",
                        "choose a smaller offset"));
  const double frames_per_second = settings.get<double>("frames_per_second");
  for (const SoundFilter& filter : filters) {
    try {
      auto instance = create<AudioFilter>(*filter.plugin, host, filter.params, {filter.variable_name});
      instance->prepare(samples_, sample_rate, frames_per_second);
      voices_.push_back({filter.variable_name, std::move(instance)});
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::settings) throw;
      throw located(
          filter.location,
          Error(error.kind(), "'input_audio_filters': " + std::string(error.what()), error.advice()));
    }
  }
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

}  // namespace reverie
