// exit(), _exit() and _Exit() as plugins and libraries find them: the program's come before the C library's,
// which would end it without a word. What happens when main() returns is not touched.

#include "plugins/plugin_call.h"
#include "plugins/process_end.h"

extern "C" {

[[noreturn, gnu::visibility("default")]] void exit(int status) noexcept {
  reverie::exit_process(status, __builtin_return_address(0));
}

[[noreturn, gnu::visibility("default")]] void _exit(int status) {
  reverie::end_process(status, __builtin_return_address(0));
}

[[noreturn, gnu::visibility("default")]] void _Exit(int status) noexcept {
  reverie::end_process(status, __builtin_return_address(0));
}
}
