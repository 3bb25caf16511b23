#pragma once
// How much memory and time a run will need: found by beginning it, in processes of their own.

#include <json/value.h>

#include <mutex>

#include "serve/fork_server.h"
#include "serve/run_settings.h"

namespace reverie::serve {

class Estimates {
 public:
  /// `role`: that of answer_estimate(). The processes must outlive this.
  Estimates(ForkServer& processes, std::size_t role) : processes_(processes), role_(role) {}

  /// {problems, memory, step_seconds, steps_timed, obstacle}: `memory` in words; step_seconds 0 where no step
  /// could be timed, and `obstacle` why. `timed`: steps are timed, too. One at a time: throws
  /// RequestError(429).
  Json::Value ask(const Submission& submission, bool timed);

 private:
  ForkServer& processes_;
  std::size_t role_;
  std::mutex one_;
};

/// The other side: answers one question.
void answer_estimate(Channel& channel, const RunRules& rules);

}  // namespace reverie::serve
