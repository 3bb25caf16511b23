#include "app/rank_forecast.h"

#include <algorithm>
#include <cstdio>
#include <thread>

#include "app/shared_run.h"
#include "engine/memory_report.h"

namespace reverie::app {

using distributed::ExchangeTrial;
using distributed::StepModel;
using engine::bytes_text;

namespace {

std::string seconds(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.4g s", value);
  return text;
}

std::string number(double value, int digits) {
  char text[40];
  std::snprintf(text, sizeof text, "%.*g", digits, value);
  return text;
}

/// As --ranks shares the processors out; 0: as the program has it.
int threads_of(const RankQuestion& question) {
  if (question.gigabits > 0 || question.ranks == 1 || std::getenv("OMP_NUM_THREADS")) return 0;
  return static_cast<int>(std::max<std::int64_t>(1, std::thread::hardware_concurrency() / question.ranks));
}

}  // namespace

RankForecast::RankForecast(const RankQuestion& question, const Plan& plan)
    : question_(question),
      groups_(groups_for(plan.settings, question.ranks)),
      cutouts_(plan.settings.get<std::int64_t>("cutouts")) {
  if (question.ranks > 1 && question.gigabits == 0) exchange_.emplace();
}

std::string RankForecast::text(RunTrial& trial, const RunPlan& run_plan) {
  const std::int64_t ranks = question_.ranks;
  const auto unknown = [&](const std::string& why) {
    return "a run over " + std::to_string(ranks) + " ranks: cannot be predicted, because " + why + "\n";
  };
  const RunTrial::RankStep measured = trial.rank_step(run_plan, groups_, threads_of(question_));
  if (!measured.obstacle.empty()) return unknown(measured.obstacle);
  StepModel model{measured.step, cutouts_, groups_, {}};
  if (exchange_) {
    const ExchangeTrial::Result exchange = exchange_->measure(measured.step.bytes);
    if (!exchange.obstacle.empty()) return unknown(exchange.obstacle);
    model.connection = exchange.connection;
  } else {
    constexpr double kBytesPerGigabit = 1e9 / 8;
    model.connection.bytes_per_second = question_.gigabits * kBytesPerGigabit;
  }
  const double one = model.step(1), step = model.step(ranks);
  std::string text = "a step of " + std::to_string(ranks) + (ranks == 1 ? " rank" : " ranks") + ", from " +
                     std::to_string(measured.steps) + " steps with " + std::to_string(measured.cutouts) +
                     " of " + std::to_string(cutouts_) + " cutouts" +
                     (exchange_ ? " and exchanges between two processes" : "") + ":\n";
  text += "  serial part, which every rank does: " + seconds(model.one.serial) + "\n";
  text += "  parallel part, the cutouts: " + seconds(model.one.parallel) +
          ", of which the largest share is " + number(100 * model.share(ranks), 3) + " %\n";
  if (ranks > 1)
    text += "  transfer: " + seconds(model.transfer(ranks)) + " for " + std::to_string(model.sent(ranks)) +
            " bytes to each other rank, at " + number(model.connection.bytes_per_second * 8 / 1e9, 3) +
            " Gbit/s and a latency of " + seconds(model.connection.latency) + "\n";
  text += "  predicted step: " + seconds(step) +
          (ranks > 1 ? ", " + number(one / step, 3) + " times as fast as one such rank" : "") + "\n";
  text += "  memory of each rank: about " + bytes_text(model.memory(ranks)) + "\n";
  return text;
}

}  // namespace reverie::app
