#include "engine/run_changes.h"

#include "prompts/take_over.h"
#include "settings/resolve.h"

namespace reverie::engine {
namespace {

std::vector<std::string> messages_of(const std::exception& failure) {
  const auto* wrong = dynamic_cast<const SettingsError*>(&failure);
  const auto* error = dynamic_cast<const Error*>(&failure);
  std::vector<std::string> messages;
  if (wrong)
    for (const Problem& problem : wrong->problems()) messages.push_back(problem.message);
  else
    messages.push_back(failure.what() + (error && !error->advice().empty() ? "; " + error->advice() : ""));
  return messages;
}

Steering::Settings joined(Steering::Settings settings, const Steering::Settings& more) {
  for (const auto& [name, value] : more) settings[name] = value;
  return settings;
}

std::string words(const Steering::Settings& settings) {
  std::string text;
  for (const auto& [name, value] : settings) text += (text.empty() ? "" : ", ") + name + "=" + value;
  return text;
}

}  // namespace

std::unique_ptr<RunChanges::Prepared> RunChanges::prepared(const Steering::Settings& changed) {
  auto result = std::make_unique<Prepared>();
  result->changed = changed;
  result->made_before = made_;
  result->revision = setup_.revise(made_, changed);
  if (const std::string why = cannot_take_over(*setup_.script, result->revision.script); !why.empty())
    throw Error(ErrorKind::settings, why);
  // Whatever it takes to know new words, the run draws the same numbers afterwards.
  std::map<std::string, at::Tensor> states;
  for (const auto& [name, generator] : host_.generators()) states[name] = generator.get_state();
  const auto restore = [&] {
    for (auto& [name, generator] : host_.generators()) generator.set_state(states.at(name));
  };
  try {
    result->prompts = prompts_.prepare(result->revision.script.scenes);
  } catch (...) {
    restore();
    throw;
  }
  restore();
  return result;
}

void RunChanges::make(Prepared& change) {
  prompts_.take_over(std::move(change.prompts));
  take_over(*setup_.script, change.revision.script);
  made_ = change.revision.settings;
}

void RunChanges::make_earlier(std::int64_t steps) {
  Steering::Settings changed;
  while (next_ < setup_.recorded.size() && setup_.recorded[next_].step < steps)
    changed = joined(changed, setup_.recorded[next_++].settings);
  if (!changed.empty()) make(*prepared(changed));
}

void RunChanges::attend(RequestedControl& control, std::int64_t step) {
  while (const auto request = control.next_change()) {
    Steering::Answer answer;
    try {
      // Together with what waits already, which is checked again.
      waiting_ = prepared(waiting_ ? joined(waiting_->changed, request->settings) : request->settings);
      answer.step = step;
    } catch (const std::exception& failure) {
      answer.problems = messages_of(failure);
    }
    request->answered(answer);
  }
}

void RunChanges::make_due(RequestedControl& control, std::int64_t step, bool frame_begins) {
  const auto make_now = [&](Prepared& change) {
    const Change made{step, change.changed};
    make(change);
    setup_.log.add(made);
    host_.log(LogLevel::info, "from step " + std::to_string(step + 1) + " on: " + words(made.settings));
    control.set_values(std::move(change.revision.values));
  };
  for (; next_ < setup_.recorded.size() && setup_.recorded[next_].step <= step; ++next_) {
    const Change& change = setup_.recorded[next_];
    try {
      make_now(*prepared(change.settings));
    } catch (const SettingsError& error) {
      throw Error(ErrorKind::settings,
                  "the change that is recorded for step " + std::to_string(change.step + 1) +
                      " cannot be made again: " + messages_of(error).front(),
                  "mend or remove it in the file of changes");
    }
  }
  if (!frame_begins || !waiting_) return;
  // What was made meanwhile was not known when it was prepared.
  const std::unique_ptr<Prepared> change =
      waiting_->made_before == made_ ? std::move(waiting_) : prepared(waiting_->changed);
  waiting_.reset();
  make_now(*change);
}

}  // namespace reverie::engine
