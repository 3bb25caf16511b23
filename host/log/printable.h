#pragma once
// Texts of strangers (settings, names of files, plugins, servers' answers) as they may be shown: on a
// terminal, in a log, in a message that is kept.

#include <string>
#include <string_view>

#include "reverie/error.h"

namespace reverie::log {

/// What a terminal would obey or hide is written as an escape: control characters as \x1b or \u009b, marks
/// that turn the direction of writing as \u202e, bytes that are not UTF-8 as \xff. Line breaks and tabs stay.
std::string printable(std::string_view text);

/// The same without line breaks, which become \n: for what has one line, such as a title.
std::string printable_line(std::string_view text);

/// Addresses in the text without what lets somebody in: https://user:password@host/a?token=x becomes
/// https://***@host/a?token=***. Queries to this machine stay: the program prints such addresses to be
/// opened.
std::string without_credentials(std::string_view text);

/// Both: how messages are shown and kept.
std::string shown(std::string_view text);
std::string shown_line(std::string_view text);

/// Throws Error(kind) where the name of a file has a line break or another control character in it, by which
/// it could pass for messages of the program.
void require_printable_name(std::string_view name, ErrorKind kind = ErrorKind::file);

}  // namespace reverie::log
