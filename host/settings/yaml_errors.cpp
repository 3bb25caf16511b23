#include "settings/yaml_errors.h"

#include <yaml-cpp/exceptions.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/texts.h"

namespace reverie {
namespace {

constexpr std::size_t kNowhere = std::string::npos;
constexpr std::size_t kLongestQuote = 40;  // of a text, in bytes

struct Span {
  char mark = 0;                          ///< ' " [ {
  std::size_t begin = 0, end = kNowhere;  ///< at its marks; end: not closed
  int line = 1, end_line = 1;
};

/// Where quotes and brackets open and close, as YAML counts them. Only exact enough to explain an error.
class Outline {
 public:
  explicit Outline(std::string_view text) : text_(text) {
    while (at_ < text_.size()) step();
  }
  std::vector<Span> quotes;
  std::vector<Span> open;  ///< brackets that are not closed

 private:
  char next() const { return at_ + 1 < text_.size() ? text_[at_ + 1] : '\n'; }
  static bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  void step() {
    const char c = text_[at_];
    if (c == '\n') {
      ++line_;
      fresh_ = true;
    } else if (c == '#' && (at_ == 0 || blank(text_[at_ - 1]))) {
      at_ = std::min(text_.find('\n', at_), text_.size());
      return;
    } else if (fresh_ && (c == '"' || c == '\'')) {
      return quote(c);
    } else if (fresh_ && open.empty() && (c == '|' || c == '>')) {
      return block();
    } else if ((fresh_ || !open.empty()) && (c == '[' || c == '{')) {
      open.push_back({c, at_, kNowhere, line_, line_});
      fresh_ = true;
    } else if (!open.empty() && (c == ']' || c == '}')) {
      open.pop_back();
      fresh_ = false;
    } else if (c == ':' || (c == ',' && !open.empty())) {
      fresh_ = c == ',' || blank(next());
    } else if (!blank(c) && !(fresh_ && (c == '-' || c == '?') && blank(next()))) {
      fresh_ = false;
    }
    ++at_;
  }

  void quote(char mark) {
    Span span{mark, at_, kNowhere, line_, line_};
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      line_ += c == '\n';
      if (mark == '"' && c == '\\') {
        line_ += next() == '\n';
        ++at_;
      } else if (c == mark) {
        if (mark != '\'' || next() != '\'') break;
        ++at_;
      }
    }
    if (at_ < text_.size()) span.end = at_;
    span.end_line = line_;
    quotes.push_back(span);
    ++at_;
    fresh_ = false;
  }

