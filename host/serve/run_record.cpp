#include "serve/run_record.h"

#include <json/writer.h>

#include <chrono>
#include <iterator>
#include <stdexcept>

namespace reverie::serve {

using engine::OutputNames;

namespace {

constexpr const char* kKinds[] = {"render", "motion"};
constexpr const char* kStates[] = {"queued", "running", "finished", "cancelled", "failed"};

template <typename Enum, std::size_t count>
Enum from_name(const char* const (&names)[count], const std::string& name) {
  for (std::size_t i = 0; i < count; ++i)
    if (name == names[i]) return static_cast<Enum>(i);
  throw std::runtime_error("'" + name + "' is unknown");
}

}  // namespace

const char* name_of(RunKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }
const char* name_of(RunState state) { return kStates[static_cast<std::size_t>(state)]; }

Json::Value json_of(const std::vector<std::string>& texts) {
  Json::Value list(Json::arrayValue);
  for (const std::string& text : texts) list.append(text);
  return list;
}

std::string json_text(const Json::Value& value) {
  Json::StreamWriterBuilder builder;
  builder["indentation"] = "";
  return Json::writeString(builder, value);
}

Json::Value summary(const RunRecord& record) {
  Json::Value value;
  value["id"] = Json::Int64(record.id);
  value["kind"] = name_of(record.kind);
  value["state"] = name_of(record.state);
  value["paused"] = record.paused;
  value["cancelling"] = record.cancelling;
  value["title"] = record.title;
  value["notices"] = json_of(record.notices);
  value["folder"] = record.output ? record.output->folder.string() : "";
  value["base"] = record.output ? record.output->base : "";
  value["steps"] = Json::Int64(record.steps);
  value["done"] = Json::Int64(record.done);
  value["pictures"] = Json::Int64(record.pictures);
  value["message"] = record.message;
  value["advice"] = record.advice;
  value["submitted"] = Json::Int64(record.submitted);
  value["begun"] = Json::Int64(record.begun);
  value["ended"] = Json::Int64(record.ended);
  value["preparation_seconds"] = record.preparation;
  value["worker"] = record.worker;
  value["from"] = record.from;
  value["grid_run"] = Json::Int64(record.grid);
  value["cell"] = Json::arrayValue;
  for (const auto& [setting, text] : record.cell) {
    Json::Value item;
    item["setting"] = setting;
    item["value"] = text;
    value["cell"].append(item);
  }
  return value;
}

Json::Value to_json(const RunRecord& record) {
  Json::Value value = summary(record);
  value["place"] = record.place;
  value["settings"] = record.settings;
  value["attempts"] = Json::Int64(record.attempts);
  value["reached"] = Json::Int64(record.reached);
  value["key"] = record.key;
  value["lease"] = Json::Int64(record.lease);
  value["worker_lease"] = Json::Int64(record.worker_lease);
  value["cost"] = record.cost;
  value["step_seconds"] = record.step_seconds;
  value["deleted"] = Json::Int64(record.deleted);
  return value;
}

RunRecord record_from_json(const Json::Value& value) {
  RunRecord record;
  record.id = value["id"].asInt64();
  record.kind = from_name<RunKind>(kKinds, value["kind"].asString());
  record.state = from_name<RunState>(kStates, value["state"].asString());
  record.paused = value["paused"].asBool();
  record.cancelling = value["cancelling"].asBool();
  record.place = value["place"].asDouble();
  record.title = value["title"].asString();
  record.settings = value["settings"].asString();
  for (const Json::Value& notice : value["notices"]) record.notices.push_back(notice.asString());
  if (!value["base"].asString().empty())
    record.output = OutputNames{value["folder"].asString(), value["base"].asString()};
  record.steps = value["steps"].asInt64();
  record.done = value["done"].asInt64();
  record.pictures = value["pictures"].asInt64();
  record.message = value["message"].asString();
  record.advice = value["advice"].asString();
  record.submitted = value["submitted"].asInt64();
  record.begun = value["begun"].asInt64();
  record.ended = value["ended"].asInt64();
  record.preparation = value["preparation_seconds"].asDouble();
  record.attempts = value["attempts"].asInt64();
  record.reached = value["reached"].asInt64();
  record.worker = value["worker"].asString();
  record.key = value["key"].asString();
  record.lease = value["lease"].asInt64();
  record.from = value["from"].asString();
  record.worker_lease = value["worker_lease"].asInt64();
  record.cost = value["cost"].asString();
  record.step_seconds = value["step_seconds"].asDouble();
  record.deleted = value["deleted"].asInt64();
  record.grid = value["grid_run"].asInt64();
  for (const Json::Value& item : value["cell"])
    record.cell.emplace_back(item["setting"].asString(), item["value"].asString());
  if (record.settings.empty()) throw std::runtime_error("it has no settings");
  return record;
}

std::int64_t milliseconds_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace reverie::serve
