#include "log/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

namespace reverie {
namespace {

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = spdlog::stderr_color_mt("reverie");
    made->set_pattern("%^%v%$");
    return made;
  }();
  return *instance;
}

}  // namespace

void set_log_level(LogLevel level) {
  logger().set_level(level == LogLevel::debug  ? spdlog::level::debug
                     : level == LogLevel::info ? spdlog::level::info
                                               : spdlog::level::warn);
}

void write_log(LogLevel level, std::string_view message) {
  switch (level) {
    case LogLevel::debug:
      logger().debug("{}", message);
      break;
    case LogLevel::info:
      logger().info("{}", message);
      break;
    case LogLevel::warning:
      logger().warn("warning: {}", message);
      break;
  }
}

}  // namespace reverie
