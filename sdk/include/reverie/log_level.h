#pragma once
// How important a message is.

namespace reverie {

enum class LogLevel { debug, info, warning };

}  // namespace reverie
