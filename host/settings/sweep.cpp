#include "settings/sweep.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/texts.h"

namespace reverie {
namespace {

using Words = std::vector<std::string>;

constexpr std::size_t kMostRuns = 10'000;
constexpr std::size_t kMostDecimals = 12;
constexpr std::int64_t kLargest = 1'000'000'000'000'000;  // of a range's numbers, decimals counted

/// The parts of a value between its commas, trimmed.
struct Parts {
  Words words;
  std::string unclosed;      ///< the quote or bracket that is never closed; commas behind it separate nothing
  std::string behind_quote;  ///< a part that goes on behind its closing quote
};

/// Where the quote that opens at `begin` ends. As in YAML, '' is a quote inside single quotes and \" one
/// inside double quotes.
std::size_t closing_quote(const std::string& text, std::size_t begin) {
  const char quote = text[begin];
  for (std::size_t i = begin + 1; i < text.size(); ++i) {
    const bool doubled = quote == '\'' && text.compare(i, 2, "''") == 0;
    if (doubled || (quote == '"' && text[i] == '\\'))
      ++i;
    else if (text[i] == quote)
      return i;
  }
  return std::string::npos;
}

/// A quote opens where a part or an item of a list begins; elsewhere it is an apostrophe.
Parts split(const std::string& value) {
  Parts parts;
  std::string open, part;  // brackets that are open, innermost last
  bool fresh = true;       // nothing but spaces since a comma or bracket
  bool closed = false;     // the part began with a quote, which is closed
  const auto finish = [&] {
    parts.words.push_back(trimmed(part));
    part.clear();
    fresh = true;
    closed = false;
  };
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == ',' && open.empty()) {
      finish();
      continue;
    }
    if (closed && open.empty() && c != ' ' && parts.behind_quote.empty()) parts.behind_quote = trimmed(part);
    part += c;
    if (fresh && (c == '\'' || c == '"')) {
      const std::size_t end = closing_quote(value, i);
      if (end == std::string::npos) {
        parts.unclosed = c;
        return parts;
      }
      part += value.substr(i + 1, end - i);
      i = end;
      closed = open.empty();
    }
    if (c == '(' || c == '[' || c == '{') open += c == '(' ? ')' : c == '[' ? ']' : '}';
    if (!open.empty() && c == open.back()) open.pop_back();
    fresh = c == ',' || c == '(' || c == '[' || c == '{' || (fresh && c == ' ');
  }
  finish();
  if (!open.empty()) parts.unclosed = open.back() == ')' ? '(' : open.back() == ']' ? '[' : '{';
  return parts;
}

/// What stands between `name(` and the final `)`.
std::optional<std::string> argument_of(const std::string& value, const std::string& name) {
  const std::string text = trimmed(value);
  if (text.rfind(name + "(", 0) != 0 || text.back() != ')') return {};
  return text.substr(name.size() + 1, text.size() - name.size() - 2);
}

/// A decimal number as digits and the count of those behind the point: -1.50 is {-150, 2}.
struct Decimal {
  std::int64_t digits = 0;
  std::size_t decimals = 0;
};

std::optional<Decimal> read_decimal(const std::string& text) {
  Decimal result;
  const bool negative = !text.empty() && text[0] == '-';
  bool point = false, any = false;
  for (std::size_t i = negative ? 1 : 0; i < text.size(); ++i) {
    if (text[i] == '.' && !std::exchange(point, true)) continue;
    if (text[i] < '0' || text[i] > '9' || result.digits > kLargest / 10) return {};
    result.digits = result.digits * 10 + (text[i] - '0');
    result.decimals += point;
    any = true;
  }
  if (!any || result.decimals > kMostDecimals) return {};
  if (negative) result.digits = -result.digits;
  return result;
}

