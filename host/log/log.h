#pragma once
// Lines for the person at the terminal, on standard error.

#include <functional>
#include <string_view>

#include "reverie/log_level.h"

namespace reverie {

/// Messages below `level` are dropped. The default is info.
void set_log_level(LogLevel level);

void write_log(LogLevel level, std::string_view message);

/// Lets somebody else show the messages, instead of standard error, who has drawn a picture there. `listener`
/// is called by whoever has something to say, on any thread; false: it could not, and the line is written.
/// Empty: nobody.
void set_log_listener(std::function<bool(LogLevel, std::string_view)> listener);

}  // namespace reverie
