#include "engine/network_cache.h"

#include <filesystem>

namespace reverie::engine {

std::string identity_of(const Weights& weights) {
  std::error_code gone;
  const std::filesystem::path file = weights.origin();
  const auto changed = std::filesystem::last_write_time(file, gone).time_since_epoch().count();
  return file.string() + "\n" + std::to_string(changed) + "\n" +
         std::to_string(std::filesystem::file_size(file, gone));
}

std::shared_ptr<const void> NetworkCache::find(const std::string& key) {
  const std::lock_guard lock(mutex_);
  for (auto item = items_.begin(); item != items_.end(); ++item)
    if (item->key == key) {
      items_.splice(items_.begin(), items_, item);
      return item->object;
    }
  return nullptr;
}

std::shared_ptr<const void> NetworkCache::get(const std::string& key,
                                              const std::function<std::shared_ptr<const void>()>& make) {
  if (auto object = find(key)) return object;
  // Without the lock: making takes its time. Two runs may make the same, and each has its own then.
  std::shared_ptr<const void> object = make();
  const std::lock_guard lock(mutex_);
  items_.push_front({key, object});
  for (auto item = items_.end(); item != items_.begin() && items_.size() > most_;)
    if ((--item)->object.use_count() == 1) item = items_.erase(item);
  return object;
}

}  // namespace reverie::engine
