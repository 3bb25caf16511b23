#pragma once
// Lines for the person at the terminal, on standard error.

#include <string_view>

#include "reverie/log_level.h"

namespace reverie {

/// Messages below `level` are dropped. The default is info.
void set_log_level(LogLevel level);

void write_log(LogLevel level, std::string_view message);

}  // namespace reverie
