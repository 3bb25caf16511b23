// The interface: the files of a run.

#include "serve/api_call.h"
#include "serve/file_types.h"
#include "serve/run_files.h"
#include "serve/zip_stream.h"

namespace reverie::serve {

using web::HttpResponse;
using web::PlainFile;

HttpResponse Api::list_files(const Call& call) {
  Json::Value files(Json::arrayValue);
  for (const RunFile& file : files_of(queue_.get(call.id))) {
    Json::Value item;
    item["name"] = file.name;
    item["bytes"] = Json::UInt64(file.bytes);
    item["type"] = content_type(file.name);
    item["frame"] = Json::Int64(file.frame);
    item["modified"] = Json::Int64(file.modified);
    item["of_video"] = file.of_video;
    files.append(item);
  }
  Json::Value answer;
  answer["files"] = files;
  return json_response(answer);
}

HttpResponse Api::get_file(const Call& call) {
  const std::string name = call.rest.substr(std::string("files/").size());
  const auto path = file_of(queue_.get(call.id), name);
  HttpResponse response = HttpResponse::text("", content_type(name));
  if (path) response.file = PlainFile::open(*path);
  if (!response.file) throw RequestError(404, "the run has no such file");
  response.headers.emplace_back("Content-Disposition", disposition(name));
  return response;
}

HttpResponse Api::get_zip(const Call& call) {
  const RunRecord record = queue_.get(call.id);
  if (record.state == RunState::queued || record.state == RunState::running)
    throw RequestError(409, "the run is not over, and its files still change; wait until it is");
  std::vector<ZipStream::Entry> entries;
  for (const RunFile& file : files_of(record))
    if (const auto path = file_of(record, file.name))
      entries.push_back({file.name, *path, file.bytes, file.modified / 1'000'000});
  if (entries.empty()) throw RequestError(404, "the run has no files");
  const auto zip = std::make_shared<ZipStream>(std::move(entries));
  HttpResponse response = HttpResponse::text("", "application/zip");
  response.pieces_size = zip->size();
  response.pieces = [zip] { return zip->next(); };
  response.headers.emplace_back("Content-Disposition",
                                attachment(record.output->base + "_" + std::to_string(call.id) + ".zip"));
  return response;
}

HttpResponse Api::list_backups(const Call& call) {
  Json::Value answer;
  answer["backups"] = Json::arrayValue;
  for (const auto& [number, file] : backups_of(queue_.get(call.id))) {
    const auto open = PlainFile::open(file);
    if (!open) continue;
    Json::Value item;
    item["number"] = Json::Int64(number);
    item["bytes"] = Json::UInt64(open->size());
    answer["backups"].append(item);
  }
  return json_response(answer);
}

HttpResponse Api::get_backup(const Call& call) {
  const auto backups = backups_of(queue_.get(call.id));
  const auto found = backups.find(number_of(call.rest.substr(std::string("backups/").size())));
  HttpResponse response = HttpResponse::text("", "application/octet-stream");
  if (found != backups.end()) response.file = PlainFile::open(found->second);
  if (!response.file) throw RequestError(404, "the run has no such backup");
  response.headers.emplace_back("Content-Disposition", disposition(found->second.filename()));
  return response;
}

}  // namespace reverie::serve
