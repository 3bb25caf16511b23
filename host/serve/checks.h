#pragma once
// Settings that clients send, read and checked in processes of their own.

#include <chrono>
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

  /// As check_run(). From any thread; only a few go at the same time, and a few may wait. Throws
  /// RequestError(429).
  CheckedRun check(const Submission& submission);
  /// What read_settings() answers, as JSON. The same otherwise.
  std::string read(const std::string& text);
  /// What curves_answer() gives, as JSON. The same otherwise.
  std::string curves(const Submission& submission);
  /// What serve::inspect() answers; the same otherwise, but these have a line of their own: the file has been
  /// received, and would have to be sent again.
  Json::Value inspect(const std::filesystem::path& file);
  /// The runs of a grid, from overrides with several values each (settings/sweep.h): for each run one value
  /// of each, as name=value. `problems`: as in CheckedRun. The same otherwise.
  std::vector<std::vector<std::string>> combine(const std::vector<std::string>& axes, Json::Value& problems);

 private:
  /// Those that go at the same time, and those that wait for that.
  struct Line {
    const int most_going, most_waiting;
    const std::chrono::seconds patience;
    const char* const full;  // what is said to one more
    int going = 0, waiting = 0;
  };
  class Place;
  /// The answer to a question; `ended` gets words, and nothing comes, when the process has ended.
  std::optional<Message> ask(Line& line, const Json::Value& head, const std::string& body,
                             std::string& ended);

  ForkServer& processes_;
  std::size_t role_;
  std::mutex mutex_;
  std::condition_variable freed_;
  // Together fewer than the server's threads, so that others are served meanwhile. Each may decode pictures
  // and sounds.
  Line settings_{2, 2, std::chrono::seconds(20), "too many settings are being checked; wait a moment"};
  Line uploads_{1, 3, std::chrono::seconds(180), "too many files are being looked at; wait a moment"};
};

/// The other side: answers one question.
void answer_check(Channel& channel, const RunRules& rules);

}  // namespace reverie::serve
