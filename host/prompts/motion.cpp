#include "prompts/motion.h"

#include "expressions/point_at.h"
#include "reverie/error.h"
#include "settings/texts.h"

namespace reverie {
namespace {

std::string counted(std::size_t count) {
  return count == 1 ? "1 number" : std::to_string(count) + " numbers";
}

}  // namespace

std::vector<MotionSetting> parse_motion(const Settings& settings, std::span<const ParamSpec> params,
                                        const std::set<std::string>& variables,
                                        std::vector<Problem>& problems) {
  std::vector<MotionSetting> result;
  for (const ParamSpec& spec : params) {
    const SettingValue* value = settings.find(spec.name);
    if (!spec.animatable || !value) continue;
    std::set<std::string> names = variables;
    names.insert("t");
    if (*spec.variables)
      for (const std::string& own : split(spec.variables, "|")) names.insert(own);
    const std::size_t count = spec.type == ParamType::list ? split(spec.default_text, ",").size() : 1;
    const auto problem = [&](const std::string& why, std::size_t column) {
      problems.push_back({value->location,
                          "'" + std::string(spec.name) + "': " + why + "\n" + point_at(value->text, column)});
    };
    try {
      MotionSetting motion{spec.name, count, Expression::compile(value->text, names)};
      if (motion.expression.is_constant()) {
        const std::size_t found = motion.expression.numbers({}).size();
        if (found != count) {
          problem(counted(found) + ", where it takes " + std::to_string(count), 0);
          continue;
        }
      }
      result.push_back(std::move(motion));
    } catch (const ExpressionError& error) {
      problem(error.what(), error.column());
    }
  }
  return result;
}

std::vector<double> numbers_of(const MotionSetting& motion, const std::map<std::string, double>& values) {
  std::string why;
  std::size_t column = 0;
  try {
    std::vector<double> numbers = motion.expression.numbers(values);
    if (numbers.size() == motion.count) return numbers;
    why = counted(numbers.size()) + ", where it takes " + std::to_string(motion.count);
  } catch (const ExpressionError& error) {
    why = error.what();
    column = error.column();
  }
  throw Error(ErrorKind::settings, "'" + motion.name + "' at t = " + std::to_string(values.at("t")) + ": " +
                                       why + "\n" + point_at(motion.expression.text(), column));
}

}  // namespace reverie
