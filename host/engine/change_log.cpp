#include "engine/change_log.h"

#include <json/reader.h>
#include <json/writer.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace reverie::engine {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
  throw Error(ErrorKind::settings, "'" + file.string() + "' holds no changes of a run: " + why,
              "name a file NAME_changes.json that a run has left beside its backups");
}

bool before(const Change& a, const Change& b) { return a.step < b.step; }

}  // namespace

std::filesystem::path changes_file(const RunPlace& place, const std::string& base) {
  return place.backups / (base + "_changes.json");
}

std::vector<Change> read_changes(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  if (stream) text << stream.rdbuf();
  if (!stream)
    throw Error(ErrorKind::file, "cannot read '" + file.string() + "'", "look whether it is there");
  Json::Value root;
  std::string errors;
  Json::CharReaderBuilder builder;
  Json::CharReaderBuilder::strictMode(&builder.settings_);
  std::istringstream content(text.str());
  try {
    if (!Json::parseFromStream(builder, content, &root, &errors)) refuse(file, errors);
  } catch (const Json::Exception& error) {  // nested too deeply
    refuse(file, error.what());
  }
  if (!root.isObject() || !root["changes"].isArray()) refuse(file, "there is no list 'changes'");
  std::vector<Change> result;
  for (const Json::Value& entry : root["changes"]) {
    if (!entry.isObject() || !entry["step"].isInt64() || entry["step"].asInt64() < 0 ||
        !entry["settings"].isObject())
      refuse(file, "an entry is not {\"step\": 40, \"settings\": {\"learning_rate\": \"0.02\"}}");
    Change change{entry["step"].asInt64(), {}};
    for (const std::string& name : entry["settings"].getMemberNames()) {
      const Json::Value& value = entry["settings"][name];
      if (!value.isString()) refuse(file, "the value of '" + name + "' is not a text");
      change.settings[name] = value.asString();
    }
    result.push_back(std::move(change));
  }
  std::stable_sort(result.begin(), result.end(), before);
  return result;
}

void ChangeLog::add(const Change& change) {
  if (file_.empty() || std::find(changes_.begin(), changes_.end(), change) != changes_.end()) return;
  // A run that went on from an earlier backup may have others later.
  changes_.insert(std::upper_bound(changes_.begin(), changes_.end(), change, before), change);
  Json::Value root;
  Json::Value& list = root["changes"] = Json::Value(Json::arrayValue);
  for (const Change& one : changes_) {
    Json::Value& entry = list.append(Json::Value(Json::objectValue));
    entry["step"] = Json::Int64(one.step);
    Json::Value& settings = entry["settings"] = Json::Value(Json::objectValue);
    for (const auto& [name, value] : one.settings) settings[name] = value;
  }
  Json::StreamWriterBuilder builder;
  builder["indentation"] = " ";
  builder["emitUTF8"] = true;
  write_file(file_, Json::writeString(builder, root) + "\n");
}

}  // namespace reverie::engine
