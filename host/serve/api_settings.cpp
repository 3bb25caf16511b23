// The interface: settings before they are a run, what they would cost, and grids of them.

#include "serve/api_call.h"

namespace reverie::serve {

using web::HttpResponse;

namespace {

/// More are neither rendered in a sensible time nor taken in at a glance.
constexpr std::size_t kMostAxes = 3, kMostCells = 64;

/// "name=value", as what it is.
std::pair<std::string, std::string> cell_of(const std::string& override_text) {
  const std::size_t equals = std::min(override_text.find('='), override_text.size());
  return {override_text.substr(0, equals),
          equals < override_text.size() ? override_text.substr(equals + 1) : ""};
}

}  // namespace

Json::Value Api::known_time(const CheckedRun& checked) const {
  const double step = checked.problems.empty() ? queue_.step_seconds(checked.record.cost) : 0;
  Json::Value time;
  time["step_seconds"] = step > 0 ? Json::Value(step) : Json::Value::null;
  time["seconds"] =
      step > 0 ? Json::Value(step * static_cast<double>(checked.record.steps)) : Json::Value::null;
  return time;
}

HttpResponse Api::check(const Call& call) {
  RequestBody body(call.request);
  const Submission submission = submission_of(body);
  body.finish();
  const CheckedRun checked = checks_.check(submission);
  const bool good = checked.problems.empty();
  Json::Value answer;
  answer["problems"] = checked.problems;
  answer["notices"] = json_of(checked.notices);
  answer["steps"] = Json::Int64(checked.record.steps);
  answer["pictures"] = Json::Int64(checked.film.pictures);
  answer["film_seconds"] = checked.film.seconds;
  answer["time"] = known_time(checked);
  answer["settings"] = good ? Json::Value(checked.record.settings) : Json::Value::null;
  return json_response(answer);
}

HttpResponse Api::estimate(const Call& call) {
  RequestBody body(call.request);
  const Submission submission = submission_of(body);
  body.finish();
  if (submission.kind != RunKind::render)
    throw RequestError(400, "'kind' must be render: a preview of the motion is not estimated");
  const CheckedRun checked = checks_.check(submission);
  if (!checked.problems.empty()) return refusal(checked.problems);
  std::uint64_t progress = 0;
  const bool alone = queue_.running(progress).empty();
  Json::Value time = known_time(checked);
  const bool known = !time["seconds"].isNull();
  const Json::Value tried = estimates_.ask(submission, !known);
  std::string source = known ? "from the steps of the newest run of this size with these perceptors" : "";
  if (const double step = tried["step_seconds"].asDouble(); !known && step > 0) {
    time["step_seconds"] = step;
    time["seconds"] = step * static_cast<double>(checked.record.steps);
    source = "measured just now, in " + std::to_string(tried["steps_timed"].asInt64()) + " steps" +
             (alone ? "" : ", while another run was using the machine: alone it takes less");
  } else if (!known) {
    const std::string obstacle = tried["obstacle"].asString();
    source = "not known" + (obstacle.empty() ? "" : ", because " + obstacle);
  }
  Json::Value answer;
  answer["steps"] = Json::Int64(checked.record.steps);
  answer["pictures"] = Json::Int64(checked.film.pictures);
  answer["film_seconds"] = checked.film.seconds;
  answer["time"] = time;
  answer["source"] = source;
  answer["memory"] = tried["memory"];
  answer["problem"] = tried["problem"];
  return json_response(answer);
}

HttpResponse Api::submit_grid(const Call& call) {
  RequestBody body(call.request);
  const Submission submission = submission_of(body);
  const std::vector<std::string> axes = body.texts("axes");
  const bool paused = body.boolean("paused");
  body.finish();
  if (axes.empty() || axes.size() > kMostAxes)
    throw RequestError(400, "'axes' must be 1 to " + std::to_string(kMostAxes) +
                                " settings with their values, such as \"seed=1,2,3\"");
  Json::Value problems;
  const std::vector<std::vector<std::string>> runs = checks_.combine(axes, problems);
  if (!problems.empty()) return refusal(problems);
  if (runs.size() > kMostCells)
    throw RequestError(400, "this would be " + std::to_string(runs.size()) + " runs; a grid has at most " +
                                std::to_string(kMostCells));
  queue_.expect_room(runs.size());  // before a minute of checks
  // All are checked before the first is submitted: either the whole grid comes, or none of it.
  std::vector<CheckedRun> checked;
  for (const std::vector<std::string>& values : runs) {
    Submission one = submission;
    one.overrides.insert(one.overrides.end(), values.begin(), values.end());
    checked.push_back(checks_.check(one));
    if (!checked.back().problems.empty()) return refusal(checked.back().problems);
    for (const std::string& value : values) checked.back().record.cell.push_back(cell_of(value));
    checked.back().record.paused = paused;
  }
  std::vector<RunRecord> records;
  for (CheckedRun& one : checked) records.push_back(std::move(one.record));
  Json::Value answer;
  answer["runs"] = Json::arrayValue;
  for (const RunRecord& record : queue_.submit_grid(std::move(records)))
    answer["runs"].append(summary(record));
  return json_response(answer, 201);
}

}  // namespace reverie::serve
