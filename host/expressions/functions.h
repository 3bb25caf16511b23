#pragma once
// The functions and constants that expressions know, as tables.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "expressions/value.h"

namespace reverie::expressions {

struct Function {
  static constexpr std::size_t kAny = 1'000'000;

  std::string_view name;  ///< as it is written, with np. in front if it is NumPy's
  /// Gets `most` arguments, Unset where one was left out; where `most` is kAny, those that were given.
  Value (*call)(Context&, Arguments);
  std::size_t least, most;
  /// The parameters' names, where they may be given by name, separated by spaces; '-' for one that may not.
  std::string_view keywords = {};
};

struct Constant {
  std::string_view name;
  double value;
};

/// Python's math module, its built-in functions, and numpy.
std::span<const Function> math_functions();
std::span<const Function> builtin_functions();
std::span<const Function> numpy_functions();
/// Which Python does not have.
std::span<const Function> motion_functions();
std::span<const Constant> constants();

/// Null if there is none of that name.
const Function* find_function(std::string_view name);
const Constant* find_constant(std::string_view name);
/// The names of all functions and constants.
const std::vector<std::string>& known_names();

/// Where the parameter stands in the list of arguments; fails in `context` if there is none of that name.
std::size_t parameter_position(const Context& context, const Function& function, std::string_view keyword);
/// "1 argument", "2 arguments" ...
std::string argument_count(std::size_t count);
/// Fails in `context` if the function does not take that many arguments.
void check_arity(const Context& context, const Function& function, std::size_t given);

}  // namespace reverie::expressions
