#pragma once
// What the files of the interface share.

#include "serve/api.h"
#include "serve/request_body.h"
#include "serve/run_files.h"

namespace reverie::serve {

struct Api::Call {
  const web::HttpRequest& request;
  std::int64_t id = 0;
  std::string rest;  // of the path, behind the run's number, or behind the part before {name}
};

inline web::HttpResponse json_response(const Json::Value& value, int status = 200) {
  return web::HttpResponse::json(json_text(value) + "\n", status);
}

inline web::HttpResponse empty_response() {
  web::HttpResponse response;
  response.status = 204;
  return response;
}

/// The parameters of an address: those of `known`, or RequestError(400).
void require_known(const web::HttpRequest& request, const std::vector<std::string>& known);

/// settings, overrides and kind. Throws RequestError(400).
Submission submission_of(RequestBody& body);

/// 422, with what is wrong.
web::HttpResponse refusal(const Json::Value& problems);

/// How many ended runs lists have when they do not say so.
inline constexpr std::int64_t kListed = 200;

}  // namespace reverie::serve
