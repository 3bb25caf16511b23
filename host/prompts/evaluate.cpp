#include "prompts/evaluate.h"

#include <cmath>

#include "expressions/point_at.h"
#include "reverie/error.h"

namespace reverie {

double evaluate(const Expression& expression, const std::map<std::string, double>& values,
                const std::string& whose, const std::string& what) {
  std::string why = "is not a number (nan)";
  std::size_t column = 0;
  try {
    const double value = expression.number(values);
    if (!std::isnan(value)) return value;
  } catch (const ExpressionError& error) {
    why = error.what();
    column = error.column();
  }
  const auto t = values.find("t");
  throw Error(ErrorKind::settings, whose + ": the " + what + " '" + expression.text() + "'" +
                                       (t == values.end() ? "" : " at t = " + std::to_string(t->second)) +
                                       ": " + why + "\n" + point_at(expression.text(), column));
}

}  // namespace reverie
