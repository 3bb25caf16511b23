#include "web/run_routes.h"

#include <json/reader.h>
#include <json/writer.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <future>

namespace reverie::web {
namespace {

HttpResponse wrong_method(const std::string& right) {
  HttpResponse response = HttpResponse::error(405, "this takes " + right);
  response.headers.emplace_back("Allow", right);
  return response;
}

HttpResponse png(const RunView::Bytes& bytes) {
  HttpResponse response;
  if (!bytes) {
    response.status = 204;  // none yet
    return response;
  }
  response.headers.emplace_back("Content-Type", "image/png");
  response.shared_body = bytes;
  return response;
}

HttpResponse file(const std::optional<std::filesystem::path>& path) {
  HttpResponse response;
  if (path) response.file = PlainFile::open(*path);
  if (!response.file) return HttpResponse::error(404, "there is no such picture");
  response.headers.emplace_back("Content-Type", "image/png");
  response.headers.emplace_back("Cache-Control", "private, max-age=3600");
  return response;
}

HttpResponse events(const std::shared_ptr<RunView>& run) {
  HttpResponse response;
  response.headers.emplace_back("Content-Type", "text/event-stream");
  response.stream = [run, seen = RunView::Sequence(0)]() mutable -> std::optional<std::string> {
    const bool over = run->over();  // asked first, so that no news comes behind the end
    if (run->sequence() <= seen) return over ? std::nullopt : std::optional<std::string>("");
    const RunView::News news = run->news(seen);
    const std::string event = seen == 0 ? "state" : "news";
    seen = news.sequence;
    return "event: " + event + "\ndata: " + news.json + "\n\n";
  };
  return response;
}

constexpr std::size_t kLongestChange = 64 << 10, kMostChanged = 100;
/// A change is answered between two steps; who waits longer hears that it has been taken.
constexpr std::chrono::seconds kPatience(30);

std::string as_text(const Json::Value& value) {
  if (value.isString()) return value.asString();
  if (value.isDouble()) {
    char digits[40];  // the fewest that mean the same
    return {digits, std::to_chars(digits, std::end(digits), value.asDouble()).ptr};
  }
  Json::StreamWriterBuilder builder;
  builder["indentation"] = "";
  builder["emitUTF8"] = true;
  return Json::writeString(builder, value);
}

/// The body of a change: a JSON object of settings. Empty, with why, where it is none.
Steering::Settings settings_of(const HttpRequest& request, HttpResponse& refusal) {
  const std::string& type = request.header("content-type");
  if (type.substr(0, type.find(';')) != "application/json") {
    refusal = HttpResponse::error(415, "the body must be application/json");
    return {};
  }
  if (request.body.size() > kLongestChange) {
    refusal = HttpResponse::error(413, "the body is longer than 64 KiB");
    return {};
  }
  Json::CharReaderBuilder builder;
  Json::CharReaderBuilder::strictMode(&builder.settings_);
  const std::unique_ptr<Json::CharReader> reader(builder.newCharReader());
  Json::Value json;
  std::string errors;
  bool read = false;
  try {
    read = reader->parse(request.body.data(), request.body.data() + request.body.size(), &json, &errors);
  } catch (const Json::Exception& error) {  // nested too deeply
    errors = error.what();
  }
  if (!read || !json.isObject() || json.empty() || json.size() > kMostChanged) {
    refusal = HttpResponse::error(
        400, "the body must be a JSON object of settings, such as {\"learning_rate\": 0.02}" +
                 (errors.empty() ? "" : ": " + errors));
    return {};
  }
  Steering::Settings settings;
  for (const std::string& name : json.getMemberNames()) settings[name] = as_text(json[name]);
  return settings;
}

/// The words between the first two apostrophes, which in problems are a setting's name.
std::string setting_in(const std::string& message) {
  const std::size_t begin = message.find('\''), end = message.find('\'', begin + 1);
  if (begin == std::string::npos || end == std::string::npos) return {};
  const std::string word = message.substr(begin + 1, end - begin - 1);
  const bool name = !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '.' || c == '/';
  });
  return name ? word : "";
}

HttpResponse change(const std::shared_ptr<RunView>& run, const HttpRequest& request) {
  HttpResponse refusal;
  const Steering::Settings settings = settings_of(request, refusal);
  if (settings.empty()) return refusal;
  // Each that waits holds one of the server's threads.
  static std::atomic_flag waiting;
  if (waiting.test_and_set()) {
    refusal = HttpResponse::error(429, "another change is being checked; wait a moment");
    refusal.headers.emplace_back("Retry-After", "1");
    return refusal;
  }
  const std::shared_ptr<void> done(nullptr, [](void*) { waiting.clear(); });
  const auto promise = std::make_shared<std::promise<Steering::Answer>>();
  std::future<Steering::Answer> future = promise->get_future();
  if (!run->change(settings, [promise](const Steering::Answer& answer) { promise->set_value(answer); }))
    return HttpResponse::error(409, "the run has ended");
  Json::Value json(Json::objectValue);
  json["step"] = Json::Value();
  if (future.wait_for(kPatience) != std::future_status::ready) return HttpResponse::json(as_text(json), 202);
  const Steering::Answer answer = future.get();
  if (answer.problems.empty()) {
    json["step"] = Json::Int64(answer.step);
    return HttpResponse::json(as_text(json));
  }
  json = Json::Value(Json::objectValue);
  json["error"] = "the run cannot change like this, and goes on as it was";
  for (const std::string& message : answer.problems) {
    Json::Value& problem = json["problems"].append(Json::Value(Json::objectValue));
    problem["message"] = message;
    problem["setting"] = setting_in(message);
    problem["file"] = "command line";
    problem["line"] = 0;
  }
  return HttpResponse::json(as_text(json), 422);
}

std::optional<RunView::Wish> wish_of(const std::string& path) {
  if (path == "pause") return RunView::Wish::pause;
  if (path == "resume") return RunView::Wish::resume;
  if (path == "keep") return RunView::Wish::keep;
  if (path == "stop") return RunView::Wish::stop;
  return std::nullopt;
}

/// "frames/12" behind "frames/" is 12.
std::optional<std::int64_t> number_behind(const std::string& path, const std::string& start) {
  std::int64_t number = 0;
  if (path.compare(0, start.size(), start) != 0) return std::nullopt;
  const char* end = path.data() + path.size();
  const auto [stop, error] = std::from_chars(path.data() + start.size(), end, number);
  return error == std::errc() && stop == end && number > 0 ? std::optional(number) : std::nullopt;
}

}  // namespace

std::optional<HttpResponse> answer_run(const std::shared_ptr<RunView>& run, const std::string& path,
                                       const HttpRequest& request) {
  if (path.empty()) return request.method == "PATCH" ? change(run, request) : wrong_method("PATCH");
  if (const auto wish = wish_of(path)) {
    if (request.method != "POST") return wrong_method("POST");
    if (!run->ask(*wish)) return HttpResponse::error(409, "the run has ended");
    HttpResponse done;
    done.status = 204;
    return done;
  }
  const auto frame = number_behind(path, "frames/"), kept = number_behind(path, "kept/");
  if (!frame && !kept && path != "state" && path != "events" && path != "picture" && path != "palette")
    return std::nullopt;
  if (request.method != "GET") return wrong_method("GET");
  if (frame) return file(run->frame(*frame));
  if (kept) return file(run->kept(static_cast<std::size_t>(*kept)));
  if (path == "picture") return png(run->picture());
  if (path == "palette") return png(run->palette());
  if (path == "events") return events(run);
  return HttpResponse::json(run->state_json());
}

}  // namespace reverie::web
