#pragma once
// Everything that the settings say about what to make, taken apart and checked before anything is loaded.

#include "prompts/prompt.h"
#include "settings/settings.h"

namespace reverie {

struct Script {
  std::vector<Scene> scenes;
  std::vector<DirectPrompt> direct;  ///< those of direct_image_prompts, then the init image's
};

/// Reads scenes, direct_image_prompts, direct_init_weight and semantic_init_weight, in which expressions may
/// use t and `variables`. Settings that are absent (because they are wrong themselves) are passed over.
/// Problems and notices are located.
Script parse_script(const Settings& settings, std::vector<Problem>& problems,
                    std::vector<std::string>& notices, const std::set<std::string>& variables = {});

}  // namespace reverie
