#include "settings/json_reader.h"

#include <json/json.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <memory>

#include "settings/limits.h"

namespace reverie {
namespace {

/// What of the limits a text breaks and in which line; {} if none. Looked for before jsoncpp, which would
/// make 48 bytes and more of each value first.
Problem broken_limit(const std::string& text) {
  std::size_t depth = 0, values = 0;
  int line = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
      case '\n':
        ++line;
        break;
      case '"':
        for (++i; i < text.size() && text[i] != '"'; ++i) i += text[i] == '\\';
        break;
      case '[':
      case '{':
        if (++depth > kDeepestNesting) return {{"", line}, "lists are nested too deeply"};
        ++values;
        break;
      case ',':
        ++values;
        break;
      case ']':
      case '}':
        if (depth <= 1) return {};
        --depth;
        break;
    }
    if (values > kMostValues) return {{"", line}, "it holds more than 200,000 values"};
  }
  return {};
}

/// The members of an object in the file's order, which jsoncpp forgets but for the offsets.
std::map<std::ptrdiff_t, std::string> names_in_order(const Json::Value& object) {
  std::map<std::ptrdiff_t, std::string> names;
  for (auto member = object.begin(); member != object.end(); ++member)
    names[std::max<std::ptrdiff_t>(member->getOffsetStart(), 0)] = member.name();
  return names;
}

RawValue from_json(const Json::Value& json) {
  RawValue value;
  if (json.isArray()) {
    value.kind = RawValue::Kind::list;
    for (const Json::Value& item : json) value.items.push_back(from_json(item));
  } else if (json.isObject()) {
    value.kind = RawValue::Kind::map;
    for (const auto& [offset, name] : names_in_order(json))
      value.members.emplace_back(name, from_json(json[name]));
  } else if (json.type() == Json::realValue && !std::isfinite(json.asDouble())) {
    value = RawValue::scalar(std::isnan(json.asDouble()) ? "NaN"
                             : json.asDouble() < 0       ? "-Infinity"
                                                         : "Infinity",
                             false);
  } else if (!json.isNull()) {
    value = RawValue::scalar(json.asString(), json.isString());
  }
  return value;
}

/// jsoncpp writes "* Line 3, Column 5\n  Syntax error: ...\n".
Problem located(const std::string& message) {
  Problem problem{{"", 1}, message};
  if (const auto found = message.find("Line "); found != std::string::npos)
    problem.location.line = std::max(1, std::atoi(message.c_str() + found + 5));
  if (const auto begin = message.find('\n'); begin != std::string::npos)
    problem.message = message.substr(begin + 1);
  problem.message = problem.message.substr(0, problem.message.find('\n'));
  problem.message.erase(0, problem.message.find_first_not_of(' '));
  return problem;
}

}  // namespace

std::vector<RawEntry> read_json(const std::string& text, const std::string& file,
                                std::vector<Problem>& problems, const std::string& language) {
  std::vector<RawEntry> entries;
  Json::CharReaderBuilder builder;
  Json::CharReaderBuilder::strictMode(&builder.settings_);
  builder["failIfExtra"] = false;
  builder["stackLimit"] = static_cast<int>(kDeepestNesting) + 8;  // lists are counted before, values not
  builder["allowSpecialFloats"] = true;  // Python writes Infinity and NaN; their range is checked by setting
  Json::Value root;
  Problem problem = broken_limit(text);
  if (problem.message.empty()) {
    std::string message;
    try {
      const std::unique_ptr<Json::CharReader> reader(builder.newCharReader());
      if (!reader->parse(text.data(), text.data() + text.size(), &root, &message)) problem = located(message);
    } catch (const Json::Exception& error) {
      problem = {{"", 1}, error.what()};
    }
  }
  if (!problem.message.empty()) {
    problems.push_back({{file, problem.location.line}, "not valid " + language + ": " + problem.message});
    return entries;
  }
  std::ptrdiff_t counted = 0;
  int line = 1;
  // Later entries win, so their order must be the file's.
  for (const auto& [offset, name] : names_in_order(root)) {
    line += static_cast<int>(std::count(text.begin() + counted, text.begin() + offset, '\n'));
    counted = offset;
    entries.push_back({name, from_json(root[name]), {file, line}});
  }
  return entries;
}

}  // namespace reverie
