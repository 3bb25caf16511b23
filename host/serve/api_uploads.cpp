// The interface: files that clients bring along.

#include "base/texts.h"
#include "serve/api_call.h"
#include "serve/file_types.h"
#include "serve/run_files.h"

namespace reverie::serve {

using web::HttpResponse;
using web::PlainFile;

namespace {

constexpr std::size_t kLongestTitle = 120;

/// The last part of what the client calls the file, in case that it sent a path; without what cannot be
/// shown.
std::string title_of(std::string name) {
  if (!is_utf8(name)) throw RequestError(400, "'name' is not valid Unicode");
  name = name.substr(std::min(name.find_last_of("/\\") + 1, name.size()));
  std::erase_if(name, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (name.size() <= kLongestTitle) return trimmed(name);
  std::size_t end = kLongestTitle;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
  return trimmed(name.substr(0, end)) + "…";
}

}  // namespace

Json::Value Api::upload_json(const Upload& upload) const {
  Json::Value item;
  item["name"] = upload.name;
  item["title"] = upload.title;
  item["path"] = uploads_.path(upload);
  item["kind"] = upload.kind;
  item["bytes"] = Json::UInt64(upload.bytes);
  item["width"] = Json::Int64(upload.width);
  item["height"] = Json::Int64(upload.height);
  item["seconds"] = upload.seconds;
  item["sound"] = upload.sound;
  item["uploaded"] = Json::Int64(upload.uploaded);
  return item;
}

HttpResponse Api::list_uploads(const Call&) {
  Json::Value answer;
  answer["uploads"] = Json::arrayValue;
  for (const Upload& upload : uploads_.list()) answer["uploads"].append(upload_json(upload));
  answer["formats"] = kUploadFormats;
  answer["largest"] = Json::UInt64(uploads_.limits().file);
  return json_response(answer);
}

HttpResponse Api::add_upload(const Call& call) {
  require_known(call.request, {"name"});
  const std::string& type = call.request.header("content-type");
  if (type != "application/octet-stream")
    throw RequestError(415, "the body must be the file itself, as application/octet-stream");
  const auto name = call.request.query.find("name");
  const std::string title = name == call.request.query.end() ? "" : title_of(name->second);
  if (!call.request.received || call.request.received->size() == 0)
    throw RequestError(400, "the body must be a file, and it is empty");
  bool again = false;
  const Upload upload = uploads_.add(*call.request.received, title, again);
  return json_response(upload_json(upload), again ? 200 : 201);
}

HttpResponse Api::get_upload(const Call& call) {
  const auto path = uploads_.file(call.rest);
  HttpResponse response = HttpResponse::text("", content_type(call.rest));
  if (path) response.file = PlainFile::open(*path);
  if (!response.file) throw RequestError(404, "there is no such upload");
  response.headers.emplace_back("Content-Disposition", disposition(call.rest));
  return response;
}

HttpResponse Api::remove_upload(const Call& call) {
  if (!uploads_.file(call.rest)) throw RequestError(404, "there is no such upload");
  const auto run = queue_.remove_unless_needed(call.rest, [&] { uploads_.remove(call.rest); });
  if (run)
    throw RequestError(409, "run " + std::to_string(run->id) +
                                (run->deleted == 0 ? " needs this file; remove that run first"
                                                   : ", which is in the trash, needs this file; empty the "
                                                     "trash first"));
  return empty_response();
}

}  // namespace reverie::serve
