#pragma once
// What settings name must be an ordinary file: a pipe or device may hold the program up for ever, or never
// end.

#include <filesystem>
#include <string>

#include "reverie/error.h"

namespace reverie {

/// Why `path` is not an ordinary file, nor a link to one; empty if it is. `what` it should be, for messages:
/// "a picture or video".
inline std::string why_not_ordinary_file(const std::filesystem::path& path, const std::string& what) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (std::filesystem::is_directory(status)) return "is a folder, not " + what;
  if (error) return "cannot be read: " + error.message();
  if (!std::filesystem::is_regular_file(status)) return "is not an ordinary file: it is a device or a pipe";
  return {};
}

/// Throws Error(file), naming the path, unless it is an ordinary file.
inline void require_ordinary_file(const std::filesystem::path& path, const std::string& what) {
  std::error_code ignored;
  if (std::filesystem::status(path, ignored).type() == std::filesystem::file_type::not_found)
    throw Error(ErrorKind::file, "there is no file '" + path.string() + "'");
  if (const std::string why = why_not_ordinary_file(path, what); !why.empty())
    throw Error(ErrorKind::file, "'" + path.string() + "' " + why);
}

}  // namespace reverie
