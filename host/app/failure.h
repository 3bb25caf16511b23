#pragma once
// What people read when something has failed.

#include <string>

namespace reverie::app {

/// What to show for an exception, as shown() makes it.
struct Failure {
  int status = 1;  ///< 2 for mistakes in the command line or settings
  std::string message, advice;
};

/// Of the exception that is being handled.
Failure current_failure();

/// Shows it on standard error, and returns its status.
int show(const Failure& failure);

}  // namespace reverie::app
