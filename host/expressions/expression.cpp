#include "expressions/expression.h"

#include <algorithm>

#include "expressions/evaluator.h"
#include "expressions/lexer.h"
#include "expressions/parser.h"
#include "expressions/resolver.h"

namespace reverie {
namespace {

using namespace expressions;

Value value_of(const Program& program, const std::map<std::string, double>& values) {
  if (program.result) return *program.result;
  std::vector<double> variables;
  variables.reserve(program.slots.size());
  for (const std::string& name : program.slots) variables.push_back(values.at(name));
  return evaluate(program, variables);
}

/// Messages about the value as a whole point at the beginning.
Context whole(const Program& program) {
  const std::size_t start = program.text.find_first_not_of(" \t\r\n\f");
  return {.column = start == std::string::npos ? 0 : start};
}

}  // namespace

Expression Expression::compile(std::string text, const std::set<std::string>& names,
                               const std::set<std::string>& measured) {
  auto program = std::make_shared<Program>(parse(std::move(text)));
  resolve(*program, names, measured);
  if (program->slots.empty() && program->curves.empty()) program->result = evaluate(*program, {});
  return Expression(std::move(program));
}

std::vector<Expression::Lookup> Expression::lookups() const {
  std::vector<Lookup> result;
  for (const CurveUse& use : program_->curves) result.push_back({use.name, use.column});
  return result;
}

Expression Expression::with_curves(const std::function<Expression(const Lookup&)>& find) const {
  if (program_->curves.empty()) return *this;
  auto program = std::make_shared<Program>(*program_);
  const auto slot_of = [&](const std::string& name) {
    const auto found = std::find(program->slots.begin(), program->slots.end(), name);
    const std::size_t slot = static_cast<std::size_t>(found - program->slots.begin());
    if (found == program->slots.end()) program->slots.push_back(name);
    return slot;
  };
  for (CurveUse& use : program->curves) {
    use.target = find({use.name, use.column}).program_;
    use.slots = {slot_of("fps"), slot_of("bpm")};
    // Variables of the time need none, but every slot has a place.
    for (const std::string& name : use.target->slots)
      use.slots.push_back(tells_time(name) ? 0 : slot_of(name));
  }
  program->variables = {program->slots.begin(), program->slots.end()};
  return Expression(std::move(program));
}

bool Expression::is_constant() const { return program_->result.has_value(); }

bool Expression::is_name(const std::string& name) {
  return is_identifier(name) && !is_keyword(name) && name != "np";
}

double Expression::number(const std::map<std::string, double>& values) const {
  const Value value = value_of(*program_, values);
  const Context context = whole(*program_);
  if (!is_number(value)) context.fail("a single number is wanted, and this is " + describe(value));
  return real(context, value);
}

std::vector<double> Expression::numbers(const std::map<std::string, double>& values) const {
  const Value value = value_of(*program_, values);
  const Context context = whole(*program_);
  std::vector<double> result;
  if (const Sequence* sequence = as_sequence(value))
    for (const Value& item : sequence->items) {
      if (!is_number(item)) context.fail("a list of numbers is wanted, and this one holds " + describe(item));
      result.push_back(real(context, item));
    }
  else if (is_number(value))
    result.push_back(real(context, value));
  else
    context.fail("a number or a list of numbers is wanted, and this is " + describe(value));
  return result;
}

bool Expression::is_measured() const { return program_->numpy; }
const std::set<std::string>& Expression::variables() const { return program_->variables; }
const std::string& Expression::text() const { return program_->text; }

}  // namespace reverie
