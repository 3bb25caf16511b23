#pragma once
// The table of all settings for programs: what `reverie settings` shows people.

#include <json/value.h>

namespace reverie {
class PluginRegistry;
}

namespace reverie::serve {

/// {settings: [...], plugins: [...]}; docs/openapi.yaml describes both.
Json::Value settings_list(const PluginRegistry& registry);

}  // namespace reverie::serve
