#include "web/http.h"

#include <json/writer.h>

namespace reverie::web {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// False for a '%' that no two digits follow, and for a zero byte.
bool decode(const std::string& text, bool plus_is_space, std::string& decoded) {
  decoded.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
      if (low < 0 || high + low == 0) return false;
      decoded += static_cast<char>(16 * high + low);
      i += 2;
    }
  }
  return true;
}

}  // namespace

const std::string& HttpRequest::header(const std::string& name) const {
  static const std::string none;
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return none;
}

std::size_t HttpRequest::count(const std::string& name) const {
  std::size_t count = 0;
  for (const auto& [key, value] : headers) count += key == name;
  return count;
}

HttpResponse HttpResponse::text(std::string body, const std::string& type, int status) {
  HttpResponse response;
  response.status = status;
  response.headers.emplace_back("Content-Type", type);
  response.body = std::move(body);
  return response;
}

HttpResponse HttpResponse::json(std::string json, int status) {
  return text(std::move(json), "application/json", status);
}

HttpResponse HttpResponse::error(int status, const std::string& message) {
  Json::Value object;
  object["error"] = message;
  Json::StreamWriterBuilder builder;
  builder["indentation"] = "";
  builder["emitUTF8"] = true;
  return json(Json::writeString(builder, object) + "\n", status);
}

bool split_target(const std::string& target, std::string& path, std::map<std::string, std::string>& query) {
  query.clear();
  const std::size_t mark = std::min(target.find('?'), target.size());
  if (!decode(target.substr(0, mark), false, path) || path.empty() || path[0] != '/') return false;
  for (std::size_t start = mark + 1; start < target.size();) {
    const std::size_t end = std::min(target.find('&', start), target.size());
    const std::string pair = target.substr(start, end - start);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    std::string name, value;
    if (!decode(pair.substr(0, equals), true, name) ||
        !decode(equals < pair.size() ? pair.substr(equals + 1) : "", true, value))
      return false;
    query.emplace(name, value);
    start = end + 1;
  }
  return true;
}

}  // namespace reverie::web
