#pragma once
// Which plugin a piece of code belongs to, for signal handlers: but for remember_code(), nothing here
// allocates or locks.

#include <cstddef>
#include <string>

namespace reverie {

/// Remembers a library that stays loaded; a second time does nothing. `name` is "kind/name", `inside` any
/// address in the library. To be called on one thread at a time; handlers may look meanwhile.
void remember_code(const std::string& name, const void* inside);
/// From now on, used_plugin() knows the plugin that this function is of.
void mark_code_used(const void* function);

/// The plugin that this address lies in; null: none.
const char* plugin_at(const void* address);
/// The innermost plugin that has called this function, as far as the thread's stack shows; null: none.
const char* plugin_on_stack();
/// The plugins of which instances were created, one by one; null behind the last.
const char* used_plugin(std::size_t index);

}  // namespace reverie
