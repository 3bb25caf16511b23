#include "serve/checks.h"

#include <sys/resource.h>

#include "serve/curves_answer.h"
#include "serve/inspection.h"
#include "serve/request_error.h"
#include "serve/submission_message.h"
#include "settings/sweep.h"

namespace reverie::serve {
namespace {

constexpr rlim_t kSeconds = 120;  // of the processor's time, for one check

Json::Value problem(const std::string& message) {
  Json::Value value;
  value["message"] = message;
  value["setting"] = value["file"] = "";
  value["line"] = 0;
  Json::Value list(Json::arrayValue);
  list.append(value);
  return list;
}

/// The answer of read_settings() when there is none.
Json::Value unread(const std::string& message) {
  Json::Value answer;
  answer["entries"] = Json::arrayValue;
  answer["problems"] = problem(message);
  return answer;
}

/// The answer of curves_answer() when there is none.
Json::Value no_curves(const std::string& message) {
  Json::Value answer;
  for (const char* list : {"notices", "f", "t", "curves", "unknown"}) answer[list] = Json::arrayValue;
  answer["every"] = 1;
  answer["problems"] = problem(message);
  return answer;
}

std::string why(const std::string& ended) {
  return "these settings cannot be used: the process that read them is gone: " + ended +
         "; a file that they name, a plugin, or the settings themselves may be at fault";
}

}  // namespace

/// One of the checks that run at the same time.
class Checks::Place {
 public:
  Place(Checks& checks, Line& line) : checks_(checks), line_(line) {
    std::unique_lock lock(checks_.mutex_);
    if (line.going >= line.most_going) {
      if (line.waiting >= line.most_waiting) throw RequestError(429, line.full);
      ++line.waiting;
      const bool free =
          checks_.freed_.wait_for(lock, line.patience, [&] { return line.going < line.most_going; });
      --line.waiting;
      if (!free) throw RequestError(429, line.full);
    }
    ++line.going;
  }
  ~Place() {
    const std::lock_guard lock(checks_.mutex_);
    --line_.going;
    checks_.freed_.notify_all();
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  Checks& checks_;
  Line& line_;
};

std::optional<Message> Checks::ask(Line& line, const Json::Value& head, const std::string& body,
                                   std::string& ended) {
  const Place place(*this, line);
  const auto process = processes_.start(role_);
  std::optional<Message> answer;
  if (process->send(head, body)) try {
      answer = process->receive();
    } catch (const std::exception&) {  // no answer either
    }
  if (!answer) ended = process->end().how;
  return answer;
}

CheckedRun Checks::check(const Submission& submission) {
  std::string ended;
  auto answer = ask(settings_, to_head("check", submission), submission.text, ended);
  CheckedRun checked;
  if (!answer) {
    checked.problems = problem(why(ended));
    return checked;
  }
  checked.problems = answer->head["problems"];
  for (const Json::Value& notice : answer->head["notices"]) checked.notices.push_back(notice.asString());
  if (checked.problems.empty()) checked.record = record_from_json(answer->head["record"]);
  checked.film = {answer->head["pictures"].asInt64(), answer->head["film_seconds"].asDouble()};
  const Json::Value& files = answer->head["files"];
  for (const std::string& file : files.getMemberNames()) checked.files[file] = files[file].asString();
  return checked;
}

std::string Checks::read(const std::string& text) {
  std::string ended;
  auto answer = ask(settings_, Channel::named("read"), text, ended);
  return answer ? std::move(answer->body) : json_text(unread(why(ended)));
}

std::string Checks::curves(const Submission& submission) {
  Json::Value head = Channel::named("curves");
  head["overrides"] = json_of(submission.overrides);
  std::string ended;
  auto answer = ask(settings_, head, submission.text, ended);
  return answer ? std::move(answer->body) : json_text(no_curves(why(ended)));
}

Json::Value Checks::inspect(const std::filesystem::path& file) {
  Json::Value head = Channel::named("inspect");
  head["file"] = file.string();
  std::string ended;
  const auto answer = ask(uploads_, head, {}, ended);
  if (answer) return answer->head["seen"];
  Json::Value seen;
  seen["problem"] = "the file cannot be used: the process that read it is gone: " + ended;
  return seen;
}

std::vector<std::vector<std::string>> Checks::combine(const std::vector<std::string>& axes,
                                                      Json::Value& problems) {
  Json::Value head = Channel::named("combine");
  head["axes"] = json_of(axes);
  std::string ended;
  const auto answer = ask(settings_, head, {}, ended);
  std::vector<std::vector<std::string>> runs;
  problems = answer ? answer->head["problems"] : problem(why(ended));
  if (!answer) return runs;
  for (const Json::Value& run : answer->head["runs"]) {
    runs.emplace_back();
    for (const Json::Value& text : run) runs.back().push_back(text.asString());
  }
  return runs;
}

namespace {

/// What combine() asks.
Json::Value combined(const Json::Value& axes) {
  std::vector<std::string> overrides;
  for (const Json::Value& axis : axes) overrides.push_back(axis.asString());
  std::vector<Problem> problems;
  Json::Value answer = Channel::named("answer");
  answer["runs"] = Json::arrayValue;
  for (const Combination& combination : expand_sweep(overrides, problems))
    answer["runs"].append(json_of(combination.overrides));
  answer["problems"] = Json::arrayValue;
  for (const Problem& wrong : problems) answer["problems"].append(problem(wrong.message)[0]);
  return answer;
}

}  // namespace

void answer_check(Channel& channel, const RunRules& rules) {
  ::setpriority(PRIO_PROCESS, 0, 10);  // the render comes first
  const rlimit time{kSeconds, kSeconds + 5};
  ::setrlimit(RLIMIT_CPU, &time);
  const auto question = channel.receive();
  if (!question) return;
  Json::Value answer = Channel::named("answer");
  if (question->what() == "inspect") {
    answer["seen"] = inspect(question->head["file"].asString(), rules);
    channel.send(answer);
    return;
  }
  if (question->what() == "combine") {
    channel.send(combined(question->head["axes"]));
    return;
  }
  if (question->what() == "read") {
    Json::Value read;
    try {
      read = read_settings(question->body);
    } catch (const std::exception& error) {
      read = unread(error.what());
    }
    channel.send(answer, json_text(read));
    return;
  }
  if (question->what() == "curves") {
    Submission submission;
    submission.text = question->body;
    for (const Json::Value& text : question->head["overrides"])
      submission.overrides.push_back(text.asString());
    channel.send(answer, json_text(curves_answer(submission, rules)));
    return;
  }
  const CheckedRun checked = check_run(submission_from(*question), rules);
  answer["problems"] = checked.problems;
  answer["notices"] = json_of(checked.notices);
  answer["pictures"] = Json::Int64(checked.film.pictures);
  answer["film_seconds"] = checked.film.seconds;
  answer["files"] = Json::objectValue;
  for (const auto& [file, hash] : checked.files) answer["files"][file] = hash;
  if (checked.problems.empty()) answer["record"] = to_json(checked.record);
  channel.send(answer);
}

}  // namespace reverie::serve
