#include "serve/uploads.h"

#include <json/reader.h>

#include <algorithm>
#include <fstream>

#include "reverie/atomic_file.h"
#include "serve/checks.h"
#include "serve/run_record.h"

namespace reverie::serve {

using web::ReceivedFile;

namespace {

namespace fs = std::filesystem;

Json::Value to_json(const Upload& upload) {
  Json::Value value;
  value["name"] = upload.name;
  value["title"] = upload.title;
  value["kind"] = upload.kind;
  value["width"] = Json::Int64(upload.width);
  value["height"] = Json::Int64(upload.height);
  value["seconds"] = upload.seconds;
  value["sound"] = upload.sound;
  value["uploaded"] = Json::Int64(upload.uploaded);
  return value;
}

Upload from_json(const Json::Value& value) {
  Upload upload;
  upload.name = value["name"].asString();
  upload.title = value["title"].asString();
  upload.kind = value["kind"].asString();
  upload.width = value["width"].asInt64();
  upload.height = value["height"].asInt64();
  upload.seconds = value["seconds"].asDouble();
  upload.sound = value["sound"].asBool();
  upload.uploaded = value["uploaded"].asInt64();
  return upload;
}

}  // namespace

Uploads::Uploads(fs::path folder, Checks& checks, Limits limits, std::vector<std::string>& notices)
    : folder_(std::move(folder)), checks_(checks), limits_(limits) {
  ReceivedFile::delete_left_over(folder_);
  load(notices);
}

void Uploads::load(std::vector<std::string>& notices) {
  std::error_code none;
  for (fs::directory_iterator entry(folder_, none), end; !none && entry != end; entry.increment(none)) {
    if (entry->path().extension() != ".json") continue;
    try {
      std::ifstream stream(entry->path(), std::ios::binary);
      Json::Value value;
      std::string errors;
      if (!Json::parseFromStream(Json::CharReaderBuilder(), stream, &value, &errors))
        throw std::runtime_error(errors);
      Upload upload = from_json(value);
      const fs::path file = folder_ / upload.name;
      // The name is one of ours and no path, and the file is where it was.
      if (file.filename() != upload.name || fs::path(upload.name).stem() != entry->path().stem())
        throw std::runtime_error("it names another file");
      if (!fs::is_regular_file(fs::symlink_status(file))) throw std::runtime_error("its file is gone");
      upload.bytes = fs::file_size(file);
      uploads_[upload.name] = upload;
    } catch (const std::exception& error) {
      notices.push_back("the upload in '" + entry->path().string() + "' is left out: " + error.what());
    }
  }
}

Upload Uploads::add(ReceivedFile& file, const std::string& title, bool& again) {
  const Json::Value seen = checks_.inspect(file.path());
  if (seen.isMember("problem")) throw RequestError(415, seen["problem"].asString());
  Upload upload = from_json(seen);
  upload.name = seen["hash"].asString() + seen["ending"].asString();
  upload.title = title.empty() ? upload.name : title;
  upload.bytes = file.size();
  upload.uploaded = milliseconds_now();
  file.sync();  // which may take long, while others ask for the list
  const std::lock_guard lock(mutex_);
  const auto found = uploads_.find(upload.name);
  // Somebody may have removed it by hand.
  std::error_code none;
  again = found != uploads_.end() && fs::is_regular_file(fs::symlink_status(folder_ / upload.name, none));
  if (again) return found->second;
  if (found != uploads_.end()) uploads_.erase(found);
  require_room(upload);
  file.keep_as(folder_ / upload.name);
  try {
    write_atomically(note_of(upload), {json_text(to_json(upload)) + "\n"});
  } catch (const Error&) {
    std::error_code ignored;
    fs::remove(folder_ / upload.name, ignored);  // which nobody would know of
    throw;
  }
  uploads_[upload.name] = upload;
  return upload;
}

void Uploads::require_room(const Upload& upload) const {
  if (uploads_.size() >= limits_.number)
    throw RequestError(507, "there are " + std::to_string(limits_.number) +
                                " uploaded files already; delete some that no run needs");
  std::uint64_t all = upload.bytes;
  for (const auto& [name, other] : uploads_) all += other.bytes;
  if (all > limits_.all)
    throw RequestError(507, "uploaded files may have " + std::to_string(limits_.all >> 20) +
                                " MB together; delete some that no run needs");
}

std::vector<Upload> Uploads::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<Upload> result;
  for (const auto& [name, upload] : uploads_) result.push_back(upload);
  std::sort(result.begin(), result.end(), [](const Upload& a, const Upload& b) {
    return std::pair(a.uploaded, a.name) > std::pair(b.uploaded, b.name);
  });
  return result;
}

void Uploads::remove(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = uploads_.find(name);
  if (found == uploads_.end()) throw RequestError(404, "there is no such upload");
  std::error_code error, ignored;
  fs::remove(note_of(found->second), ignored);
  fs::remove(folder_ / name, error);
  if (error) throw Error(ErrorKind::file, "cannot delete '" + name + "': " + error.message());
  uploads_.erase(found);
}

std::optional<fs::path> Uploads::file(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  if (!uploads_.count(name)) return std::nullopt;
  std::error_code error;
  const fs::path folder = fs::canonical(folder_, error);
  return error ? std::nullopt : std::optional(folder / name);
}

fs::path Uploads::note_of(const Upload& upload) const {
  return folder_ / (fs::path(upload.name).stem().string() + ".json");
}

}  // namespace reverie::serve
