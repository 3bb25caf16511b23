#pragma once
// Everything that the settings say about what to make, taken apart and checked before anything is loaded.

#include "prompts/motion.h"
#include "prompts/prompt.h"
#include "settings/settings.h"

namespace reverie {

struct Script {
  std::vector<Scene> scenes;
  std::vector<DirectPrompt> direct;  ///< of direct_image_prompts, then the init image's and the moved frame's
  std::vector<MotionSetting> motion;  ///< of the animation mode
};

/// Reads scenes, direct_image_prompts, the weights that hold on to the init image and, with `moving` or an
/// init image, those that stabilise motion. Expressions may use t and `variables`. Without an init_image, the
/// weights that hold on to it hold on to the first frame of `video`. Settings that are absent (because they
/// are wrong themselves) are passed over. Problems and notices are located.
Script parse_script(const Settings& settings, std::vector<Problem>& problems,
                    std::vector<std::string>& notices, const std::set<std::string>& variables = {},
                    bool moving = false, const std::string& video = "");

}  // namespace reverie