std::string write_decimal(std::int64_t digits, std::size_t decimals) {
  std::string text = std::to_string(digits < 0 ? -digits : digits);
  if (text.size() <= decimals) text.insert(0, decimals + 1 - text.size(), '0');
  if (decimals > 0) {
    text.insert(text.size() - decimals, 1, '.');
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return (digits < 0 ? "-" : "") + text;
}

/// The numbers of a range; `why` says what is wrong. In decimals, so that 0.1 taken three times is 0.3.
Words range(const Words& arguments, std::string& why) {
  if (arguments.empty() || arguments.size() > 3) {
    why = "range takes one to three numbers: range(start, stop, step)";
    return {};
  }
  std::size_t decimals = 0;
  std::vector<Decimal> numbers;
  for (const std::string& argument : arguments) {
    const std::optional<Decimal> number = read_decimal(argument);
    if (!number) {
      why = "'" + argument + "' in range is not a number such as 3 or -0.25";
      return {};
    }
    numbers.push_back(*number);
    decimals = std::max(decimals, number->decimals);
  }
  if (numbers.size() == 1) numbers.insert(numbers.begin(), Decimal{});
  if (numbers.size() == 2) numbers.push_back({1, 0});
  for (Decimal& number : numbers)
    for (; number.decimals < decimals; ++number.decimals) {
      if (std::abs(number.digits) > kLargest / 10) {
        why = "the numbers in range are too large";
        return {};
      }
      number.digits *= 10;
    }
  const std::int64_t stop = numbers[1].digits, step = numbers[2].digits;
  if (step == 0) why = "the step of range is 0";
  Words values;
  for (std::int64_t at = numbers[0].digits; step > 0 ? at < stop : step < 0 && at > stop; at += step) {
    values.push_back(write_decimal(at, decimals));
    if (values.size() > kMostRuns) {
      why = "range stands for more than 10,000 numbers";
      break;
    }
  }
  if (values.empty() && why.empty()) why = "range stands for no number";
  return values;
}

/// The values of one override.
Words values_of(const std::string& value, std::string& why) {
  if (const auto arguments = argument_of(value, "range")) return range(split(*arguments).words, why);
  const auto choices = argument_of(value, "choice");
  const Parts parts = split(choices ? *choices : value);
  const bool has_comma = value.find(',') != std::string::npos;
  if (!parts.unclosed.empty() && has_comma)
    why = parts.unclosed + " is never closed; quote a text that holds it: 'a " + parts.unclosed + " b'";
  else if (!parts.behind_quote.empty() && parts.words.size() > 1)
    why = "something follows " + parts.behind_quote + "; quotes go around a whole value";
  else if (choices || parts.words.size() > 1)
    for (const std::string& word : parts.words)
      if (word.empty()) why = "a value is missing beside a comma; write '' for an empty text";
  if (parts.words.size() < 2 && !choices) return {value};
  return parts.words;
}

/// A word of the command line on one line of a terminal.
std::string shown(std::string word) {
  for (char& c : word)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  return word;
}

}  // namespace

std::vector<Combination> expand_sweep(const Words& overrides, std::vector<Problem>& problems) {
  std::vector<Combination> runs(1);
  for (const std::string& text : overrides) {
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    std::string why;
    // What is no name=value is for the settings' reader to refuse.
    const Words values = equals == std::string::npos ? Words{} : values_of(text.substr(equals + 1), why);
    if (why.empty() && runs.size() * values.size() > kMostRuns)
      why = "with it, the sweep has more than 10,000 runs";
    if (!why.empty()) {
      problems.push_back({Location::command_line(), "'" + name + "': " + why});
      continue;
    }
    if (values.size() < 2) {
      for (Combination& run : runs) run.overrides.push_back(values.empty() ? text : name + "=" + values[0]);
      continue;
    }
    std::vector<Combination> more;
    for (const Combination& run : runs) {
      for (const std::string& value : values) {
        more.push_back(run);
        more.back().overrides.push_back(name + "=" + value);
        more.back().swept += (run.swept.empty() ? "" : " ") + shown(name + "=" + value);
      }
    }
    runs = std::move(more);
  }
  return runs;
}

}  // namespace reverie
