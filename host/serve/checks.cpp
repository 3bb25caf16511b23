#include "serve/checks.h"

#include <sys/resource.h>

#include <chrono>

#include "serve/curves_answer.h"
#include "serve/request_error.h"

namespace reverie::serve {
namespace {

constexpr int kAtOnce = 2;   // each may decode pictures and sounds
constexpr int kWaiting = 2;  // fewer than the server's threads, so that others are served meanwhile
constexpr std::chrono::seconds kPatience(5);
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
  explicit Place(Checks& checks) : checks_(checks) {
    std::unique_lock lock(checks_.mutex_);
    const auto full = [] { return RequestError(429, "too many settings are being checked; wait a moment"); };
    if (checks_.going_ >= kAtOnce) {
      if (checks_.waiting_ >= kWaiting) throw full();
      ++checks_.waiting_;
      const bool free = checks_.freed_.wait_for(lock, kPatience, [&] { return checks_.going_ < kAtOnce; });
      --checks_.waiting_;
      if (!free) throw full();
    }
    ++checks_.going_;
  }
  ~Place() {
    const std::lock_guard lock(checks_.mutex_);
    --checks_.going_;
    checks_.freed_.notify_one();
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  Checks& checks_;
};

std::optional<Message> Checks::ask(const Json::Value& head, const std::string& body, std::string& ended) {
  const Place place(*this);
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
  Json::Value head = Channel::named("check");
  head["kind"] = static_cast<int>(submission.kind);
  head["title"] = submission.title;
  head["overrides"] = json_of(submission.overrides);
  head["words"] = submission.words;
  head["hash_files"] = submission.hash_files;
  std::string ended;
  auto answer = ask(head, submission.text, ended);
  CheckedRun checked;
  if (!answer) {
    checked.problems = problem(why(ended));
    return checked;
  }
  checked.problems = answer->head["problems"];
  for (const Json::Value& notice : answer->head["notices"]) checked.notices.push_back(notice.asString());
  if (checked.problems.empty()) checked.record = record_from_json(answer->head["record"]);
  const Json::Value& files = answer->head["files"];
  for (const std::string& file : files.getMemberNames()) checked.files[file] = files[file].asString();
  return checked;
}

std::string Checks::read(const std::string& text) {
  std::string ended;
  auto answer = ask(Channel::named("read"), text, ended);
  return answer ? std::move(answer->body) : json_text(unread(why(ended)));
}

std::string Checks::curves(const Submission& submission) {
  Json::Value head = Channel::named("curves");
  head["overrides"] = json_of(submission.overrides);
  std::string ended;
  auto answer = ask(head, submission.text, ended);
  return answer ? std::move(answer->body) : json_text(no_curves(why(ended)));
}

void answer_check(Channel& channel, const RunRules& rules) {
  ::setpriority(PRIO_PROCESS, 0, 10);  // the render comes first
  const rlimit time{kSeconds, kSeconds + 5};
  ::setrlimit(RLIMIT_CPU, &time);
  const auto question = channel.receive();
  if (!question) return;
  Json::Value answer = Channel::named("answer");
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
  Submission submission;
  submission.text = question->body;
  for (const Json::Value& text : question->head["overrides"]) submission.overrides.push_back(text.asString());
  if (question->what() == "curves") {
    channel.send(answer, json_text(curves_answer(submission, rules)));
    return;
  }
  submission.kind = static_cast<RunKind>(question->head["kind"].asInt());
  submission.title = question->head["title"].asString();
  submission.words = question->head["words"].asString();
  submission.hash_files = question->head["hash_files"].asBool();
  const CheckedRun checked = check_run(submission, rules);
  answer["problems"] = checked.problems;
  answer["notices"] = json_of(checked.notices);
  answer["files"] = Json::objectValue;
  for (const auto& [file, hash] : checked.files) answer["files"][file] = hash;
  if (checked.problems.empty()) answer["record"] = to_json(checked.record);
  channel.send(answer);
}

}  // namespace reverie::serve
