#include "settings/likely_setting.h"

#include <algorithm>

#include "base/nearest.h"

namespace reverie {
namespace {

/// What other programs call our settings, in lower case.
constexpr const char* kHabits[][2] = {{"prompt", "scenes"},
                                      {"prompts", "scenes"},
                                      {"text", "scenes"},
                                      {"text_prompt", "scenes"},
                                      {"text_prompts", "scenes"},
                                      {"steps", "steps_per_scene"},
                                      {"num_steps", "steps_per_scene"},
                                      {"iterations", "steps_per_scene"},
                                      {"max_iterations", "steps_per_scene"},
                                      {"iters", "steps_per_scene"},
                                      {"lr", "learning_rate"},
                                      {"step_size", "learning_rate"},
                                      {"cutn", "cutouts"},
                                      {"cuts", "cutouts"},
                                      {"num_cuts", "cutouts"},
                                      {"fps", "frames_per_second"},
                                      {"video", "video_path"},
                                      {"audio", "input_audio"},
                                      {"sound", "input_audio"},
                                      {"music", "input_audio"},
                                      {"init", "init_image"},
                                      {"image", "init_image"},
                                      {"model", "perceptors"},
                                      {"clip", "perceptors"},
                                      {"clip_model", "perceptors"},
                                      {"output", "file_namespace"},
                                      {"outdir", "output_dir"},
                                      {"name", "file_namespace"},
                                      {"size", "width"},
                                      {"resolution", "width"},
                                      {"animation", "animation_mode"},
                                      {"gpu", "device"},
                                      {"cuda", "device"}};

}  // namespace

std::string likely_setting(const std::string& word, const std::vector<std::string>& candidates) {
  const std::string wanted = lower(word);
  for (const auto& [habit, setting] : kHabits)
    if (wanted == habit && std::find(candidates.begin(), candidates.end(), setting) != candidates.end())
      return setting;
  return nearest(word, candidates);
}

}  // namespace reverie
