#pragma once
// exit() as plugins and libraries find it.

namespace reverie {

/// Stands for the system's exit() in the program. A plugin's ends the process at once, with the plugin's
/// name: what exit() runs at the end would run beside the threads that go on. `caller` is the place of the
/// call.
[[noreturn]] void exit_process(int status, const void* caller);

}  // namespace reverie
