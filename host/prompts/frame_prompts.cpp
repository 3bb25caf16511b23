#include "prompts/frame_prompts.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>

#include "base/texts.h"
#include "expressions/point_at.h"
#include "prompts/time_variables.h"

namespace reverie {
namespace {

struct FramePrompt {
  double frame;
  std::string place, text;  // as written
};

/// "60", "2.5s", "8b" or "max_f/2", in frames. Throws ExpressionError.
double frames_of(const std::string& written, const std::map<std::string, double>& constants) {
  std::string text = trimmed(written);
  double frames = 1;  // of its unit
  const char last = text.empty() ? ' ' : text.back();
  if (text.size() > 1 && (last == 's' || last == 'b')) {
    const std::string before = trimmed(text.substr(0, text.size() - 1));
    const char end = before.empty() ? ' ' : before.back();
    if (std::isdigit(static_cast<unsigned char>(end)) || end == '.' || end == ')') {
      const double second = constants.at("fps");
      frames = last == 's' ? second : second * 60 / constants.at("bpm");
      text = before;
    }
  }
  std::set<std::string> names;
  for (const auto& [name, value] : constants) names.insert(name);
  const double number = Expression::compile(text, names).number(constants);
  if (!std::isfinite(number)) throw ExpressionError("a place is a finite number", 0);
  return number * frames;
}

std::string digits(double number) {
  char text[40];
  std::snprintf(text, sizeof text, "(%.17g)", number);
  return text;
}

/// 0 before the frame, 1 behind the fade, as the text of an expression.
std::string fade_in(double frame, double fade) {
  if (fade == 0) return "(f >= " + digits(frame) + ")";
  return "clamp((f - " + digits(frame) + ")/" + digits(fade) + ", 0, 1)";
}

std::vector<FramePrompt> read(const SettingValue& value, const std::map<std::string, double>& constants,
                              std::vector<std::string>& problems) {
  std::vector<FramePrompt> result;
  for (const RawValue& group : value.groups)
    for (const auto& [place, text] : group.members) {
      if (text.kind != RawValue::Kind::scalar || trimmed(text.text).empty()) {
        problems.push_back("'prompts': there is no text at " + place + "; write " + place + ": \"a forest\"");
        continue;
      }
      try {
        result.push_back({frames_of(place, constants), place, text.text});
      } catch (const ExpressionError& error) {
        problems.push_back("'prompts': '" + place +
                           "' is no place, such as 60, 2.5s or 8b: " + std::string(error.what()));
      }
    }
  std::stable_sort(result.begin(), result.end(),
                   [](const FramePrompt& a, const FramePrompt& b) { return a.frame < b.frame; });
  for (std::size_t i = 1; i < result.size(); ++i)
    if (result[i].frame == result[i - 1].frame)
      problems.push_back("'prompts': there are two at the same frame, '" + result[i - 1].place + "' and '" +
                         result[i].place + "'");
  return result;
}

}  // namespace

bool has_frame_prompts(const Settings& settings) {
  const SettingValue* prompts = settings.find("prompts");
  return prompts && !prompts->groups.empty();
}

std::vector<Scene> parse_frame_prompts(const Settings& settings,
                                       const std::map<std::string, double>& constants,
                                       const std::set<std::string>& sound, std::vector<std::string>& problems,
                                       std::vector<std::string>& notices) {
  for (const char* used : {"f", "clamp"})
    if (sound.contains(used)) {
      problems.push_back("'prompts': an audio filter has the variable_name '" + std::string(used) +
                         "', which fades need themselves; call it something else");
      return {};
    }
  const std::vector<FramePrompt> all = read(*settings.find("prompts"), constants, problems);
  const std::string written = settings.get<std::string>("prompt_fade");
  double fade = 0;
  try {
    fade = frames_of(written, constants);
  } catch (const ExpressionError& error) {
    problems.push_back("'prompt_fade' is '" + written +
                       "', which is no time, such as 12 (frames), 1.5s or 4b: " + error.what());
  }
  if (fade < 0) problems.push_back("'prompt_fade' is '" + written + "', less than 0");
  if (!problems.empty()) return {};
  Scene scene;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].text.find(" --neg") != std::string::npos)
      notices.push_back("prompts: --neg means nothing here; write '| words:-1' for what is not wanted");
    std::vector<Scene> parsed =
        parse_scenes(all[i].text, settings.get<std::string>("scene_prefix"),
                     settings.get<std::string>("scene_suffix"), sound, problems, notices);
    if (parsed.size() > 1)
      problems.push_back("'prompts': there are several scenes at " + all[i].place + "; leave || out");
    if (parsed.empty()) continue;
    std::string share = i == 0 ? "1" : fade_in(all[i].frame, fade);
    if (i + 1 < all.size()) share += " - " + fade_in(all[i + 1].frame, fade);
    for (Prompt& prompt : parsed[0].prompts) {
      // A line break ends a comment in the weight.
      try {
        if (all.size() > 1)
          prompt.weight = compile_over_time("(" + share + ")*(" + prompt.weight.text() + "\n)", sound);
      } catch (const ExpressionError& error) {
        problems.push_back("'prompts': the weight of '" + prompt.text + "' cannot fade: " + error.what());
      }
      prompt.setting = "prompts";
      scene.prompts.push_back(std::move(prompt));
    }
  }
  if (scene.prompts.empty()) {
    if (problems.empty()) problems.push_back("'prompts' holds no prompt; write {0: a forest, 60: a city}");
    return {};
  }
  return {scene};
}

}  // namespace reverie
