#pragma once
// Which texts a perceptor takes, before it is made.

#include <memory>

#include "plugins/registry.h"
#include "reverie/text_check.h"

namespace reverie {

/// Null where the plugin does not say. Throws like create(); what check() throws of its own faults names the
/// plugin.
std::shared_ptr<const TextCheck> make_text_check(const PluginFile& plugin, Host& host, const Settings& params,
                                                 const Perceptor::Setup& setup);

}  // namespace reverie
