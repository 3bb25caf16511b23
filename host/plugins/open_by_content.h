#pragma once
// Files that are read by whichever plugin understands them.

#include <filesystem>
#include <functional>

#include "plugins/registry.h"
#include "reverie/ordinary_file.h"

namespace reverie {

/// The parameters that a plugin is created with.
using ParamsOf = std::function<Settings(const PluginFile&)>;

/// The instance, and the plugin that it is of.
template <typename Source>
struct Opened {
  std::shared_ptr<Source> source;
  const PluginFile* plugin;
};

/// By the first plugin of this kind that accepts the file, in the order of the registry. `what`: "a picture
/// or video" and the like, for messages. Throws Error(file), naming it, when it is not an ordinary file or no
/// plugin can read it, and Error(plugin) when there is no plugin to do so.
template <typename Source>
Opened<Source> open_by_content(const PluginRegistry& registry, Host& host, const ParamsOf& params,
                               const typename Source::Setup& setup, const std::string& what) {
  require_ordinary_file(setup.path, what);
  const std::vector<const PluginFile*> plugins = registry.usable(Source::kKind);
  const auto read_with = [&](const PluginFile& plugin) {
    return Opened<Source>{create<Source>(plugin, host, params(plugin), setup), &plugin};
  };
  for (const PluginFile* plugin : plugins)
    if (accepts(*plugin, &setup.path)) return read_with(*plugin);

  // Only the plugins can tell what is wrong with the file.
  std::string reasons, advice;
  for (const PluginFile* plugin : plugins) {
    try {
      return read_with(*plugin);
    } catch (const Error& error) {
      if (plugins.size() == 1) throw;
      reasons += "; " + plugin->name + ": " + error.what();
      if (advice.empty()) advice = error.advice();
    }
  }
  // "a picture" is "no picture".
  std::string message =
      "'" + setup.path.string() + "' is not " + what + " that an installed plugin can read" + reasons;
  // The one that would have may be there, but damaged.
  for (const PluginFile& file : registry.files())
    if (file.kind == Source::kKind && file.state == PluginFile::State::rejected)
      message += "; '" + file.path.string() + "' cannot be used: " + file.reason;
  throw Error(plugins.empty() ? ErrorKind::plugin : ErrorKind::file, message,
              advice.empty() ? std::string("reverie plugins list shows the ") + Source::kKind : advice);
}

}  // namespace reverie
