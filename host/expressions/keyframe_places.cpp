#include "expressions/keyframe_places.h"

#include <set>

#include "expressions/evaluator.h"
#include "expressions/parser.h"
#include "expressions/resolver.h"

namespace reverie::expressions {

std::vector<double> keyframe_places(const std::string& text, const std::map<std::string, double>& values) {
  Program program = parse(text);
  std::set<std::string> names;
  for (const auto& [name, value] : values) names.insert(name);
  resolve(program, names, {});
  std::vector<double> variables;
  for (const std::string& name : program.slots) variables.push_back(values.at(name));
  return root_places(program, variables);
}

}  // namespace reverie::expressions
