#include "serve/run_cost.h"

#include <algorithm>

namespace reverie::serve {

std::string cost_of(const Settings& settings) {
  constexpr const char* kNames[] = {"device",       "precision",      "width",
                                    "height",       "image_model",    "perceptors",
                                    "cutouts",      "cutout_method",  "gradient_accumulation_steps",
                                    "optimiser",    "animation_mode", "steps_per_frame",
                                    "upscale_from", "upscale_at"};
  std::string text;
  for (const char* name : kNames)
    if (const SettingValue* value = settings.find(name))
      text += std::string(name) + "=" + value->json() + ";";
  return text;
}

Film film_of(const Settings& settings, std::int64_t steps, bool moves) {
  Film film;
  film.pictures = std::max<std::int64_t>(1, steps / settings.get<std::int64_t>("save_every"));
  if (moves) film.seconds = static_cast<double>(film.pictures) / settings.get<double>("frames_per_second");
  return film;
}

}  // namespace reverie::serve
