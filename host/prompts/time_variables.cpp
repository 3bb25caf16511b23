#include "prompts/time_variables.h"

#include <utility>

namespace reverie {

const std::set<std::string>& time_variables() {
  static const std::set<std::string> names = {"t",    "s",   "f",   "max_f", "fps",
                                              "beat", "bar", "bpm", "scene", "p"};
  return names;
}

std::set<std::string> with_time(const std::set<std::string>& measured) {
  std::set<std::string> names = time_variables();
  names.insert(measured.begin(), measured.end());
  return names;
}

Expression compile_over_time(std::string text, const std::set<std::string>& measured) {
  return Expression::compile(std::move(text), with_time(measured), measured);
}

}  // namespace reverie
