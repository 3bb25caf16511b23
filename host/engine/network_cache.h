#pragma once
// What plugins have made of weights files, for the next run of the same process.

#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "reverie/weights.h"

namespace reverie::engine {

/// Names the file as it is now: another one in its place, or a change of it, has another name.
std::string identity_of(const Weights& weights);

/// All methods may be called from any thread.
class NetworkCache {
 public:
  /// At most so many stay, unless runs use more; those that no run has used for longest go first.
  explicit NetworkCache(std::size_t most = 8) : most_(most) {}

  /// The object of this key; made when there is none.
  std::shared_ptr<const void> get(const std::string& key,
                                  const std::function<std::shared_ptr<const void>()>& make);

 private:
  struct Item {
    std::string key;
    std::shared_ptr<const void> object;
  };
  std::shared_ptr<const void> find(const std::string& key);

  std::size_t most_;
  std::mutex mutex_;
  std::list<Item> items_;  // the one used last comes first
};

}  // namespace reverie::engine
