#include "serve/estimate.h"

#include "app/failure.h"
#include "app/run_trial.h"
#include "serve/request_error.h"
#include "serve/submission_message.h"

namespace reverie::serve {

using app::choose_run_plan;
using app::current_failure;
using app::Failure;
using app::Plan;
using app::RunPlan;
using app::RunTrial;

namespace {

Json::Value nothing(const std::string& problem) {
  Json::Value answer = Channel::named("answer");
  answer["problem"] = problem;
  answer["memory"] = answer["obstacle"] = "";
  answer["step_seconds"] = 0.0;
  answer["steps_timed"] = 0;
  return answer;
}

}  // namespace

Json::Value Estimates::ask(const Submission& submission, bool timed) {
  const std::unique_lock one(one_, std::try_to_lock);
  if (!one) throw RequestError(429, "another run is being estimated; wait until that is done");
  const auto process = processes_.start(role_);
  Json::Value head = to_head("estimate", submission);
  head["timed"] = timed;
  std::optional<Message> answer;
  if (process->send(head, submission.text)) try {
      answer = process->receive();
    } catch (const std::exception&) {  // no answer either
    }
  return answer ? answer->head : nothing("the process that tried the run is gone: " + process->end().how);
}

void answer_estimate(Channel& channel, const RunRules& rules) {
  const auto question = channel.receive();
  if (!question) return;
  Json::Value answer = nothing("");
  try {
    const Submission submission = submission_from(*question);
    const bool timed = question->head["timed"].asBool();
    const Plan plan = plan_of(submission, rules);
    RunTrial trial(plan, rules.registry, timed);  // before anything computes
    const RunPlan run_plan = choose_run_plan(plan, rules.registry, false);
    const std::string obstacle = trial.begin();
    answer["memory"] = trial.memory(run_plan);
    const RunTrial::RankStep step = timed ? trial.timed_step() : RunTrial::RankStep();
    answer["obstacle"] = obstacle.empty() ? step.obstacle : obstacle;
    answer["step_seconds"] = step.step.serial + step.step.parallel;
    answer["steps_timed"] = Json::Int64(step.steps);
  } catch (...) {
    const Failure failure = current_failure();
    answer = nothing(failure.message + (failure.advice.empty() ? "" : "; " + failure.advice));
  }
  channel.send(answer);
}

}  // namespace reverie::serve
