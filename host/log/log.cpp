#include "log/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>

#include "log/printable.h"

namespace reverie::log {
namespace {

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = spdlog::stderr_color_mt("reverie");
    made->set_pattern("%^%v%$");
    return made;
  }();
  return *instance;
}

spdlog::level::level_enum grade(LogLevel level) {
  return level == LogLevel::debug  ? spdlog::level::debug
         : level == LogLevel::info ? spdlog::level::info
                                   : spdlog::level::warn;
}

using Listener = std::function<bool(LogLevel, std::string_view)>;
std::mutex listener_mutex;
std::shared_ptr<const Listener> listener;

/// Called without the lock: a listener may have something to say itself.
std::shared_ptr<const Listener> present_listener() {
  const std::lock_guard lock(listener_mutex);
  return listener;
}

}  // namespace

void set_log_listener(Listener wanted) {
  const std::lock_guard lock(listener_mutex);
  listener = wanted ? std::make_shared<const Listener>(std::move(wanted)) : nullptr;
}

void set_log_level(LogLevel level) { logger().set_level(grade(level)); }

void write_log(LogLevel level, std::string_view message) {
  if (!logger().should_log(grade(level))) return;
  const std::string text = shown(message);
  if (const auto taker = present_listener(); taker && (*taker)(level, text)) return;
  print_log(level, text);
}

void print_log(LogLevel level, std::string_view shown_text) {
  logger().log(grade(level), "{}{}", level == LogLevel::warning ? "warning: " : "", shown_text);
}

}  // namespace reverie::log
