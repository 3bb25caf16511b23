#include "prompts/perceptor_weights.h"

#include "settings/perceptor_list.h"

namespace reverie {

std::vector<MotionSetting> parse_perceptor_weights(const Settings& settings,
                                                   const std::set<std::string>& variables,
                                                   std::vector<Problem>& problems) {
  std::vector<MotionSetting> result;
  const SettingValue* perceptors = settings.find(kPerceptors);
  if (!perceptors || perceptors->groups.empty()) return result;
  const ParamSpec& spec = perceptor_weight();
  for (std::size_t i = 0; i < perceptors->list.size(); ++i) {
    const std::string whose = "perceptors, '" + perceptors->list[i] + "'";
    SettingValue value = default_value(spec);
    value.text = perceptor_weight_text(*perceptors, i);
    value.location = perceptors->location.in_line(perceptors->groups[i].line);
    Settings one;
    one.set(spec.name, value);
    std::vector<Problem> wrong;
    for (MotionSetting& weight : parse_motion(one, {&spec, 1}, variables, wrong)) {
      weight.name = whose + ", weight";
      result.push_back(std::move(weight));
    }
    for (Problem& problem : wrong) problems.push_back({problem.location, whose + ": " + problem.message});
  }
  return result;
}

}  // namespace reverie
