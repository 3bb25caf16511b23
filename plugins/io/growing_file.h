#pragma once
// Files that grow with each frame: they can be shown at any time, and a run that is killed leaves a file of
// the frames before.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "reverie/host.h"

namespace reverie::io {

/// How such a file ends.
struct FileEnd {
  std::size_t at = 0;        ///< behind the last frame
  std::string bytes;         ///< what ends the file there
  std::size_t count_at = 0;  ///< the place at its beginning that says how much is in it
  std::string count;         ///< what it says
};

/// Puts `frame` behind the frames of a file that ends as `before`, so that it ends as `after`. Throws
/// Error(file); the file then ends as before.
void append_frame(const std::filesystem::path& path, const std::string& frame, const FileEnd& before,
                  const FileEnd& after);

/// Up to `size` bytes at a place; fewer where the file ends before.
using ReadBytes = std::function<std::string(std::size_t at, std::size_t size)>;

/// Lets the file of an earlier run end as `find` says, who looks through it for the frames that count. False
/// where there is no file or `find` gives nothing. Throws Error(file).
bool resume_file(const std::filesystem::path& path,
                 const std::function<std::optional<FileEnd>(const ReadBytes&)>& find);

/// The file for frame `number` and later ones, where `path` has not all frames before it; with a warning.
std::filesystem::path continued_apart(Host& host, const std::filesystem::path& path, std::int64_t number);

}  // namespace reverie::io
