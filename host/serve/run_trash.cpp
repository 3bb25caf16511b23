#include "serve/run_trash.h"

#include <algorithm>

#include "serve/run_files.h"

namespace reverie::serve {

void RunTrash::empty_old(std::int64_t now) {
  std::vector<RunRecord> old = queue_.deleted();
  std::erase_if(old, [&](const RunRecord& record) { return now - record.deleted < kKept.count(); });
  purge(old);
}

void RunTrash::purge(const std::vector<RunRecord>& records) {
  for (const RunRecord& record : records) {
    // The files go first: without its record nobody would know whose they were.
    if (const auto failure = delete_files(record)) {
      say_("warning: run " + std::to_string(record.id) + " stays in the trash: " + *failure);
      continue;
    }
    queue_.forget(record.id);
  }
}

}  // namespace reverie::serve
