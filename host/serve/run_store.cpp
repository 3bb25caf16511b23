#include "serve/run_store.h"

#include <json/reader.h>
#include <json/writer.h>
#include <sys/file.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <memory>

#include "reverie/atomic_file.h"

namespace reverie::serve {
namespace {

namespace fs = std::filesystem;

fs::path made(const fs::path& folder) {
  create_folder_of(folder / "file");
  return folder;
}

/// Of "<id>.json"; 0 for any other name.
std::int64_t id_of(const fs::path& file) {
  const std::string stem = file.stem().string();
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(stem.data(), stem.data() + stem.size(), id);
  return error == std::errc() && end == stem.data() + stem.size() && file.extension() == ".json" ? id : 0;
}

}  // namespace

RunStore::RunStore(const fs::path& state)
    : runs_(made(state / "runs")),
      last_id_file_(state / "last_id"),
      lock_(::open((state / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
  if (lock_ < 0) detail::cannot_write(state / "lock", errno);
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock_);
    throw Error(ErrorKind::usage, "another server has the folder '" + state.string() + "'",
                "name another one with --state");
  }
  std::ifstream(last_id_file_) >> last_id_;
  for (const auto& entry : fs::directory_iterator(runs_)) last_id_ = std::max(last_id_, id_of(entry.path()));
}

RunStore::~RunStore() { ::close(lock_); }

std::vector<RunRecord> RunStore::load(std::vector<std::string>& notices) const {
  std::vector<RunRecord> records;
  for (const auto& entry : fs::directory_iterator(runs_)) {
    const std::int64_t id = id_of(entry.path());
    if (id == 0) continue;
    try {
      std::ifstream stream(entry.path(), std::ios::binary);
      Json::Value value;
      std::string errors;
      if (!Json::parseFromStream(Json::CharReaderBuilder(), stream, &value, &errors))
        throw std::runtime_error(errors);
      records.push_back(record_from_json(value));
      records.back().id = id;
    } catch (const std::exception& error) {
      notices.push_back("the run in '" + entry.path().string() + "' is left out: " + error.what());
    }
  }
  std::sort(records.begin(), records.end(),
            [](const RunRecord& a, const RunRecord& b) { return a.id < b.id; });
  return records;
}

void RunStore::save(const RunRecord& record) const {
  Json::StreamWriterBuilder writer;
  writer["indentation"] = " ";
  writer["emitUTF8"] = true;
  write_atomically(file(record.id), {Json::writeString(writer, to_json(record))});
}

void RunStore::remove(std::int64_t id) {
  // Before the file is gone: its number must not be given away again.
  if (id == last_id_) write_atomically(last_id_file_, {std::to_string(id)});
  std::error_code error;
  fs::remove(file(id), error);
  if (error) throw Error(ErrorKind::file, "cannot delete '" + file(id).string() + "': " + error.message());
}

void RunStore::take_back(std::int64_t id) const {
  std::error_code ignored;
  fs::remove(file(id), ignored);
}

std::int64_t RunStore::next_id() { return ++last_id_; }

fs::path RunStore::file(std::int64_t id) const { return runs_ / (std::to_string(id) + ".json"); }

}  // namespace reverie::serve
