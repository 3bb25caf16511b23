#include "serve/run_trash.h"

#include <limits>
#include <optional>

#include "reverie/error.h"
#include "serve/run_files.h"

namespace reverie::serve {

void RunTrash::empty() { purge(std::numeric_limits<std::int64_t>::max()); }

void RunTrash::empty_old(std::int64_t now) { purge(now - kKept.count()); }

void RunTrash::purge(std::int64_t since) {
  for (const RunRecord& record : queue_.begin_purge(since)) {
    std::optional<std::string> failure;
    try {
      // The files go first: without its record nobody would know whose they were.
      failure = delete_files(record);
      if (!failure) queue_.forget(record.id);
    } catch (const Error& error) {
      failure = error.what();
    }
    if (!failure) continue;
    queue_.keep_in_trash(record.id);
    tell(record.id, *failure);
  }
}

void RunTrash::tell(std::int64_t id, const std::string& failure) {
  {
    const std::lock_guard lock(mutex_);
    if (!told_.insert(id).second) return;
  }
  say_("warning: run " + std::to_string(id) + " stays in the trash: " + failure +
       "; correct that, then empty the trash again");
}

}  // namespace reverie::serve
