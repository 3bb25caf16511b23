// docs/expressions.md names every function and constant, and no other.

#include <gtest/gtest.h>

#include <fstream>
#include <regex>

#include "expressions/expression.h"
#include "expressions/functions.h"

namespace reverie::test {
namespace {

std::string document() {
  std::ifstream file(REVERIE_EXPRESSIONS_DOCUMENT);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(ExpressionDocument, NamesAllFunctions) {
  const std::string text = document();
  const std::size_t begin = text.find("\n## Functions"), end = text.find("\n## ", begin + 1);
  ASSERT_NE(begin, std::string::npos);
  const std::string section = text.substr(begin, end - begin);
  std::set<std::string> documented;
  // Between back quotes, before a bracket where there is one.
  const std::regex name("`((?:np\\.)?[A-Za-z][A-Za-z0-9_.]*)[^`]*`");
  for (std::sregex_iterator match(section.begin(), section.end(), name), none; match != none; ++match)
    documented.insert((*match)[1]);
  const auto& known = expressions::known_names();
  EXPECT_EQ(documented, std::set<std::string>(known.begin(), known.end()));
}

TEST(ExpressionDocument, HasExamplesThatWork) {
  std::istringstream lines(document());
  const std::set<std::string> names = {"t", "bass", "bass_prev", "kick", "r", "R", "mu"};
  std::map<std::string, double> values;
  for (const std::string& name : names) values[name] = 0.5;
  int count = 0;
  // key: expression, or key: 'expression', in indented blocks
  const std::regex setting("    [a-z_0-9]+: *'?([^']+?)'?( +#.*)?");
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (!std::regex_match(line, match, setting)) continue;
    EXPECT_NO_THROW(Expression::compile(match[1], names).numbers(values)) << line;
    ++count;
  }
  EXPECT_GE(count, 10);
}

}  // namespace
}  // namespace reverie::test
