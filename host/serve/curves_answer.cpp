#include "serve/curves_answer.h"

#include <cmath>

#include "app/curves.h"
#include "app/failure.h"
#include "app/plan.h"
#include "serve/channel.h"

namespace reverie::serve {

using app::Curve;
using app::Curves;
using app::Keyframe;

namespace {

constexpr std::int64_t kMostFrames = 2000;  // more than a screen has pixels

/// What is no number is null: JSON has none.
Json::Value json_of(double number) { return std::isfinite(number) ? Json::Value(number) : Json::Value::null; }

Json::Value json_of(const std::vector<double>& numbers) {
  Json::Value list(Json::arrayValue);
  for (const double number : numbers) list.append(json_of(number));
  return list;
}

Json::Value json_of(const Curve& curve) {
  Json::Value value;
  value["name"] = curve.name;
  value["setting"] = curve.setting;
  value["text"] = curve.text;
  value["item"] = curve.item < 0 ? Json::Value::null : Json::Value(Json::Int64(curve.item));
  value["values"] = json_of(curve.values);
  value["keyframes"] = Json::arrayValue;
  for (const Keyframe& keyframe : curve.keyframes) {
    Json::Value& one = value["keyframes"].append(Json::objectValue);
    one["f"] = keyframe.frame;
    one["value"] = json_of(keyframe.value);
  }
  return value;
}

}  // namespace

Json::Value curves_answer(const Submission& submission, const RunRules& rules) {
  std::vector<Problem> problems;
  Curves curves;
  Json::Value answer;
  answer["notices"] = Json::arrayValue;
  try {
    const app::Plan plan = app::make_plan(sources_of(submission, rules), rules.registry);
    answer["notices"] = json_of(plan.notices);
    curves = curves_of(plan, kMostFrames);
  } catch (const SettingsError& error) {
    problems = error.problems();
  } catch (...) {
    const app::Failure failure = app::current_failure();
    problems.push_back({{"", 0}, failure.message + (failure.advice.empty() ? "" : "; " + failure.advice)});
  }
  answer["problems"] = json_of(problems);
  answer["every"] = Json::Int64(curves.every);
  answer["f"] = json_of(curves.frames);
  answer["t"] = json_of(curves.seconds);
  answer["curves"] = Json::arrayValue;
  for (const Curve& curve : curves.curves) answer["curves"].append(json_of(curve));
  answer["unknown"] = json_of(curves.unknown);
  return answer;
}

}  // namespace reverie::serve
