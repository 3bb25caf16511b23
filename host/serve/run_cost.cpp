#include "serve/run_cost.h"

#include <algorithm>

namespace reverie::serve {

std::string cost_of(const Settings& settings) {
  constexpr const char* kNames[] = {"device",
                                    "precision",
                                    "cuda_graphs",
                                    "width",
                                    "height",
                                    "image_model",
                                    "alpha",
                                    "perceptors",
                                    "cutouts",
                                    "cutout_method",
                                    "gradient_accumulation_steps",
                                    "losses",
                                    "optimiser",
                                    "animation_mode",
                                    "depth_model",
                                    "flow_model",
                                    "steps_per_frame",
                                    "cadence",
                                    "upscale_from",
                                    "upscale_at"};
  // It costs the same with any weight.
  constexpr const char* kWeights[] = {"direct_init_weight",          "semantic_init_weight",
                                      "direct_stabilization_weight", "semantic_stabilization_weight",
                                      "depth_stabilization_weight",  "edge_stabilization_weight",
                                      "flow_stabilization_weight"};
  std::string text;
  for (const char* name : kNames)
    if (const SettingValue* value = settings.find(name))
      text += std::string(name) + "=" + value->json() + ";";
  for (const char* name : kWeights)
    if (const SettingValue* value = settings.find(name); value && !value->text.empty() && value->text != "0")
      text += std::string(name) + ";";
  return text;
}

Film film_of(const Settings& settings, std::int64_t steps, bool moves) {
  Film film;
  film.pictures = std::max<std::int64_t>(1, steps / settings.get<std::int64_t>("save_every"));
  if (moves) film.seconds = static_cast<double>(film.pictures) / settings.get<double>("frames_per_second");
  return film;
}

}  // namespace reverie::serve
