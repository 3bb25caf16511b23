#pragma once
// A value as a settings file spells it, before anything is known about its type.

#include <string>
#include <utility>
#include <vector>

namespace reverie {

/// Where something was written: a file and line, or the command line.
struct Location {
  std::string file;
  int line = 0;
  /// "file:line", or "command line".
  std::string text() const { return line > 0 ? file + ":" + std::to_string(line) : file; }
};

struct RawValue {
  enum class Kind { null, scalar, list, map };
  Kind kind = Kind::null;
  std::string text;             // scalar: as written, unquoted; of the command line: the words as typed
  bool quoted = false;          // scalar: was in quotes, so `"off"` is never a boolean
  std::vector<RawValue> items;  // list
  std::vector<std::pair<std::string, RawValue>> members;  // map
  int line = 0;                                           // in its file, where that is known; else 0

  static RawValue scalar(std::string text, bool quoted) {
    RawValue value;
    value.kind = Kind::scalar;
    value.text = std::move(text);
    value.quoted = quoted;
    return value;
  }
  /// For messages: the value roughly as it was written.
  std::string display() const;
};

struct RawEntry {
  std::string name;
  RawValue value;
  Location location;
};

/// One thing that is wrong, ready to be shown.
struct Problem {
  Location location;
  std::string message;
};

}  // namespace reverie
