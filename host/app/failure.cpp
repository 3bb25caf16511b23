#include "app/failure.h"

#include <c10/util/Exception.h>

#include <iostream>

#include "base/texts.h"
#include "log/printable.h"
#include "reverie/error.h"

namespace reverie::app {

using log::shown;
using log::shown_line;

Failure current_failure() {
  try {
    throw;
  } catch (const Error& error) {
    const bool mistake = error.kind() == ErrorKind::usage || error.kind() == ErrorKind::settings;
    return {mistake ? 2 : 1, shown(error.what()), shown(error.advice())};
  } catch (const c10::Error& error) {
    // After the message, its what() has a stack trace, which is of no use at the terminal.
    return {1, shown_line(trimmed(error.what_without_backtrace())), ""};
  } catch (const std::exception& error) {
    // Only the program's own errors have lines of their own: a library's may quote a file's name.
    return {1, shown_line(trimmed(error.what())), ""};
  } catch (...) {
    return {1, "an error that says nothing about itself", ""};
  }
}

int show(const Failure& failure) {
  std::cerr << "reverie: " << failure.message << "\n";
  if (!failure.advice.empty()) std::cerr << "         " << failure.advice << "\n";
  return failure.status;
}

}  // namespace reverie::app
