#pragma once
// A plugin's declaration as a line of JSON, so that it is known before the library is loaded.

#include <string>

#include "reverie/plugin.h"

namespace reverie {

/// Kind, interface version, name, version, summary, aliases, roles and parameters.
std::string declaration_text(const PluginDescriptor& plugin);

/// The same declaration, without functions and with this host's BuildInfo: there is nothing to compare yet.
/// Null if the text is not a declaration. It lives for ever; equal texts give the same one.
const PluginDescriptor* declared_by(const std::string& text);

}  // namespace reverie
