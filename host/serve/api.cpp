#include "serve/api.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <functional>

#include "base/texts.h"
#include "serve/request_body.h"
#include "serve/run_files.h"
#include "serve/stored_run.h"
#include "settings/presets.h"
#include "web/pages.h"
#include "web/run_routes.h"

namespace reverie::serve {

using web::answer_run;
using web::HttpRequest;
using web::HttpResponse;
using web::page;
using web::PlainFile;
using web::RunView;
using web::studio_files;
namespace {

constexpr double kChangesPerSecond = 30, kChangesAtOnce = 100;
constexpr std::int64_t kMostListed = 1000, kListed = 200;
constexpr std::int64_t kLongestLease = 86'400;
constexpr std::size_t kLongestKey = 100;
constexpr std::chrono::milliseconds kBetweenProgress(300);

HttpResponse json_response(const Json::Value& value, int status = 200) {
  return HttpResponse::json(json_text(value) + "\n", status);
}

/// A whole number from 1; 0 for anything else.
std::int64_t number_of(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number > 0 ? number : 0;
}

/// Problems where the files that settings name are not those of the client.
Json::Value differences(const std::map<std::string, std::string>& theirs,
                        const std::map<std::string, std::string>& ours) {
  Json::Value problems(Json::arrayValue);
  const auto add = [&](const std::string& message) {
    Json::Value problem;
    problem["message"] = message;
    problem["setting"] = problem["file"] = "";
    problem["line"] = 0;
    problems.append(problem);
  };
  for (const auto& [file, hash] : theirs) {
    const auto found = ours.find(file);
    if (found == ours.end())
      add("'" + file + "' is not here, or no setting names it");
    else if (found->second != hash || hash == kFolder)
      add("'" + file + "' is another file here");
  }
  for (const auto& [file, hash] : ours)
    if (!theirs.count(file)) add("'" + file + "' is not among the files of this request");
  return problems;
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

}  // namespace

struct Api::Call {
  const HttpRequest& request;
  std::int64_t id = 0;
  std::string rest;  // of the path, behind the run's number
};

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
      {"GET", "/api/presets", &Api::list_presets},
      {"POST", "/api/paint", &Api::paint},
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
      {"GET", "/api/runs/{id}/settings", &Api::run_settings},
      {"GET", "/api/runs/{id}/files", &Api::list_files},
      {"GET", "/api/runs/{id}/files/{name}", &Api::get_file},
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
/// after the run's number.
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

Api::Api(RunQueue& queue, Checks& checks, const Json::Value& settings)
    : queue_(queue),
      checks_(checks),
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

HttpResponse Api::check(const Call& call) {
  RequestBody body(call.request);
  const Submission submission = submission_of(body);
  body.finish();
  const CheckedRun checked = checks_.check(submission);
  Json::Value answer;
  answer["problems"] = checked.problems;
  answer["notices"] = json_of(checked.notices);
  answer["steps"] = Json::Int64(checked.record.steps);
  answer["settings"] = checked.problems.empty() ? Json::Value(checked.record.settings) : Json::Value::null;
  return json_response(answer);
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
    item["needs_file"] = preset.needs_file;
    presets.append(item);
  }
  Json::Value answer;
  answer["presets"] = presets;
  return json_response(answer);
}

HttpResponse Api::list_runs(const Call& call) {
  std::int64_t limit = kListed;
  for (const auto& [name, value] : call.request.query) {
    if (name != "limit") throw RequestError(400, "there is no '" + name + "' in this request");
    limit = number_of(value);
  }
  if (limit < 1 || limit > kMostListed)
    throw RequestError(400, "'limit' must be a whole number from 1 to " + std::to_string(kMostListed));
  return json_response(list_json(limit));
}

Json::Value Api::list_json(std::int64_t limit) const {
  Json::Value answer;
  answer["version"] = Json::UInt64(queue_.version());  // first: changes from here on are sent again
  answer["runs"] = Json::arrayValue;
  for (const RunRecord& record : queue_.list()) {
    const bool over = record.state != RunState::queued && record.state != RunState::running;
    if (over && limit-- <= 0) break;
    answer["runs"].append(summary(record));
  }
  return answer;
}

HttpResponse Api::submit(const Call& call) {
  RequestBody body(call.request);
  Submission submission = submission_of(body);
  submission.title = body.text("title");
  const bool paused = body.boolean("paused");
  const std::string key = body.text("key");
  const std::int64_t lease = body.number("lease", 1, kLongestLease);
  const auto files = body.map("files");
  body.finish();
  if (key.size() > kLongestKey)
    throw RequestError(400, "'key' has more than " + std::to_string(kLongestKey) + " bytes");
  // What was submitted and not answered is submitted again.
  if (const auto same = key.empty() ? std::nullopt : queue_.with_key(key)) {
    queue_.asked(same->id);
    return json_response(summary(*same));
  }
  submission.hash_files = files.has_value();
  CheckedRun checked = checks_.check(submission);
  if (files && checked.problems.empty()) checked.problems = differences(*files, checked.files);
  checked.record.key = key;
  checked.record.lease = lease;
  return enqueue(std::move(checked), paused);
}

HttpResponse Api::paint(const Call& call) {
  RequestBody body(call.request);
  Submission submission;
  submission.words = trimmed(body.text("words", true));
  if (submission.words.empty()) throw RequestError(400, "'words' must say what to paint");
  submission.overrides = body.texts("overrides");
  submission.title = submission.words;
  const bool paused = body.boolean("paused");
  body.finish();
  return enqueue(checks_.check(submission), paused);
}

HttpResponse Api::enqueue(CheckedRun checked, bool paused) {
  if (!checked.problems.empty()) {
    Json::Value answer;
    answer["error"] = "the settings cannot be rendered as they are";
    answer["problems"] = checked.problems;
    return json_response(answer, 422);
  }
  checked.record.paused = paused;
  return json_response(summary(queue_.submit(checked.record)), 201);
}

HttpResponse Api::get_run(const Call& call) {
  queue_.asked(call.id);
  return json_response(summary(queue_.get(call.id)));
}

HttpResponse Api::remove_run(const Call& call) {
  queue_.remove(call.id);
  HttpResponse response;
  response.status = 204;
  return response;
}

HttpResponse Api::pause(const Call& call) { return json_response(summary(queue_.pause(call.id))); }
HttpResponse Api::resume(const Call& call) { return json_response(summary(queue_.resume(call.id))); }
HttpResponse Api::cancel(const Call& call) { return json_response(summary(queue_.cancel(call.id))); }

HttpResponse Api::move(const Call& call) {
  RequestBody body(call.request);
  const std::optional<std::int64_t> before = body.id("before");
  body.finish();
  return json_response(summary(queue_.move(call.id, before)));
}

HttpResponse Api::run_settings(const Call& call) {
  HttpResponse response = HttpResponse::json(queue_.get(call.id).settings);
  response.headers.emplace_back("Content-Disposition",
                                disposition("run_" + std::to_string(call.id) + ".json"));
  return response;
}

HttpResponse Api::list_files(const Call& call) {
  Json::Value files(Json::arrayValue);
  for (const RunFile& file : files_of(queue_.get(call.id))) {
    Json::Value item;
    item["name"] = file.name;
    item["bytes"] = Json::UInt64(file.bytes);
    item["type"] = content_type(file.name);
    item["frame"] = Json::Int64(file.frame);
    item["modified"] = Json::Int64(file.modified);
    item["of_video"] = file.of_video;
    files.append(item);
  }
  Json::Value answer;
  answer["files"] = files;
  return json_response(answer);
}

HttpResponse Api::get_file(const Call& call) {
  const std::string name = call.rest.substr(std::string("files/").size());
  const auto path = file_of(queue_.get(call.id), name);
  HttpResponse response = HttpResponse::text("", content_type(name));
  if (path) response.file = PlainFile::open(*path);
  if (!response.file) throw RequestError(404, "the run has no such file");
  response.headers.emplace_back("Content-Disposition", disposition(name));
  return response;
}

HttpResponse Api::list_backups(const Call& call) {
  Json::Value answer;
  answer["backups"] = Json::arrayValue;
  for (const auto& [number, file] : backups_of(queue_.get(call.id))) {
    const auto open = PlainFile::open(file);
    if (!open) continue;
    Json::Value item;
    item["number"] = Json::Int64(number);
    item["bytes"] = Json::UInt64(open->size());
    answer["backups"].append(item);
  }
  return json_response(answer);
}

HttpResponse Api::get_backup(const Call& call) {
  const auto backups = backups_of(queue_.get(call.id));
  const auto found = backups.find(number_of(call.rest.substr(std::string("backups/").size())));
  HttpResponse response = HttpResponse::text("", "application/octet-stream");
  if (found != backups.end()) response.file = PlainFile::open(found->second);
  if (!response.file) throw RequestError(404, "the run has no such backup");
  response.headers.emplace_back("Content-Disposition", disposition(found->second.filename()));
  return response;
}

HttpResponse Api::events(const Call&) {
  HttpResponse response = HttpResponse::text("", "text/event-stream");
  struct Reader {
    std::uint64_t version = 0, progress = 0;
    std::chrono::steady_clock::time_point sent;
  };
  response.stream = [this, reader = Reader()]() mutable -> std::optional<std::string> {
    const auto now = std::chrono::steady_clock::now();
    if (const std::uint64_t version = queue_.version(); version != reader.version) {
      reader.version = version;
      return "event: queue\ndata: " + json_text(list_json(kListed)) + "\n\n";
    }
    if (now - reader.sent < kBetweenProgress) return "";
    std::uint64_t progress = 0;
    const std::vector<RunRecord> running = queue_.running(progress);
    if (progress == reader.progress) return "";
    reader.progress = progress;
    reader.sent = now;
    Json::Value answer;
    answer["runs"] = Json::arrayValue;
    for (const RunRecord& record : running) answer["runs"].append(summary(record));
    return "event: progress\ndata: " + json_text(answer) + "\n\n";
  };
  return response;
}

HttpResponse Api::ask_view(const Call& call) {
  std::shared_ptr<RunView> view = queue_.view(call.id);
  if (!view) {
    const RunRecord record = queue_.get(call.id);
    const bool begins = !record.output || record.state == RunState::running;
    if (begins && call.rest == "picture") {
      HttpResponse none;
      none.status = 204;
      return none;
    }
    if (begins) throw RequestError(404, "the run has not begun");
    view = std::make_shared<StoredRun>(record);
  }
  auto response = answer_run(view, call.rest, call.request);
  if (!response) throw RequestError(404, "there is nothing at this address");
  return std::move(*response);
}

}  // namespace reverie::serve
