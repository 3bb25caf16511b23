#pragma once
// Errors: what the host and plugins throw when something cannot be done.

#include <stdexcept>
#include <string>
#include <utility>

/// Types that cross the boundary between host and plugin keep default visibility, so that an exception
/// thrown in a plugin is caught by its type in the host although both hide their other symbols.
#define REVERIE_PUBLIC __attribute__((visibility("default")))

namespace reverie {

enum class ErrorKind {
  usage,        ///< the command line is wrong
  settings,     ///< a settings file or override is wrong
  file,         ///< a file is missing, unreadable, damaged or cannot be written
  plugin,       ///< a plugin is missing, does not fit this host, or failed
  model,        ///< weights are missing or do not have the expected contents
  device,       ///< the device is absent or out of memory
  unsupported,  ///< known, but this version cannot do it
};

/// One clear message: what happened, where and why, and what to do about it.
class REVERIE_PUBLIC Error : public std::runtime_error {
 public:
  /// `message` says what happened, where (file:line, setting or tensor) and why; `advice` what to do.
  Error(ErrorKind kind, std::string message, std::string advice = {})
      : std::runtime_error(std::move(message)), kind_(kind), advice_(std::move(advice)) {}

  ErrorKind kind() const noexcept { return kind_; }
  const std::string& advice() const noexcept { return advice_; }

 private:
  ErrorKind kind_;
  std::string advice_;
};

}  // namespace reverie
