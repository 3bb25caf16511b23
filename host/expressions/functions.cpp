#include "expressions/functions.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>

namespace reverie::expressions {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

constexpr Constant kConstants[] = {
    {"pi", std::numbers::pi},
    {"e", std::numbers::e},
    {"tau", 2 * std::numbers::pi},
    {"inf", kInfinity},
    {"nan", kNan},
    {"np.pi", std::numbers::pi},
    {"np.e", std::numbers::e},
    {"np.inf", kInfinity},
    {"np.Inf", kInfinity},
    {"np.Infinity", kInfinity},
    {"np.infty", kInfinity},
    {"np.PINF", kInfinity},
    {"np.NINF", -kInfinity},
    {"np.NAN", kNan},
    {"np.nan", kNan},
    {"np.NaN", kNan},
    {"np.euler_gamma", std::numbers::egamma},
};

/// The words of a list separated by spaces.
std::vector<std::string_view> words(std::string_view list) {
  std::vector<std::string_view> result;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(' '), list.size());
    result.push_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return result;
}

}  // namespace

std::string argument_count(std::size_t count) {
  return count == 0 ? "no arguments" : count == 1 ? "1 argument" : std::to_string(count) + " arguments";
}

std::span<const Constant> constants() { return kConstants; }

const Function* find_function(std::string_view name) {
  static const std::map<std::string_view, const Function*> all = [] {
    std::map<std::string_view, const Function*> result;
    for (const auto functions :
         {builtin_functions(), math_functions(), numpy_functions(), motion_functions()})
      for (const Function& function : functions) result.emplace(function.name, &function);
    return result;
  }();
  const auto found = all.find(name);
  return found == all.end() ? nullptr : found->second;
}

const Constant* find_constant(std::string_view name) {
  const auto* found = std::find_if(std::begin(kConstants), std::end(kConstants),
                                   [&](const Constant& constant) { return constant.name == name; });
  return found == std::end(kConstants) ? nullptr : found;
}

const std::vector<std::string>& known_names() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> result;
    for (const auto functions :
         {builtin_functions(), math_functions(), numpy_functions(), motion_functions()})
      for (const Function& function : functions) result.emplace_back(function.name);
    for (const Constant& constant : kConstants) result.emplace_back(constant.name);
    for (const char* form : {"curve", "slew"}) result.emplace_back(form);  // which the parser knows
    return result;
  }();
  return all;
}

std::size_t parameter_position(const Context& context, const Function& function, std::string_view keyword) {
  const std::vector<std::string_view> names = words(function.keywords);
  const auto found = std::find(names.begin(), names.end(), keyword);
  if (found == names.end() || keyword == "-")
    context.fail(std::string(function.name) + "() has no parameter named '" + std::string(keyword) + "'");
  return static_cast<std::size_t>(found - names.begin());
}

void check_arity(const Context& context, const Function& function, std::size_t given) {
  if (given >= function.least && given <= function.most) return;
  std::string wanted;
  if (function.most == Function::kAny)
    wanted = "at least " + argument_count(function.least);
  else if (function.least == function.most)
    wanted = argument_count(function.least);
  else
    wanted = std::to_string(function.least) + " to " + argument_count(function.most);
  context.fail(std::string(function.name) + "() takes " + wanted + ", not " + std::to_string(given));
}

}  // namespace reverie::expressions
