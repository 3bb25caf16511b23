#include "prompts/coherence.h"

#include <algorithm>

#include "base/nearest.h"
#include "base/texts.h"

namespace reverie {
namespace {

constexpr const char* kVarying[] = {"color_coherence_strength", "anti_blur", "anti_blur_radius",
                                    "frame_noise", "cadence"};
/// And those that mean nothing where nothing moves.
constexpr const char* kOthers[] = {
    "color_coherence", "color_coherence_space", "frame_noise_type", "frame_noise_size", "loop",
    "loop_frames"};

constexpr const char* kDeforum = "match frame 0 ";

ColourSpace space_of(const std::string& name) {
  return name == "hsv"         ? ColourSpace::hsv
         : name == "rgb"       ? ColourSpace::rgb
         : name == "histogram" ? ColourSpace::histogram
                               : ColourSpace::lab;
}

/// Also saved settings name the defaults.
bool is_given(const SettingValue* value) {
  return value && !value->is_default() && value->json() != default_value(value->spec).json();
}

/// What has no effect although something moves.
void tell_unused(const Settings& settings, std::vector<std::string>& notices) {
  const auto text = [&](const char* name) {
    const SettingValue* value = settings.find(name);
    return value ? lower(trimmed(value->text)) : std::string();
  };
  const bool coherent = coherence_of(settings).reference != Coherence::Reference::none,
             sharpened = text("anti_blur") != "0", noisy = text("frame_noise") != "0",
             blots = noisy && text("frame_noise_type") == "perlin",
             loops = settings.find("loop") && settings.get<bool>("loop");
  const auto tell = [&](const char* name, bool used, const char* why) {
    if (const SettingValue* value = settings.find(name); !used && is_given(value))
      notices.push_back(value->location.before(std::string(name) + " has no effect: " + why));
  };
  tell("color_coherence_space", coherent, "color_coherence is none");
  tell("color_coherence_strength", coherent, "color_coherence is none");
  tell("anti_blur_radius", sharpened, "anti_blur is 0");
  tell("frame_noise_type", noisy, "frame_noise is 0");
  tell("frame_noise_size", blots, noisy ? "frame_noise_type is white" : "frame_noise is 0");
  tell("loop_frames", loops, "loop is false");
}

}  // namespace

bool is_retouching(const std::string& name) {
  return std::find(std::begin(kVarying), std::end(kVarying), name) != std::end(kVarying);
}

Coherence coherence_of(const Settings& settings) {
  Coherence result;
  const SettingValue *what = settings.find("color_coherence"),
                     *space = settings.find("color_coherence_space");
  if (space) result.space = space_of(space->text);
  const std::string text = what ? trimmed(what->text) : "", word = lower(text);
  using Reference = Coherence::Reference;
  if (word.empty() || word == "none" || word == "off" || word == "false") return result;
  result.reference = word == "first"      ? Reference::first
                     : word == "previous" ? Reference::previous
                                          : Reference::file;
  if (word.rfind(kDeforum, 0) == 0) {
    const std::string name = word.substr(std::string(kDeforum).size());
    if (name == "lab" || name == "hsv" || name == "rgb") {
      result.reference = Reference::first;
      result.space = space_of(name);
    }
  }
  if (result.reference == Reference::file) result.file = text;
  return result;
}

std::vector<MotionSetting> parse_retouching(const Settings& settings, const std::set<std::string>& variables,
                                            bool moving, std::vector<Problem>& problems,
                                            std::vector<std::string>& notices) {
  std::vector<MotionSetting> result;
  if (!moving) {
    std::vector<const char*> names(std::begin(kVarying), std::end(kVarying));
    names.insert(names.end(), std::begin(kOthers), std::end(kOthers));
    for (const char* name : names)
      if (const SettingValue* value = settings.find(name); is_given(value))
        notices.push_back(value->location.before(std::string(name) +
                                                 " has no effect: animation_mode is off, and nothing moves"));
    return result;
  }
  for (const char* name : kVarying)
    if (const SettingValue* value = settings.find(name))
      for (MotionSetting& setting : parse_motion(settings, {&value->spec, 1}, variables, problems))
        result.push_back(std::move(setting));
  tell_unused(settings, notices);
  const SettingValue* space = settings.find("color_coherence_space");
  if (const Coherence coherence = coherence_of(settings);
      is_given(space) && coherence.reference == Coherence::Reference::first &&
      space_of(space->text) != coherence.space)
    problems.push_back({space->location, "'color_coherence_space' is '" + space->text +
                                             "', but 'color_coherence' asks for another: '" +
                                             settings.find("color_coherence")->text +
                                             "'; write first and the space that you want"});
  return result;
}

}  // namespace reverie
