#pragma once
// The calls by which this program changes files: what was called, and what if one fails or is the last.
// Link file_calls.cpp into the test. There fsync() only pretends.

#include <functional>
#include <string>
#include <vector>

namespace reverie::test {

struct FileCalls {
  std::vector<std::string> made;  ///< write, fsync, rename, unlink or remove, while `watched`
  bool watched = false;
  /// Asked before each watched call, with its name and how many were made before: the errno to fail with, or
  /// 0.
  std::function<int(const std::string& name, std::size_t number)> fail;
  std::size_t longest_write = SIZE_MAX;  ///< write() takes no more bytes than this at once
};
extern FileCalls file_calls;

/// Watches as long as it lives.
class Watching {
 public:
  explicit Watching(decltype(FileCalls::fail) fail = nullptr, std::size_t longest_write = SIZE_MAX) {
    file_calls = {{}, true, std::move(fail), longest_write};
  }
  ~Watching() { file_calls = {}; }
  Watching(const Watching&) = delete;
};

}  // namespace reverie::test
