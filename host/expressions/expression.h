#pragma once
// Expressions in settings: weights, stops and motion as formulas. docs/expressions.md describes them for
// artists.
//
// The syntax is that of Python's expressions, and so are the values; nothing is executed but what is in
// expressions/functions.h. All work is limited (expressions/limits.h): no text can hang, crash or fill the
// memory.

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "expressions/error.h"

namespace reverie {

namespace expressions {
struct Program;
}

/// Compiled once, evaluated at each frame. Copies share what was compiled; any number of threads may
/// evaluate.
class Expression {
 public:
  /// `names` are the variables that will have a value; they hide functions of the same name. Where one of
  /// `measured` takes part, whose values nobody can know ahead, numbers follow NumPy: 0/0 is nan, 1/0 is
  /// infinite. Throws ExpressionError for bad syntax, unknown names, calls with too many or too few
  /// arguments, and, where the expression has no variables, for whatever is wrong with its value.
  static Expression compile(std::string text, const std::set<std::string>& names,
                            const std::set<std::string>& measured = {});

  /// True if `name` can stand for a variable: a Python identifier that is not a keyword, and not `np`.
  static bool is_name(const std::string& name);

  /// The value as a number, which may be infinite or nan. `values` needs a value for each of variables(), and
  /// may hold more. Throws ExpressionError when it cannot be computed, or is anything but a number.
  double number(const std::map<std::string, double>& values) const;

  /// The value of a list, tuple or array of numbers; a single number is a list of one.
  std::vector<double> numbers(const std::map<std::string, double>& values) const;

  /// A name in curve(NAME, ...), and where it stands.
  struct Lookup {
    std::string name;
    std::size_t column;
  };
  /// What it looks up; see with_curves().
  std::vector<Lookup> lookups() const;

  /// The same, where curve(NAME, seconds) finds what `find` gives for that name: an expression whose own
  /// lookups are found already, and that is not measured. Without this, curve() has no value.
  Expression with_curves(const std::function<Expression(const Lookup&)>& find) const;

  /// True if there are no variables, so that the value is known already.
  bool is_constant() const;
  /// True if a measured variable takes part.
  bool is_measured() const;
  /// Those of the known names that the expression uses.
  const std::set<std::string>& variables() const;
  const std::string& text() const;

 private:
  explicit Expression(std::shared_ptr<const expressions::Program> program) : program_(std::move(program)) {}

  std::shared_ptr<const expressions::Program> program_;
};

}  // namespace reverie
