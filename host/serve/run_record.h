#pragma once
// What a server knows of one run, and keeps on the disk.

#include <json/value.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/outputs.h"

namespace reverie::serve {

enum class RunKind {
  render,
  motion,  ///< the moves alone as a video
};

enum class RunState { queued, running, finished, cancelled, failed };

struct RunRecord {
  std::int64_t id = 0;
  RunKind kind = RunKind::render;
  RunState state = RunState::queued;
  bool paused = false;      ///< queued: others go first; running: it waits between two steps
  bool cancelling = false;  ///< running: it is about to end
  double place = 0;         ///< those with lower numbers begin first
  std::string title;
  std::string settings;                       ///< resolved, as JSON: rendered again, they make the same files
  std::vector<std::string> notices;           ///< what the artist should know of the settings
  std::optional<engine::OutputNames> output;  ///< from when it has begun
  std::int64_t steps = 0;                     ///< that it has in all; of a motion preview: moves
  std::int64_t done = 0;
  std::int64_t pictures = 0;    ///< frames saved, however many outputs write each
  std::string message, advice;  ///< why it failed
  // In milliseconds since 1970; 0: not yet.
  std::int64_t submitted = 0, begun = 0, ended = 0;
  double preparation = 0;  ///< seconds from its turn to its first step; 0: not there yet
  std::string
      cost;  ///< of run_cost.h: runs with the same one take the same time for a step; empty: none does
  double step_seconds = 0;   ///< that a step took, on average; 0: not known
  std::int64_t deleted = 0;  ///< since when it is in the trash; 0: it is not
  // One of several that differ in some settings.
  std::int64_t grid = 0;                                  ///< the number of the first of them; 0: it is alone
  std::vector<std::pair<std::string, std::string>> cell;  ///< the settings that differ, and its values
  // A run that ends the server again and again must not do so for ever.
  std::int64_t attempts = 0;  ///< begun so often without getting further
  std::int64_t reached = 0;   ///< the number of the backup from which it went on last
  // Handed to another server, which knows it by the key: empty for one that is rendered here.
  std::string worker;  ///< the other server's address
  std::int64_t worker_lease =
      0;  ///< seconds that it may go on there unasked; 0: it is known to be over there
  // Handed to this one by another server.
  std::string key;         ///< two runs with one key are the same
  std::int64_t lease = 0;  ///< seconds: it works only while somebody asks for it; 0: always
  std::string from;        ///< what it is there, for people; empty where that was not said
};

const char* name_of(RunKind kind);
const char* name_of(RunState state);

/// Whole, as it is kept.
Json::Value to_json(const RunRecord& record);
/// Throws std::exception for a value that is not of to_json()'s form.
RunRecord record_from_json(const Json::Value& value);

/// As clients see it: without the settings and the book-keeping.
Json::Value summary(const RunRecord& record);

Json::Value json_of(const std::vector<std::string>& texts);
/// On one line, with everything beyond ASCII escaped, so that it is valid JSON for any text.
std::string json_text(const Json::Value& value);

std::int64_t milliseconds_now();

/// The message of a run with a lease that nobody has asked for.
inline constexpr const char* kNobodyAsks = "the server that handed over this run has not asked for it";

}  // namespace reverie::serve
