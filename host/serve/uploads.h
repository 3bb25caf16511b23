#pragma once
// Files that clients have uploaded, for settings to name: <folder>/<hash>.<ending>, and beside each
// <hash>.json with what it is.

#include <json/value.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "serve/request_error.h"
#include "web/received_file.h"

namespace reverie::serve {

class Checks;

struct Upload {
  std::string name;   ///< of the file, made of its content
  std::string title;  ///< as the client called it; only shown
  std::string kind;   ///< "picture", "video" or "sound"
  std::uint64_t bytes = 0;
  std::int64_t width = 0, height = 0;
  double seconds = 0;
  bool sound = false;
  std::int64_t uploaded = 0;  ///< in milliseconds since 1970
};

/// All methods may be called from any thread.
class Uploads {
 public:
  struct Limits {
    std::uint64_t file = std::uint64_t(2) << 30;
    std::uint64_t all = std::uint64_t(20) << 30;
    std::size_t number = 500;
  };

  /// Knows again what is in `folder`. `notices` gets a line for each file that cannot be used.
  Uploads(std::filesystem::path folder, Checks& checks, Limits limits, std::vector<std::string>& notices);

  /// Examines the file and keeps it. `again`: the same content was there already. Throws RequestError(415)
  /// when it cannot be used, RequestError(507) when there is no room.
  Upload add(web::ReceivedFile& file, const std::string& title, bool& again);
  /// The newest first.
  std::vector<Upload> list() const;
  /// Throws RequestError(404).
  void remove(const std::string& name);
  /// Where it lies, absolute; nothing for a name that is none of theirs.
  std::optional<std::filesystem::path> file(const std::string& name) const;
  /// As settings name it.
  std::string path(const Upload& upload) const { return (folder_ / upload.name).string(); }
  const Limits& limits() const { return limits_; }

 private:
  void load(std::vector<std::string>& notices);
  std::filesystem::path note_of(const Upload& upload) const;
  void require_room(const Upload& upload) const;

  const std::filesystem::path folder_;
  Checks& checks_;
  const Limits limits_;
  mutable std::mutex mutex_;
  std::map<std::string, Upload> uploads_;  // by name
};

}  // namespace reverie::serve
