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

bool by_embedding(const Settings& settings) {
  const SettingValue* by = settings.find("prompt_fade_by");
  return by && by->text == "embedding";
}

/// Whether the words of one can go over to those of the other.
bool can_go_over(const Prompt& from, const Prompt& to) {
  return !from.picture && !to.picture && from.mask.kind == to.mask.kind &&
         from.mask.letter == to.mask.letter && from.mask.what == to.mask.what &&
         from.mask.inverted == to.mask.inverted;
}

/// The prompts at their places, each with the words of the one in its place at the next: it counts from the
/// end of the fade before to the end of its own. `all` and `prompts` are alike in number.
Scene going_over(const std::vector<FramePrompt>& all, std::vector<Scene>& prompts, double fade,
                 const std::set<std::string>& sound, std::vector<std::string>& problems) {
  const auto weight_of = [](const Prompt& prompt) { return "(" + prompt.weight.text() + "\n)"; };
  Scene scene;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool last = i + 1 == all.size();
    const std::string share = last ? "0" : fade_in(all[i + 1].frame, fade);
    for (std::size_t k = 0; k < prompts[i].prompts.size(); ++k) {
      Prompt prompt = prompts[i].prompts[k];
      const Prompt* before =
          i > 0 && k < prompts[i - 1].prompts.size() ? &prompts[i - 1].prompts[k] : nullptr;
      const Prompt* next = !last && k < prompts[i + 1].prompts.size() ? &prompts[i + 1].prompts[k] : nullptr;
      const bool comes_over = before && can_go_over(*before, prompt),
                 goes_over = next && can_go_over(prompt, *next);
      // Without a partner it fades by its weight.
      std::string weight = weight_of(prompt);
      if (goes_over) weight = "(1 - " + share + ")*" + weight + " + (" + share + ")*" + weight_of(*next);
      std::string counts = i == 0       ? "1"
                           : comes_over ? "(f >= " + digits(all[i].frame + fade) + ")"
                                        : fade_in(all[i].frame, fade);
      if (!last)
        counts += goes_over ? "*(f < " + digits(all[i + 1].frame + fade) + ")" : "*(1 - " + share + ")";
      try {
        prompt.weight = compile_over_time(counts + "*(" + weight + ")", sound);
        if (goes_over) {
          prompt.towards = next->text;
          prompt.share = compile_over_time(share, sound);
        }
      } catch (const ExpressionError& error) {
        problems.push_back("'prompts': the weight of '" + prompt.text + "' cannot fade: " + error.what());
      }
      prompt.setting = "prompts";
      scene.prompts.push_back(std::move(prompt));
    }
  }
  return scene;
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
  const bool embeds = by_embedding(settings) && fade > 0 && all.size() > 1;
  for (std::size_t i = 1; embeds && i < all.size(); ++i)
    if (i + 1 < all.size() && all[i].frame + fade > all[i + 1].frame)
      problems.push_back("'prompt_fade' is '" + written + "', which is longer than from '" + all[i].place +
                         "' to '" + all[i + 1].place +
                         "': with prompt_fade_by: embedding, one fade has to end before the next begins");
  if (!problems.empty()) return {};
  Scene scene;
  std::vector<Scene> at_places;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].text.find(" --neg") != std::string::npos)
      notices.push_back("prompts: --neg means nothing here; write '| words:-1' for what is not wanted");
    std::vector<Scene> parsed =
        parse_scenes(all[i].text, settings.get<std::string>("scene_prefix"),
                     settings.get<std::string>("scene_suffix"), sound, problems, notices);
    if (parsed.size() > 1)
      problems.push_back("'prompts': there are several scenes at " + all[i].place + "; leave || out");
    if (embeds) at_places.push_back(parsed.empty() ? Scene() : parsed[0]);
    if (parsed.empty() || embeds) continue;
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
  if (embeds) scene = going_over(all, at_places, fade, sound, problems);
  if (scene.prompts.empty()) {
    if (problems.empty()) problems.push_back("'prompts' holds no prompt; write {0: a forest, 60: a city}");
    return {};
  }
  return {scene};
}

}  // namespace reverie
