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

/// Messages go to `listener` instead of standard error, as shown() has made them. It is called by whoever has
/// something to say, on any thread; false: it could not take it, and the line is written. Empty: nobody.
void set_log_listener(std::function<bool(LogLevel, std::string_view)> listener);

/// Writes what a listener was given.
void print_log(LogLevel level, std::string_view shown_text);

}  // namespace reverie::log
