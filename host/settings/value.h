#pragma once
// A value as a settings file spells it, before anything is known about its type.

#include <string>
#include <utility>
#include <vector>

namespace reverie {

/// Where something was written.
struct Location {
  enum class Source {
    none,          ///< nowhere: a default, or something that is missing
    file,          ///< a settings file; line 0: somewhere in it
    command_line,  ///< name=value
    program        ///< the program has chosen it, since nothing was given
  };

  Location() = default;
  Location(std::string in_file, int in_line)
      : source(in_file.empty() ? Source::none : Source::file), file(std::move(in_file)), line(in_line) {}
  static Location command_line() { return Location(Source::command_line); }
  static Location program() { return Location(Source::program); }

  bool is(Source wanted) const { return source == wanted; }
  /// "file:line", or "command line".
  std::string text() const {
    if (source == Source::command_line) return "command line";
    if (source == Source::program) return "chosen by the program";
    return line > 0 ? file + ":" + std::to_string(line) : file;
  }
  /// A message with the place in front, where somebody has written something there.
  std::string before(const std::string& message) const {
    const bool written = source == Source::command_line || source == Source::file;
    return (written ? text() + ": " : "") + message;
  }
  /// A line of the same file; itself where the line is not known (0), or where it is no file.
  Location in_line(int known) const { return is(Source::file) && known > 0 ? Location(file, known) : *this; }
  bool same_source(const Location& other) const { return source == other.source && file == other.file; }

  Source source = Source::none;
  std::string file;  ///< of Source::file alone
  int line = 0;

 private:
  explicit Location(Source from) : source(from) {}
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
