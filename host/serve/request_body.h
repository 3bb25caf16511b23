#pragma once
// What a client sends to be done, as JSON.

#include <json/reader.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/utf8.h"
#include "serve/request_error.h"
#include "web/http.h"

namespace reverie::serve {

constexpr std::size_t kMostOverrides = 1000;
constexpr std::size_t kMostValues = 2 * kMostOverrides;  // in a body

inline bool is_utf8(const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto character = expressions::character_at(text, at);
    if (character.code == 0xFFFD && text.compare(at, 3, "\xEF\xBF\xBD") != 0) return false;
    at += character.length;
  }
  return true;
}

/// Whether a text has so many commas and brackets outside strings: parsed, a short one would take a hundred
/// times its size.
inline bool has_more_values(const std::string& text, std::size_t most) {
  bool quoted = false;
  std::size_t found = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\')
      ++i;
    else if (c == '"')
      quoted = !quoted;
    else if (!quoted && (c == ',' || c == '[' || c == '{'))
      ++found;
  }
  return found > most;
}

/// A JSON object whose members are asked for one by one.
class RequestBody {
 public:
  explicit RequestBody(const web::HttpRequest& request) {
    const std::string& type = request.header("content-type");
    if (type.substr(0, type.find(';')) != "application/json")
      throw RequestError(415, "the body must be application/json");
    if (has_more_values(request.body, kMostValues)) throw RequestError(400, "the body has too many values");
    Json::CharReaderBuilder builder;
    Json::CharReaderBuilder::strictMode(&builder.settings_);
    builder["strictRoot"] = false;
    const std::unique_ptr<Json::CharReader> reader(builder.newCharReader());
    std::string errors;
    bool read = false;
    try {
      const char* begin = request.body.data();
      read = reader->parse(begin, begin + request.body.size(), &value_, &errors);
    } catch (const std::exception& error) {  // nested too deeply
      errors = error.what();
    }
    if (!read) throw RequestError(400, "the body is no JSON: " + errors);
    if (!value_.isObject()) throw RequestError(400, "the body must be a JSON object");
  }

  std::string text(const char* name, bool required = false) {
    const Json::Value* value = member(name, required);
    if (!value) return {};
    return checked(name, *value);
  }
  std::vector<std::string> texts(const char* name) {
    std::vector<std::string> result;
    const Json::Value* value = member(name, false);
    if (!value) return result;
    if (!value->isArray()) throw RequestError(400, "'" + std::string(name) + "' must be a list of texts");
    if (value->size() > kMostOverrides)
      throw RequestError(400, "'" + std::string(name) + "' has too many items");
    for (const Json::Value& item : *value) result.push_back(checked(name, item));
    return result;
  }
  bool boolean(const char* name) {
    const Json::Value* value = member(name, false);
    if (value && !value->isBool())
      throw RequestError(400, "'" + std::string(name) + "' must be true or false");
    return value && value->asBool();
  }
  /// 0 where there is none.
  std::int64_t number(const char* name, std::int64_t least, std::int64_t most) {
    const Json::Value* value = member(name, false);
    if (!value) return 0;
    if (!value->isInt64() || value->asInt64() < least || value->asInt64() > most)
      throw RequestError(400, "'" + std::string(name) + "' must be a whole number from " +
                                  std::to_string(least) + " to " + std::to_string(most));
    return value->asInt64();
  }
  /// Texts by name; nothing where there are none.
  std::optional<std::map<std::string, std::string>> map(const char* name) {
    const Json::Value* value = member(name, false);
    if (!value) return std::nullopt;
    if (!value->isObject()) throw RequestError(400, "'" + std::string(name) + "' must be an object of texts");
    std::map<std::string, std::string> result;
    for (const std::string& key : value->getMemberNames())
      result[checked(name, key)] = checked(name, (*value)[key]);
    return result;
  }
  /// A run's number, or nothing for null.
  std::optional<std::int64_t> id(const char* name) {
    const Json::Value* value = member(name, true);
    if (value->isNull()) return std::nullopt;
    if (!value->isInt64() || value->asInt64() < 1)
      throw RequestError(400, "'" + std::string(name) + "' must be the number of a run, or null");
    return value->asInt64();
  }
  /// Anything that was not asked for is a mistake.
  void finish() const {
    for (const std::string& name : value_.getMemberNames())
      if (std::find(known_.begin(), known_.end(), name) == known_.end())
        throw RequestError(400, "there is no '" + name + "' in this request");
  }

 private:
  const Json::Value* member(const char* name, bool required) {
    known_.push_back(name);
    if (value_.isMember(name)) return &value_[name];
    if (required) throw RequestError(400, "'" + std::string(name) + "' is missing");
    return nullptr;
  }
  static std::string checked(const char* name, const Json::Value& value) {
    if (!value.isString()) throw RequestError(400, "'" + std::string(name) + "' must be text");
    std::string text = value.asString();
    if (!is_utf8(text)) throw RequestError(400, "'" + std::string(name) + "' is not valid Unicode");
    return text;
  }
  Json::Value value_;
  std::vector<std::string> known_;
};

}  // namespace reverie::serve
