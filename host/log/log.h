#pragma once
// Lines for the person at the terminal, on standard error.

#include <functional>
#include <string_view>

#include "reverie/log_level.h"

namespace reverie::log {

/// Messages below `level` are dropped. The default is info.
void set_log_level(LogLevel level);

/// As shown() makes it: a message may quote files of strangers.
void write_log(LogLevel level, std::string_view message);

/// A bar stands on the terminal's last line, without a line break: the next message takes its place.
void bar_is_shown(bool shown);

/// Lets somebody else show the messages, instead of standard error, who has drawn a picture there. `listener`
/// is called by whoever has something to say, on any thread; false: it could not, and the line is written.
/// Empty: nobody.
void set_log_listener(std::function<bool(LogLevel, std::string_view)> listener);

}  // namespace reverie::log
