#include "web/guard.h"

#include <algorithm>
#include <charconv>

#include "web/token.h"

namespace reverie::web {
namespace {

constexpr std::size_t kLongestTarget = 2048;

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

bool all_digits(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

/// "localhost:8080" is "localhost" and "8080".
std::pair<std::string, std::string> split_host(const std::string& host) {
  const std::size_t colon = host.rfind(':');
  if (colon == std::string::npos || host.find(']', colon) != std::string::npos) return {host, "80"};
  return {host.substr(0, colon), host.substr(colon + 1)};
}

bool changes_something(const HttpRequest& request) {
  return request.method != "GET" && request.method != "OPTIONS";
}

/// Cookies are shared between the ports of a host, so the port is part of the cookie's name.
std::string cookie_name(const std::string& port) { return "reverie_" + port; }

std::string cookie(const HttpRequest& request, const std::string& name) {
  for (const auto& [key, value] : request.headers) {
    if (key != "cookie") continue;
    for (std::size_t start = 0; start < value.size();) {
      const std::size_t end = std::min(value.find(';', start), value.size());
      while (start < end && value[start] == ' ') ++start;
      if (value.compare(start, name.size() + 1, name + "=") == 0)
        return value.substr(start + name.size() + 1, end - start - name.size() - 1);
      start = end + 1;
    }
  }
  return "";
}

/// The path if it leads to somewhere on this server and holds nothing that a header or a page has to escape.
std::string safe_path(const std::string& path) {
  const bool plain = path.size() > 1 && path[1] != '/' &&
                     path.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                         "/._-()") == std::string::npos;
  return plain ? path : "/";
}

HttpResponse welcome(const HttpRequest& request, const std::string& port, const std::string& token) {
  const std::string path = safe_path(request.path);
  const std::string from = request.header("sec-fetch-site");
  HttpResponse response;
  if (from.empty() || from == "none" || from == "same-origin") {
    response.status = 303;
    response.headers.emplace_back("Location", path);
  } else {
    // Redirected from a link on another site's page, a browser would not send the cookie.
    response = HttpResponse::text(
        "<!doctype html>\n<title>Reverie</title>\n<meta http-equiv=\"refresh\" "
        "content=\"0; url=" +
            path + "\">\n<a href=\"" + path + "\">Continue</a>\n",
        "text/html; charset=utf-8");
  }
  response.headers.emplace_back("Set-Cookie",
                                cookie_name(port) + "=" + token + "; Path=/; HttpOnly; SameSite=Strict");
  return response;
}

}  // namespace

std::optional<HttpResponse> Guard::objection(const HttpRequest& request) const {
  if (request.target.size() > kLongestTarget) return HttpResponse::error(414, "the address is too long");
  if (request.count("host") != 1) return HttpResponse::error(400, "one Host header is needed");
  const std::string authority = lower(request.header("host"));
  const auto [host, port] = split_host(authority);
  if (!all_digits(port) || std::find(rules_.hosts.begin(), rules_.hosts.end(), host) == rules_.hosts.end())
    return HttpResponse::error(421, "this server does not answer by that name");

  if (request.count("transfer-encoding") > 0 || request.count("content-encoding") > 0)
    return HttpResponse::error(415, "bodies must be sent plain, with their length");
  if (request.count("content-length") > 0) {
    const std::string& length = request.header("content-length");
    if (!all_digits(length) || request.count("content-length") > 1)
      return HttpResponse::error(400, "the Content-Length header is not a number");
    const std::size_t most = is_upload(request, rules_) ? rules_.largest_upload : rules_.largest_body;
    std::size_t bytes = 0;
    const auto result = std::from_chars(length.data(), length.data() + length.size(), bytes);
    if (result.ec != std::errc() || bytes > most)
      return HttpResponse::error(413, "the body may have at most " + std::to_string(most) + " bytes");
  }

  const auto token = request.query.find("token");
  const auto opens = [&](const std::string& key) {
    return !rules_.token.empty() && same_secret(key, rules_.token);
  };
  if (request.method == "GET" && token != request.query.end() && opens(token->second))
    return welcome(request, port, rules_.token);
  const std::string bearer = "Bearer ", &authorization = request.header("authorization");
  const bool by_header =
      authorization.compare(0, bearer.size(), bearer) == 0 && opens(authorization.substr(bearer.size()));
  if (!by_header && !opens(cookie(request, cookie_name(port))))
    return HttpResponse::error(401,
                               "open the address that reverie printed, with its token; programs send it as "
                               "'Authorization: Bearer TOKEN'");

  if (changes_something(request)) {
    const std::string origin = lower(request.header("origin"));
    const bool ours = origin == "http://" + authority || origin == "https://" + authority;
    if (request.count("origin") > 0 ? !ours : !by_header)
      return HttpResponse::error(403, "the request comes from another site");
  }
  return std::nullopt;
}

bool is_upload(const HttpRequest& request, const Guard::Rules& rules) {
  return request.method == "POST" && !rules.upload_path.empty() && request.path == rules.upload_path;
}

}  // namespace reverie::web
