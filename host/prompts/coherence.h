#pragma once
// What color_coherence says: whose colours a moved frame gets.

#include <set>
#include <string>
#include <vector>

#include "prompts/motion.h"
#include "settings/settings.h"

namespace reverie {

/// What is matched: mean and deviation of L*, a* and b*; of saturation and value, while hues stay; of red,
/// green and blue; or the whole distribution of red, green and blue.
enum class ColourSpace { lab, hsv, rgb, histogram };

struct Coherence {
  enum class Reference { none, first, previous, file };
  Reference reference = Reference::none;
  std::string file;  ///< a picture or video
  ColourSpace space = ColourSpace::lab;
};

/// Deforum's words count, too: 'Match Frame 0 LAB' is `first`, in Lab.
Coherence coherence_of(const Settings& settings);

/// Whether it is the name of one of parse_retouching()'s expressions.
bool is_retouching(const std::string& name);

/// The expressions of the settings that retouch() each frame; with `moving` false none, and notices of those
/// that then have no effect. Absent settings are passed over.
std::vector<MotionSetting> parse_retouching(const Settings& settings, const std::set<std::string>& variables,
                                            bool moving, std::vector<Problem>& problems,
                                            std::vector<std::string>& notices);

}  // namespace reverie
