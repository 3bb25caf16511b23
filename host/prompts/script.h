#pragma once
// Everything that the settings say about what to make, taken apart and checked before anything is loaded.

#include <optional>

#include "losses/loss_term.h"
#include "prompts/motion.h"
#include "prompts/prompt.h"
#include "settings/settings.h"

namespace reverie {

struct Script {
  std::vector<Scene> scenes;
  /// Of direct_image_prompts, of what holds on to the init image and the moved frame, and of
  /// smoothing_weight; see choose_losses() for their plugins and for more.
  std::vector<LossTerm> losses;
  std::vector<MotionSetting> motion;             ///< of the animation mode
  std::vector<MotionSetting> retouching;         ///< of what is done to each moved frame
  std::optional<MotionSetting> learning_rate;    ///< none: the image model's own
  std::optional<MotionSetting> cutouts;          ///< none: the setting is a plain number
  std::vector<MotionSetting> cutting;            ///< the program's settings of how cutouts are taken
  std::vector<MotionSetting> model;              ///< of the image model
  std::vector<MotionSetting> perceptor_weights;  ///< of each item of `perceptors`; empty: none has one
};

/// Reads scenes, direct_image_prompts, the weights that hold on to the init image and, with `moving` or an
/// init image, those that stabilise motion, smoothing_weight and what else of the program's settings may
/// vary. Expressions may use t and `variables`. Without an init_image, the weights that hold on to it hold on
/// to the first frame of `video`. Settings that are absent (because they are wrong themselves) are passed
/// over. Problems and notices are located.
Script parse_script(const Settings& settings, std::vector<Problem>& problems,
                    std::vector<std::string>& notices, const std::set<std::string>& variables = {},
                    bool moving = false, const std::string& video = "");

}  // namespace reverie
