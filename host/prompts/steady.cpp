#include "prompts/steady.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "engine/timeline.h"

namespace reverie {

using engine::Timeline;

namespace {

constexpr std::int64_t kPoints = 16;

class Steady {
 public:
  Steady(const Script& script, const Settings& settings)
      : timeline_(settings, std::ssize(script.scenes)),
        steps_(settings.get<std::int64_t>("steps_per_scene") *
               static_cast<std::int64_t>(script.scenes.size())) {}

  void weight(Expression& expression) const {
    double largest = 0;
    bool found = false;
    each(expression, 0, [&](const std::vector<double>& numbers) {
      if (numbers.size() != 1 || !std::isfinite(numbers[0])) return;
      if (std::abs(numbers[0]) >= std::abs(largest)) largest = numbers[0];
      found = true;
    });
    replace(expression, {found ? largest : 1});
  }

  /// `begin`: the first step that counts.
  void first(Expression& expression, const std::vector<double>& otherwise, std::int64_t begin = 0) const {
    std::vector<double> chosen = otherwise;
    bool found = false;
    each(expression, begin, [&](const std::vector<double>& numbers) {
      const bool none = std::any_of(numbers.begin(), numbers.end(), [](double n) { return std::isnan(n); });
      if (found || none || numbers.size() != otherwise.size()) return;
      chosen = numbers;
      found = true;
    });
    replace(expression, chosen);
  }

  std::int64_t first_move() const { return timeline_.first_step(1); }

 private:
  template <typename Take>
  void each(const Expression& expression, std::int64_t begin, const Take& take) const {
    const std::int64_t last = std::max<std::int64_t>(steps_ - 1, 0), from = std::min(begin, last);
    for (std::int64_t i = 0; i < kPoints; ++i) {
      const std::int64_t step = from + i * (last - from) / (kPoints - 1);
      std::map<std::string, double> values = timeline_.values(step, {});
      for (const std::string& name : expression.variables()) values.emplace(name, 0.5);
      try {
        take(expression.numbers(values));
      } catch (const ExpressionError&) {  // it has no value there
      }
    }
  }

  static void replace(Expression& expression, const std::vector<double>& numbers) {
    if (expression.is_constant()) return;
    std::string text;
    for (const double number : numbers) {
      char digits[40];
      std::snprintf(digits, sizeof digits, "%.17g", number);
      text += (text.empty() ? "" : ", ") + std::string(digits);
    }
    expression = Expression::compile(numbers.size() == 1 ? text : "[" + text + "]", {});
  }

  const Timeline timeline_;
  std::int64_t steps_;
};

}  // namespace

Script steady(const Script& script, const Settings& settings) {
  const Steady steady(script, settings);
  constexpr double kOff = -INFINITY, kMiddle = 0.5;
  Script result = script;
  for (Scene& scene : result.scenes)
    for (Prompt& prompt : scene.prompts) {
      steady.weight(prompt.weight);
      steady.first(prompt.stop, {kOff});
      if (prompt.mask.cutoff) steady.first(*prompt.mask.cutoff, {kMiddle});
    }
  const auto hold = [&](std::vector<MotionSetting>& settings_that_vary, std::int64_t begin = 0) {
    for (MotionSetting& motion : settings_that_vary) {
      std::vector<double> usual = motion.usual;
      usual.resize(motion.count);
      steady.first(motion.expression, usual, begin);
    }
  };
  for (LossTerm& term : result.losses) {
    steady.weight(term.weight);
    steady.first(term.stop, {kOff});
    hold(term.varying);
  }
  hold(result.motion, steady.first_move());
  hold(result.cutting);
  hold(result.model);
  if (result.cutouts) steady.weight(result.cutouts->expression);
  for (MotionSetting& weight : result.perceptor_weights) steady.weight(weight.expression);
  return result;
}

std::map<std::string, double> beginnings(const Script& script, const Settings& settings) {
  std::map<std::string, double> result;
  const Script held = steady(script, settings);
  for (const auto& [varying, constant] : {std::pair{&script.motion, &held.motion},
                                          {&script.cutting, &held.cutting},
                                          {&script.model, &held.model}})
    for (std::size_t i = 0; i < varying->size(); ++i) {
      const MotionSetting& setting = (*varying)[i];
      if (setting.count != 1) continue;
      // Of what nobody knows yet, the default is sure to be allowed.
      const bool measured = setting.expression.is_measured();
      result[setting.name] = measured ? setting.usual[0] : (*constant)[i].expression.number({});
    }
  if (held.cutouts) result["cutouts"] = std::max(1.0, std::round(held.cutouts->expression.number({})));
  return result;
}

}  // namespace reverie
