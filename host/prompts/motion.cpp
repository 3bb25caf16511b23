#include "prompts/motion.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/texts.h"
#include "expressions/point_at.h"
#include "prompts/hints.h"
#include "prompts/time_variables.h"
#include "reverie/error.h"

namespace reverie {
namespace {

std::string counted(std::size_t count) {
  return count == 1 ? "1 number" : std::to_string(count) + " numbers";
}

/// "nan", "[1, inf]"
std::string shown(const std::vector<double>& numbers) {
  std::string text;
  for (const double number : numbers) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%g", number);
    text += (text.empty() ? "" : ", ") + std::string(digits);
  }
  return numbers.size() == 1 ? text : "[" + text + "]";
}

/// Of numbers that are finite; empty if all are allowed.
std::string trouble_with_range(const std::vector<double>& numbers, const ParamSpec& spec) {
  for (const double number : numbers) {
    const bool low = spec.has_min && (number < spec.min || (spec.exclusive_min && number == spec.min));
    if (low || (spec.has_max && number > spec.max))
      return "it is " + shown(numbers) + "; allowed: " + allowed(spec);
  }
  return {};
}

}  // namespace

std::vector<MotionSetting> parse_motion(const Settings& settings, std::span<const ParamSpec> params,
                                        const std::set<std::string>& variables,
                                        std::vector<Problem>& problems) {
  std::vector<MotionSetting> result;
  for (const ParamSpec& spec : params) {
    const SettingValue* value = settings.find(spec.name);
    if (!spec.animatable || !value || value->null) continue;
    std::set<std::string> measured = variables;
    const std::vector<std::string> own =
        *spec.variables ? split(spec.variables, "|") : std::vector<std::string>();
    measured.insert(own.begin(), own.end());
    const std::size_t count = spec.type == ParamType::list ? split(spec.default_text, ",").size() : 1;
    const auto problem = [&](const std::string& why, std::size_t column) {
      problems.push_back({value->location,
                          "'" + std::string(spec.name) + "': " + why + "\n" + point_at(value->text, column)});
    };
    try {
      // Plain numbers may be written as Python would not read them: 007.
      const std::string text = value->is_expression() ? value->text : value->json();
      MotionSetting motion{spec.name, count, compile_over_time(text, measured)};
      motion.spec = spec;
      motion.location = value->location;
      const std::string usual = spec.default_text;
      motion.usual = spec.type == ParamType::list ? Expression::compile("[" + usual + "]", {}).numbers({})
                                                  : std::vector{spec.default_number};
      if (motion.expression.is_constant()) {
        const std::vector<double> numbers = motion.expression.numbers({});
        if (numbers.size() != count) {
          problem(counted(numbers.size()) + ", where it takes " + std::to_string(count), 0);
          continue;
        }
        if (const std::string why = trouble_with_range(numbers, spec); !why.empty()) {
          problem(why, 0);
          continue;
        }
      }
      result.push_back(std::move(motion));
    } catch (const ExpressionError& error) {
      problem(explain(error, own, variables) + "; allowed: " + allowed(spec), error.column());
    }
  }
  return result;
}

std::vector<double> numbers_of(const MotionSetting& motion, const std::map<std::string, double>& values,
                               Warnings& warnings, const std::string& moment) {
  std::string why;
  std::size_t column = 0;
  const std::string where = "'" + motion.name + "' at t = " + std::to_string(values.at("t")) + moment + ": ";
  try {
    std::vector<double> numbers = motion.expression.numbers(values);
    const bool finite =
        std::all_of(numbers.begin(), numbers.end(), [](double x) { return std::isfinite(x); });
    why = counted(numbers.size()) + ", where it takes " + std::to_string(motion.count);
    if (numbers.size() == motion.count) {
      why = finite ? trouble_with_range(numbers, motion.spec)
                   : "it is " + shown(numbers) + ", which is not finite";
      if (why.empty()) return numbers;
      if (motion.expression.is_measured()) {
        warnings.once(motion.name, where + why + "; whenever it is, its default takes its place");
        return motion.usual;
      }
    }
  } catch (const ExpressionError& error) {
    why = error.what();
    column = error.column();
  }
  throw Error(ErrorKind::settings, where + why + "\n" + point_at(motion.expression.text(), column));
}

}  // namespace reverie
