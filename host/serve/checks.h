#pragma once
// Settings that clients send, read and checked in processes of their own.

#include <condition_variable>
#include <mutex>

#include "serve/fork_server.h"
#include "serve/run_settings.h"

namespace reverie::serve {

/// Whatever a text does to the process that reads it, the client gets an answer, and the server goes on.
class Checks {
 public:
  /// `role`: that of answer_check(). The processes must outlive this.
  Checks(ForkServer& processes, std::size_t role) : processes_(processes), role_(role) {}

  /// As check_run(). From any thread; only a few go at the same time, and a few may wait a moment. Throws
  /// RequestError(429).
  CheckedRun check(const Submission& submission);
  /// What read_settings() answers, as JSON. The same otherwise.
  std::string read(const std::string& text);
  /// What curves_answer() gives, as JSON. The same otherwise.
  std::string curves(const Submission& submission);
  /// What serve::inspect() answers; the same otherwise.
  Json::Value inspect(const std::filesystem::path& file);
  /// The runs of a grid, from overrides with several values each (settings/sweep.h): for each run one value
  /// of each, as name=value. `problems`: as in CheckedRun. The same otherwise.
  std::vector<std::vector<std::string>> combine(const std::vector<std::string>& axes, Json::Value& problems);

 private:
  class Place;
  /// The answer to a question; `ended` gets words, and nothing comes, when the process has ended.
  std::optional<Message> ask(const Json::Value& head, const std::string& body, std::string& ended);

  ForkServer& processes_;
  std::size_t role_;
  std::mutex mutex_;
  std::condition_variable freed_;
  int going_ = 0, waiting_ = 0;
};

/// The other side: answers one question.
void answer_check(Channel& channel, const RunRules& rules);

}  // namespace reverie::serve