  /// Lines that are indented further than the one of the | belong to its text.
  void block() {
    const std::size_t begin = at_ == 0 ? 0 : text_.rfind('\n', at_ - 1) + 1;
    const auto indent = [&](std::size_t line) { return text_.find_first_not_of(' ', line) - line; };
    const std::size_t outer = indent(begin);
    for (at_ = text_.find('\n', at_); at_ != kNowhere; at_ = text_.find('\n', at_ + 1)) {
      const std::size_t line = at_ + 1, first = text_.find_first_not_of(' ', line);
      if (first == kNowhere) break;
      if (text_[first] != '\n' && text_[first] != '\r' && indent(line) <= outer) return;
      ++line_;
    }
    at_ = text_.size();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  bool fresh_ = true;  // whether a value may begin here
};

std::string line_at(const std::string& text, int line) {
  std::size_t begin = 0;
  for (int i = 1; i < line && begin != kNowhere; ++i) {
    begin = text.find('\n', begin);
    if (begin != kNowhere) ++begin;
  }
  return begin == kNowhere ? "" : text.substr(begin, text.find('\n', begin) - begin);
}

std::string indent_of(const std::string& line) {
  return line.substr(0, std::min(line.find_first_not_of(" \t"), line.size()));
}

/// The value in a line 'name: value'.
std::string value_of(const std::string& line) {
  const std::size_t colon = line.find(": ");
  return trimmed(colon == kNowhere ? line : line.substr(colon + 2));
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != kNowhere; }

/// The beginning of a text in quotes of ours.
std::string beginning(const std::string& text) {
  std::string line = trimmed(text.substr(0, text.find('\n')));
  if (line.size() <= kLongestQuote) return line;
  std::size_t end = kLongestQuote - 3;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
  return line.substr(0, end) + "...";
}

std::string how_to_quote(char mark) {
  return mark == '"' ? "a \" inside \"...\" is written \\\""
                     : "an apostrophe inside '...' is written twice, ''";
}

std::string explain_quote(const std::string& text, const Outline& outline, int line, int& place) {
  if (outline.quotes.empty()) return "";
  const auto& quotes = outline.quotes;
  // The last one that begins before the parser gave up.
  const auto last =
      std::find_if(quotes.rbegin(), quotes.rend(), [&](const Span& quote) { return quote.line <= line; });
  if (last == quotes.rend() || (last->end != kNowhere && last->end_line < line)) return "";
  const std::string mark(1, last->mark), opened = beginning(text.substr(last->begin));
  if (last->end == kNowhere) {
    place = last->line;
    return "the quote " + mark + " that opens here is not closed: " + opened;
  }
  if (last->end_line > last->line) {
    place = last->line;
    return "the quote " + mark + " that opens here is closed only in line " + std::to_string(last->end_line) +
           ": " + opened;
  }
  const std::string rest = text.substr(last->end + 1, text.find('\n', last->end) - last->end - 1);
  const std::string behind = trimmed(rest);
  if (behind.empty() || behind[0] == '#' || behind[0] == ',' || behind[0] == ']' || behind[0] == '}' ||
      behind[0] == ':')
    return "";
  place = last->line;
  return "'" + beginning(behind) + "' follows the closing quote: put the whole text in quotes; " +
         how_to_quote(last->mark);
}

std::string explain_line(const std::string& text, const YAML::Exception& error, int& place) {
  const std::string line = line_at(text, place), indent = indent_of(line), words = trimmed(line);
  if (has(indent, "\t")) return "the line begins with a tab; only blanks can indent";
  for (const char* curly : {"\u201C", "\u201D", "\u201E", "\u2018"})
    if (has(line, std::string(": ") + curly))
      return std::string(curly) + " is not a quote in YAML; write \" or '";
  const std::string value = value_of(words);
  if (!value.empty() && std::string_view("[]{}*&!%@`|>,-?").find(value[0]) != kNowhere && value != "|" &&
      value != ">")
    return "a text that begins with " + value.substr(0, 1) + " is put in quotes";
  const bool first_colon = static_cast<std::size_t>(std::max(error.mark.column, 0)) == line.find(':');
  if (error.msg == YAML::ErrorMsg::MAP_VALUE && !first_colon)
    return "put quotes around a text that holds ': '";
  int before = place - 1;
  while (before > 0 && (trimmed(line_at(text, before)).empty() || trimmed(line_at(text, before))[0] == '#'))
    --before;
  const std::string above = line_at(text, before);
  if (before > 0 && indent.size() > indent_of(above).size())
    return "the line is indented further than the one above, which it would continue; settings begin where "
           "the "
           "others do";
  if (before > 0 && !has(above, ": ") && !trimmed(above).ends_with(":")) {
    place = before;
    return "'" + beginning(above) + "' is not a 'name: value'" +
           (has(above, ":") ? "; put a blank after the ':'" : "");
  }
  if (!indent.empty()) return "the line's indentation matches no line above that it could belong to";
  return "";
}

}  // namespace

YamlTrouble explain_yaml(const std::string& text, const YAML::Exception& error) {
  YamlTrouble trouble{std::max(error.mark.line, 0) + 1, ""};
  const Outline outline(text);
  trouble.why = explain_quote(text, outline, trouble.line, trouble.line);
  if (trouble.why.empty() && error.msg.starts_with("unknown escape character"))
    trouble.why = "a backslash inside \"...\" is written twice, \\\\, or the text put in '...'";
  const bool unclosed =
      error.msg == YAML::ErrorMsg::END_OF_SEQ_FLOW || error.msg == YAML::ErrorMsg::END_OF_MAP_FLOW;
  if (trouble.why.empty() && unclosed && !outline.open.empty()) {
    const Span& bracket = outline.open.front();
    trouble.line = bracket.line;
    trouble.why = std::string("the ") + bracket.mark +
                  " that opens here is not closed: " + beginning(text.substr(bracket.begin)) +
                  "; a text that begins with it is put in quotes";
  }
  if (trouble.why.empty()) trouble.why = explain_line(text, error, trouble.line);
  // What people who know YAML would look for.
  if (trouble.why.empty() || error.msg == YAML::ErrorMsg::UNKNOWN_ANCHOR ||
      trouble.why.starts_with("put quotes"))
    trouble.why = error.msg + (trouble.why.empty() ? "" : "; " + trouble.why);
  return trouble;
}

}  // namespace reverie
