// 100,000 random expressions, and texts that nearly are some, against what Python makes of them.

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>

#include "expressions/evaluator.h"
#include "expressions/expression.h"
#include "expressions/parser.h"
#include "expressions/point_at.h"
#include "expressions/resolver.h"
#include "support/written_files.h"

namespace reverie::test {
namespace {

using namespace expressions;

/// Which place a number has among all, so that neighbours differ by 1.
std::int64_t rank(double x) {
  const auto bits = std::bit_cast<std::int64_t>(x);
  return bits < 0 ? std::numeric_limits<std::int64_t>::min() - bits : bits;
}

bool same(double actual, double expected, int tolerance) {
  if (std::isnan(expected)) return std::isnan(actual);
  if (std::isinf(expected)) return actual == expected;
  if (tolerance == 0) return std::bit_cast<std::int64_t>(actual) == std::bit_cast<std::int64_t>(expected);
  // Sums and logarithms near their zeros are as exact as their terms, which are about 1 there.
  if (std::abs(actual - expected) < tolerance * 1e-16) return true;
  return std::isfinite(actual) && std::isfinite(expected) &&
         std::abs(rank(actual) - rank(expected)) <= tolerance;
}

bool same(const Value& actual, std::istream& expected, int tolerance) {
  std::string kind, word;
  expected >> kind;
  if (kind == "E") return false;
  if (kind == "n") return is_none(actual);
  expected >> word;
  if (kind == "b") return actual.index() == Value(true).index() && std::get<bool>(actual) == (word == "1");
  if (kind == "i")
    return std::holds_alternative<std::int64_t>(actual) && std::get<std::int64_t>(actual) == std::stoll(word);
  if (kind == "f")
    return is_real(actual) && same(std::get<double>(actual), std::strtod(word.c_str(), nullptr), tolerance);
  const Sequence* sequence = as_sequence(actual);
  const SequenceKind wanted = kind == "l"   ? SequenceKind::list
                              : kind == "t" ? SequenceKind::tuple
                                            : SequenceKind::array;
  if (!sequence || sequence->kind != wanted || sequence->items.size() != std::stoull(word)) return false;
  for (const Value& item : sequence->items)
    if (!same(item, expected, tolerance)) return false;
  return true;
}

/// As the outcome would be written.
std::string written(const Value& value) {
  std::ostringstream out;
  if (const auto* truth = std::get_if<bool>(&value))
    out << "b " << *truth;
  else if (const auto* whole = std::get_if<std::int64_t>(&value))
    out << "i " << *whole;
  else if (const auto* number = std::get_if<double>(&value))
    out << "f " << std::hexfloat << *number;
  else
    out << describe(value);
  if (const Sequence* sequence = as_sequence(value))
    for (const Value& item : sequence->items) out << ' ' << written(item);
  return out.str();
}

/// What the message of an error of each kind says; where Python has one kind for many, none need be there.
const std::map<std::string, std::vector<std::string>> kMessages = {
    {"Z", {"division by zero"}},
    {"B", {"integer too large"}},
    {"C", {"not a real number"}},
    {"I", {"there is no element"}},
    {"L", {"too long"}},
    {"O", {"too large", "infinity is not a whole number"}},
    {"N", {"not known", "no value yet"}},
    {"V",
     {"domain", "not a whole number", "negative", "zero", "names for", "dimensions", "empty list", "nothing",
      "infinity", "places", "true nor false", "different lengths"}},
    {"T",
     {"does not work on", "different lengths", "wanted", "takes", "only functions", "arguments with a name",
      "only lists", "whole number", "parameter"}},
};

struct Case {
  const std::map<std::string, double>& variables;
  std::string text, outcome;
  int tolerance;
};

/// What is wrong; empty if nothing is.
std::string difference(const Case& test) {
  std::set<std::string> names;
  std::vector<double> values;
  for (const auto& [name, value] : test.variables) names.insert(name);
  std::istringstream outcome(test.outcome);
  try {
    Program program = parse(test.text);
    resolve(program, names);
    if (test.outcome == "S") return "should be refused";
    for (const std::string& name : program.slots) values.push_back(test.variables.at(name));
    const Value value = evaluate(program, values);
    if (!same(value, outcome, test.tolerance)) return "is " + written(value);
    if (!is_number(value)) return "";
    const Expression expression = Expression::compile(test.text, names);
    const double number = expression.number(test.variables), wanted = real({}, value);
    return number == wanted || std::isnan(wanted) ? "" : "is another number in public";
  } catch (const ExpressionError& error) {
    const std::string shown = std::string(error.what()) + "\n" + point_at(test.text, error.column());
    if (error.column() > test.text.size()) return "is located outside: " + shown;
    if (test.outcome == "S") return "";
    std::string e, kind;
    std::size_t first = 0, end = 0;
    outcome >> e >> kind >> first >> end;
    if (e != "E") return "fails: " + shown;
    if (error.column() < first || error.column() >= end) return "is located elsewhere: " + shown;
    const auto& fragments = kMessages.at(kind);
    const bool named = std::any_of(fragments.begin(), fragments.end(), [&](const std::string& fragment) {
      return std::string(error.what()).find(fragment) != std::string::npos;
    });
    return named ? "" : "is another error: " + shown;
  }
}

/// Those that stand in the text.
void remove_names(const std::string& text, std::set<std::string>& names) {
  const auto part_of_name = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_';
  };
  for (auto begin = text.begin(); begin != text.end();) {
    const auto end = std::find_if_not(begin, text.end(), part_of_name);
    names.erase(std::string(begin, end));
    begin = end == text.end() ? end : end + 1;
  }
}

TEST(Expressions, AreWhatPythonMakesOfThem) {
  const WrittenFiles files(REVERIE_TEST_PYTHON, REVERIE_TEST_FOLDER, "write_random_expressions.py");
  std::ifstream file(files.path() / "expressions.tsv");
  std::vector<std::map<std::string, double>> variables(4);
  std::string line;
  for (auto& values : variables) {
    std::getline(file, line);
    std::istringstream words(line);
    for (std::string name, value; words >> name >> value;) values[name] = std::strtod(value.c_str(), nullptr);
    ASSERT_EQ(values.size(), 4u);
  }
  std::getline(file, line);
  std::istringstream math(line);
  for (std::string name; math >> name;) EXPECT_TRUE(find_function(name) || find_constant(name)) << name;
  std::map<char, int> seen;
  std::set<std::string> never;  // in an expression that has a value
  for (const std::string& name : known_names())
    if (find_function(name)) never.insert(name);
  for (const Function& ours : motion_functions())
    never.erase(std::string(ours.name));  // Python has none of them
  int count = 0, failures = 0;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string number, tolerance, outcome, text;
    std::getline(words, number, '\t');
    std::getline(words, tolerance, '\t');
    std::getline(words, outcome, '\t');
    std::getline(words, text);
    ++count;
    ++seen[outcome.front()];
    if (outcome.front() != 'E' && outcome.front() != 'S') remove_names(text, never);
    const std::string what =
        difference({variables.at(std::stoul(number)), text, outcome, std::stoi(tolerance)});
    if (what.empty()) continue;
    ADD_FAILURE() << text << "\n(variables " << number << ") " << what << "\nPython: " << outcome;
    if (++failures == 20) break;
  }
  if (failures > 0) return;
  EXPECT_EQ(count, 100'000);
  EXPECT_EQ(never, (std::set<std::string>{"fma", "sumprod"}));  // of later Pythons than 3.11
  // Not everything is an error.
  for (const char kind : {'b', 'i', 'f', 'l', 'a', 'E', 'S'}) EXPECT_GT(seen[kind], 1'000) << kind;
}

}  // namespace
}  // namespace reverie::test
