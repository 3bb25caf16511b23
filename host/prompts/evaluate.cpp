#include "prompts/evaluate.h"

#include <cmath>

#include "expressions/point_at.h"
#include "reverie/error.h"

namespace reverie {

std::optional<double> evaluate(const Expression& expression, const std::map<std::string, double>& values,
                               const Purpose& purpose, Warnings& warnings) {
  std::string why;
  std::size_t column = 0;
  bool computed = false;
  try {
    const double value = expression.number(values);
    if (!std::isnan(value) && !(purpose.finite && std::isinf(value))) return value;
    why = std::isnan(value) ? "is not a number (nan)" : "is infinite";
    computed = true;
  } catch (const ExpressionError& error) {
    why = error.what();
    column = error.column();
  }
  const auto t = values.find("t");
  const std::string message = purpose.whose + ": the " + purpose.what + " '" + expression.text() + "'" +
                              (t == values.end() ? "" : " at t = " + std::to_string(t->second)) +
                              purpose.moment + ": " + why;
  if (!computed || !expression.is_measured())
    throw Error(ErrorKind::settings, message + "\n" + point_at(expression.text(), column));
  warnings.once(purpose.whose + purpose.what,
                message + "; whenever it is, it counts as " + purpose.otherwise);
  return std::nullopt;
}

}  // namespace reverie
