#pragma once
// exit() as plugins and libraries find it.

namespace reverie {

/// Replaces the system's exit() in the program. A plugin's call ends the process at once, with the plugin's
/// name: the handlers that exit() runs would run beside threads that still work. `caller` is the address of
/// the call.
[[noreturn]] void exit_process(int status, const void* caller);

}  // namespace reverie
