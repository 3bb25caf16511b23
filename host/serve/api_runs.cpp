// The interface: runs, their settings and their place in the queue.

#include <algorithm>

#include "base/texts.h"
#include "serve/api_call.h"
#include "serve/run_files.h"

namespace reverie::serve {

using web::HttpResponse;

namespace {

constexpr std::int64_t kMostListed = 1000;
constexpr std::int64_t kLongestLease = 86'400;
constexpr std::size_t kLongestKey = 100, kLongestFrom = 200;

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

}  // namespace

HttpResponse Api::list_runs(const Call& call) {
  require_known(call.request, {"limit"});
  std::int64_t limit = kListed;
  for (const auto& [name, value] : call.request.query) limit = number_of(value);
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
  const std::string from = body.text("from");
  const auto files = body.map("files");
  body.finish();
  if (key.size() > kLongestKey)
    throw RequestError(400, "'key' has more than " + std::to_string(kLongestKey) + " bytes");
  if (from.size() > kLongestFrom)
    throw RequestError(400, "'from' has more than " + std::to_string(kLongestFrom) + " bytes");
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
  checked.record.from = from;
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
  if (!checked.problems.empty()) return refusal(checked.problems);
  checked.record.paused = paused;
  return json_response(summary(queue_.submit(checked.record)), 201);
}

HttpResponse Api::get_run(const Call& call) {
  queue_.asked(call.id);
  return json_response(summary(queue_.get(call.id)));
}

HttpResponse Api::remove_run(const Call& call) {
  queue_.remove(call.id);
  return empty_response();
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

}  // namespace reverie::serve
