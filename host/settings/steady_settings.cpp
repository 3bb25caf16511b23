#include "settings/steady_settings.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "settings/keyframe_list.h"

namespace reverie {
namespace {

struct Reason {
  std::initializer_list<std::string_view> settings;
  const char* why;
};

const Reason kReasons[] = {
    {{"steps_per_frame", "pre_animation_steps", "steps_per_scene", "frames_per_second", "bpm"},
     "times are counted by it; 'cadence' varies how many frames are optimised"},
    {{"frame_stride"},
     "it says which frame of the video a frame shows; FFmpeg's filter setpts makes a video that changes its "
     "speed"},
    {{"save_every", "display_every", "backups"}, "files are counted by it"},
    {{"width", "height", "pixel_size", "palette_size", "palettes"},
     "what the image model optimises has this shape; stills grow with 'upscale_from'"},
};

/// Keyframes, or a formula.
bool varies(const RawValue& written) {
  if (written.kind != RawValue::Kind::scalar) return is_keyframe_list(written);
  return written.text.find_first_of(":()*/") != std::string::npos;
}

}  // namespace

std::string why_steady(const ParamSpec& spec, const RawValue& written) {
  const bool number = spec.type == ParamType::integer || spec.type == ParamType::number;
  if (!number || spec.animatable || !varies(written)) return {};
  const std::string steady = "it stays the same in a run";
  for (const Reason& reason : kReasons)
    if (std::find(reason.settings.begin(), reason.settings.end(), spec.name) != reason.settings.end())
      return steady + ", since " + reason.why;
  return steady;
}

}  // namespace reverie
