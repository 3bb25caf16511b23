#include "serve/api.h"

#include <algorithm>

#include "serve/api_call.h"
#include "settings/presets.h"
#include "web/pages.h"

namespace reverie::serve {

using web::HttpRequest;
using web::HttpResponse;
using web::page;
using web::studio_files;

namespace {

constexpr double kChangesPerSecond = 30, kChangesAtOnce = 100;

}  // namespace

void require_known(const HttpRequest& request, const std::vector<std::string>& known) {
  for (const auto& [name, value] : request.query)
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw RequestError(400, "there is no '" + name + "' in this request");
}

Submission submission_of(RequestBody& body) {
  Submission submission;
  submission.text = body.text("settings", true);
  submission.overrides = body.texts("overrides");
  const std::string kind = body.text("kind");
  if (!kind.empty() && kind != name_of(RunKind::render) && kind != name_of(RunKind::motion))
    throw RequestError(400, "'kind' must be render or motion");
  submission.kind = kind == name_of(RunKind::motion) ? RunKind::motion : RunKind::render;
  return submission;
}

HttpResponse refusal(const Json::Value& problems) {
  Json::Value answer;
  answer["error"] = "the settings cannot be rendered as they are";
  answer["problems"] = problems;
  return json_response(answer, 422);
}

struct Api::Route {
  const char* method;
  const char* path;  // {id}: the number of a run; {name}: anything; {number}: a whole number
  HttpResponse (Api::*answer)(const Call&);
};

const std::vector<Api::Route>& Api::table() {
  static const std::vector<Route> kRoutes = {
      {"GET", "/api/openapi.json", &Api::describe},
      {"GET", "/api/settings", &Api::list_settings},
      {"POST", "/api/settings/read", &Api::read_settings},
      {"POST", "/api/check", &Api::check},
      {"POST", "/api/curves", &Api::curves},
      {"POST", "/api/estimate", &Api::estimate},
      {"GET", "/api/presets", &Api::list_presets},
      {"POST", "/api/paint", &Api::paint},
      {"GET", "/api/uploads", &Api::list_uploads},
      {"POST", "/api/uploads", &Api::add_upload},
      {"GET", "/api/uploads/{name}", &Api::get_upload},
      {"DELETE", "/api/uploads/{name}", &Api::remove_upload},
      {"GET", "/api/gallery", &Api::list_gallery},
      {"GET", "/api/trash", &Api::list_trash},
      {"DELETE", "/api/trash", &Api::empty_trash},
      {"POST", "/api/grids", &Api::submit_grid},
      {"GET", "/api/events", &Api::events},
      {"GET", "/api/runs", &Api::list_runs},
      {"POST", "/api/runs", &Api::submit},
      {"GET", "/api/runs/{id}", &Api::get_run},
      {"PATCH", "/api/runs/{id}", &Api::ask_view},
      {"DELETE", "/api/runs/{id}", &Api::remove_run},
      {"POST", "/api/runs/{id}/pause", &Api::pause},
      {"POST", "/api/runs/{id}/resume", &Api::resume},
      {"POST", "/api/runs/{id}/cancel", &Api::cancel},
      {"POST", "/api/runs/{id}/stop", &Api::cancel},  // as the page of a run calls it
      {"POST", "/api/runs/{id}/move", &Api::move},
      {"POST", "/api/runs/{id}/delete", &Api::put_into_trash},
      {"POST", "/api/runs/{id}/undelete", &Api::take_out_of_trash},
      {"GET", "/api/runs/{id}/settings", &Api::run_settings},
      {"GET", "/api/runs/{id}/files", &Api::list_files},
      {"GET", "/api/runs/{id}/files/{name}", &Api::get_file},
      {"GET", "/api/runs/{id}/files.zip", &Api::get_zip},
      {"GET", "/api/runs/{id}/backups", &Api::list_backups},
      {"GET", "/api/runs/{id}/backups/{number}", &Api::get_backup},
      {"GET", "/api/runs/{id}/state", &Api::ask_view},
      {"GET", "/api/runs/{id}/events", &Api::ask_view},
      {"GET", "/api/runs/{id}/picture", &Api::ask_view},
      {"GET", "/api/runs/{id}/palette", &Api::ask_view},
      {"GET", "/api/runs/{id}/frames/{number}", &Api::ask_view},
      {"GET", "/api/runs/{id}/kept/{number}", &Api::ask_view},
      {"POST", "/api/runs/{id}/keep", &Api::ask_view},
  };
  return kRoutes;
}

std::vector<std::string> Api::routes() {
  std::vector<std::string> result;
  for (const Route& route : table()) result.push_back(std::string(route.method) + " " + route.path);
  return result;
}

namespace {

/// Whether `path` matches `pattern`; then `id` and `rest` are the values of its {...}: `rest` is everything
/// after the run's number, or {name} where there is none.
bool matches(const std::string& pattern, const std::string& path, std::int64_t& id, std::string& rest) {
  std::size_t at = 0, in = 0;
  rest.clear();
  while (in < pattern.size()) {
    const std::size_t pattern_end = std::min(pattern.find('/', in + 1), pattern.size());
    if (at >= path.size() || path[at] != '/') return false;
    std::size_t end = std::min(path.find('/', at + 1), path.size());
    const std::string wanted = pattern.substr(in, pattern_end - in), part = path.substr(at, end - at);
    if (wanted == "/{id}") {
      id = number_of(part.substr(1));
      if (id == 0) return false;
      rest = end < path.size() ? path.substr(end + 1) : "";
    } else if (wanted == "/{name}") {
      if (part.size() < 2) return false;
      if (rest.empty()) rest = part.substr(1);
    } else if (wanted == "/{number}") {
      if (number_of(part.substr(1)) == 0) return false;
    } else if (part != wanted) {
      return false;
    }
    at = end;
    in = pattern_end;
  }
  return at == path.size();
}

}  // namespace

Api::Api(const Parts& parts, const Json::Value& settings)
    : queue_(parts.queue),
      checks_(parts.checks),
      estimates_(parts.estimates),
      uploads_(parts.uploads),
      trash_(parts.trash),
      settings_(std::make_shared<const std::string>(json_text(settings) + "\n")),
      changes_(kChangesPerSecond, kChangesAtOnce) {}

HttpResponse Api::answer(const HttpRequest& request) {
  Call call{request, 0, {}};
  std::string allowed;
  try {
    for (const Route& route : table()) {
      if (!matches(route.path, request.path, call.id, call.rest)) continue;
      if (request.method == route.method) {
        if (request.method != "GET" && !changes_.allows())
          throw RequestError(429, "too many requests; wait a moment");
        return (this->*route.answer)(call);
      }
      allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
    }
    throw allowed.empty() ? RequestError(404, "there is nothing at this address")
                          : RequestError(405, "this address takes " + allowed);
  } catch (const RequestError& error) {
    HttpResponse response = HttpResponse::error(error.status(), error.what());
    if (error.status() == 429) response.headers.emplace_back("Retry-After", "1");
    if (error.status() == 405) response.headers.emplace_back("Allow", allowed);
    return response;
  }
}

HttpResponse Api::describe(const Call&) { return page("openapi.json", studio_files()); }

HttpResponse Api::list_settings(const Call&) {
  HttpResponse response = HttpResponse::json("");
  response.shared_body = settings_;
  return response;
}

HttpResponse Api::read_settings(const Call& call) {
  if (call.request.body.empty()) throw RequestError(400, "the body must be a settings file");
  return HttpResponse::json(checks_.read(call.request.body) + "\n");
}

HttpResponse Api::curves(const Call& call) {
  RequestBody body(call.request);
  Submission submission;
  submission.text = body.text("settings", true);
  submission.overrides = body.texts("overrides");
  body.finish();
  return HttpResponse::json(checks_.curves(submission) + "\n");
}

HttpResponse Api::list_presets(const Call&) {
  Json::Value presets(Json::arrayValue);
  for (const Preset& preset : installed_presets()) {
    Json::Value item;
    item["name"] = preset.name;
    item["about"] = preset.about;
    item["own"] = preset.own;
    item["needs_file"] = !preset.needs.empty();
    item["needs"] = json_of(preset.needs);
    presets.append(item);
  }
  Json::Value answer;
  answer["presets"] = presets;
  return json_response(answer);
}

}  // namespace reverie::serve
