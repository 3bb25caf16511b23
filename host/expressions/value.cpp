#include "expressions/value.h"

#include <algorithm>

#include "expressions/error.h"
#include "expressions/functions.h"

namespace reverie::expressions {

void Context::fail(const std::string& message) const { throw ExpressionError(message, column); }

void Context::spend(std::size_t steps) {
  if (steps > steps_left) fail("this takes too long: more than " + std::to_string(kMostSteps) + " steps");
  steps_left -= steps;
}

void Context::make_list(std::size_t length) {
  if (length > kLongestList)
    fail("this list is too long; " + std::to_string(kLongestList) + " elements are the limit");
  spend(length);
}

std::string describe(const Value& value) {
  struct Describe {
    std::string operator()(Unset) const { return "nothing"; }
    std::string operator()(None) const { return "None"; }
    std::string operator()(bool truth) const { return truth ? "True" : "False"; }
    std::string operator()(std::int64_t) const { return "a whole number"; }
    std::string operator()(double) const { return "a number with a decimal point"; }
    std::string operator()(const std::shared_ptr<const Sequence>& sequence) const {
      const std::string size = " of " + std::to_string(sequence->items.size());
      return (sequence->kind == SequenceKind::list    ? "a list"
              : sequence->kind == SequenceKind::tuple ? "a tuple"
                                                      : "an array") +
             size;
    }
    std::string operator()(const Function* function) const {
      return "the function " + std::string(function->name);
    }
    std::string operator()(Lambda) const { return "a lambda"; }
  };
  return std::visit(Describe{}, value);
}

double real(const Context& context, const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (!is_integer(value)) context.fail("a number is wanted here, not " + describe(value));
  return static_cast<double>(integer(context, value));
}

std::int64_t integer(const Context& context, const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? 1 : 0;
  context.fail("a whole number is wanted here, not " + describe(value));
}

const Values& items(const Context& context, const Value& value) {
  const Sequence* sequence = as_sequence(value);
  if (!sequence) context.fail("a list is wanted here, not " + describe(value));
  return sequence->items;
}

bool truth(const Context& context, const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number != 0;
  if (is_integer(value)) return integer(context, value) != 0;
  if (const Sequence* sequence = as_sequence(value)) {
    if (sequence->kind != SequenceKind::array) return !sequence->items.empty();
    if (sequence->items.size() != 1) context.fail("an array is neither true nor false");
    return truth(context, sequence->items[0]);
  }
  return !is_none(value);
}

Value make_sequence(const Context& context, SequenceKind kind, Values items) {
  std::size_t depth = 1;
  for (const Value& item : items)
    if (const Sequence* inner = as_sequence(item)) depth = std::max(depth, inner->depth + 1);
  if (depth > kDeepestList)
    context.fail("this list is nested too deeply; " + std::to_string(kDeepestList) +
                 " lists inside each other are the limit");
  return std::make_shared<const Sequence>(Sequence{kind, std::move(items), depth});
}

Value make_array(const Context& context, Values items) {
  bool floats = items.empty(), integers = false;
  for (const Value& item : items) {
    if (as_sequence(item)) context.fail("arrays have one dimension only here");
    if (!is_number(item)) context.fail("an array holds numbers, not " + describe(item));
    floats |= is_real(item);
    integers |= std::holds_alternative<std::int64_t>(item);
  }
  for (Value& item : items)
    if (floats)
      item = real(context, item);
    else if (integers)
      item = integer(context, item);
  return make_sequence(context, SequenceKind::array, std::move(items));
}

}  // namespace reverie::expressions
