#include "serve/stored_run.h"

#include <json/reader.h>
#include <json/writer.h>

#include "web/plain_file.h"

namespace reverie::serve {

using web::PlainFile;
using web::RunView;
namespace {

bool is_picture(const RunFile& file) { return std::filesystem::path(file.name).extension() == ".png"; }

const char* state_of(const RunRecord& record) {
  if (record.state == RunState::finished) return "finished";
  return record.state == RunState::failed ? "failed" : "interrupted";
}

/// Bytes of the header chunk, which is the first of any PNG file.
std::int64_t big_endian(const std::string& bytes, std::size_t at) {
  std::int64_t value = 0;
  for (std::size_t i = at; i < at + 4; ++i) value = value * 256 + static_cast<unsigned char>(bytes[i]);
  return value;
}

}  // namespace

StoredRun::StoredRun(const RunRecord& record) : record_(record) {
  for (const RunFile& file : files_of(record)) {
    if (!is_picture(file)) continue;
    if (file.frame > 0)
      frames_.push_back(file);
    else if (file.name.find("_step_") != std::string::npos)
      kept_.push_back(file);
  }
}

RunView::News StoredRun::news(Sequence) const {
  Json::Value json(Json::objectValue);
  json["sequence"] = 1;
  json["id"] = "stored-" + std::to_string(record_.id);
  json["whole"] = true;
  json["run"] = record_.output->base;
  json["folder"] = record_.output->folder.string();
  const std::unique_ptr<Json::CharReader> reader(Json::CharReaderBuilder().newCharReader());
  const std::string& settings = record_.settings;
  reader->parse(settings.data(), settings.data() + settings.size(), &json["settings"], nullptr);
  json["steps"] = Json::Int64(record_.steps);
  json["done_before"] = json["scene"] = 0;
  json["step"] = Json::Int64(record_.done);
  json["scenes"] = json["losses"] = json["memory"] = json["kept"] = Json::arrayValue;
  json["state"] = state_of(record_);
  json["stopping"] = false;
  json["message"] = record_.message;
  json["seconds"] = json["t"] = 0.0;
  json["steps_per_second"] = json["seconds_left"] = Json::Value::null;
  json["history"]["from"] = 0;
  json["history"]["columns"] = json["history"]["series"] = Json::arrayValue;
  if (const Bytes png = picture(); png && png->size() > 24) {
    json["picture"]["step"] = Json::Int64(record_.done);
    json["picture"]["width"] = Json::Int64(big_endian(*png, 16));
    json["picture"]["height"] = Json::Int64(big_endian(*png, 20));
    json["frames"]["first"] = Json::Int64(frames_.front().frame);
    json["frames"]["last"] = Json::Int64(frames_.back().frame);
  }
  for (const RunFile& file : kept_) json["kept"].append(file.name);
  Json::StreamWriterBuilder builder;
  builder["indentation"] = "";
  return {1, Json::writeString(builder, json)};
}

RunView::Bytes StoredRun::picture() const {
  const auto path = frames_.empty() ? std::nullopt : file_of(record_, frames_.back().name);
  const auto file = path ? PlainFile::open(*path) : nullptr;
  return file ? std::make_shared<const std::string>(file->all()) : nullptr;
}

std::optional<std::filesystem::path> StoredRun::frame(std::int64_t number) const {
  for (const RunFile& file : frames_)
    if (file.frame == number) return file_of(record_, file.name);
  return std::nullopt;
}

std::optional<std::filesystem::path> StoredRun::kept(std::size_t index) const {
  return index == 0 || index > kept_.size() ? std::nullopt : file_of(record_, kept_[index - 1].name);
}

}  // namespace reverie::serve
