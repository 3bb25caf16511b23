// docs/expressions.md is correct: it lists every function and constant, and no other; its examples, values
// and messages are those of the program.

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

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
  const std::set<std::string> names = {"t",     "s", "f",    "max_f",     "fps",  "beat", "bar", "bpm",
                                       "scene", "p", "bass", "bass_prev", "kick", "r",    "R",   "mu"};
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

/// The cells of the rows of the tables between two lines that begin so.
std::vector<std::vector<std::string>> rows(const std::string& from, const std::string& to) {
  const std::string text = document();
  const std::size_t begin = text.find("\n" + from), end = text.find("\n" + to, begin + 1);
  if (begin == std::string::npos) throw std::logic_error("no section " + from);
  std::istringstream lines(text.substr(begin, end == std::string::npos ? end : end - begin));
  std::vector<std::vector<std::string>> result;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| `")) continue;
    std::vector<std::string> cells{""};
    for (std::size_t i = 2; i < line.size(); ++i)
      if (line[i] == '|' && line[i - 1] == '\\')
        cells.back().back() = '|';
      else if (line[i] == '|')
        cells.emplace_back();
      else
        cells.back() += line[i];
    result.push_back(std::move(cells));
  }
  return result;
}

/// What stands between back quotes.
std::vector<std::string> quoted(const std::string& cell) {
  std::vector<std::string> result;
  const std::regex quotes("`([^`]*)`");
  for (std::sregex_iterator match(cell.begin(), cell.end(), quotes), none; match != none; ++match)
    result.push_back((*match)[1]);
  return result;
}

TEST(ExpressionDocument, HasTrueValues) {
  int count = 0;
  for (const auto& cells : rows("## Syntax", "## Functions")) {
    ASSERT_GE(cells.size(), 2u);
    const std::vector<std::string> written = quoted(cells[0]);
    // The values are separated as expressions are: a list in square brackets is one.
    std::vector<std::string> values{""};
    int open = 0;
    for (const char c : cells[1]) {
      open += c == '[' ? 1 : c == ']' ? -1 : 0;
      if (c == ',' && open == 0)
        values.emplace_back();
      else
        values.back() += c;
    }
    ASSERT_EQ(written.size(), values.size()) << cells[0];
    for (std::size_t i = 0; i < written.size(); ++i) {
      SCOPED_TRACE(written[i]);
      const auto actual = Expression::compile(written[i], {}).numbers({});
      const auto expected = Expression::compile(values[i], {}).numbers({});
      ASSERT_EQ(actual.size(), expected.size());
      for (std::size_t k = 0; k < actual.size(); ++k) EXPECT_DOUBLE_EQ(actual[k], expected[k]);
      ++count;
    }
  }
  EXPECT_GE(count, 50);
}

TEST(ExpressionDocument, HasTrueMistakes) {
  const auto mistakes = rows("## Mistakes", "## ");
  EXPECT_GE(mistakes.size(), 10u);
  for (const auto& cells : mistakes) {
    const std::string written = quoted(cells[0])[0], said = cells[1].substr(1, cells[1].size() - 2);
    try {
      Expression::compile(written, {});
      ADD_FAILURE() << written << " is fine";
    } catch (const ExpressionError& error) {
      EXPECT_NE(std::string(error.what()).find(said), std::string::npos) << written << ": " << error.what();
    }
  }
}

}  // namespace
}  // namespace reverie::test
