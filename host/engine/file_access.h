#pragma once
// Which files settings may name. Who renders what strangers send must not let them name any file.

#include <filesystem>
#include <string>
#include <vector>

namespace reverie::engine {

class FileAccess {
 public:
  /// `folders`: files below them may be named; links are followed before that is decided. `shipped`: the
  /// same, but links in it may lead anywhere, since whoever installed the program made them.
  FileAccess(const std::vector<std::filesystem::path>& folders, std::filesystem::path shipped,
             bool downloads);

  /// Whether there is such a file makes no difference, so that nobody learns that from the answer.
  bool allows(const std::filesystem::path& path) const;

  /// Throws Error(file) unless allows(path) and it is neither a device nor a pipe. `written`: as the settings
  /// have it.
  void require(const std::filesystem::path& path, const std::string& written) const;

  /// Throws Error(file) unless web addresses may be named.
  void require_download(const std::string& address) const;

 private:
  std::vector<std::filesystem::path> folders_;  // without links
  std::filesystem::path shipped_;
  bool downloads_;
};

}  // namespace reverie::engine
