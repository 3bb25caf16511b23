#pragma once
// Finds plugins on disk, and knows which of them fit this host.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "plugins/checked.h"
#include "reverie/plugin.h"
#include "settings/settings.h"

namespace reverie {

/// A file that is named like a plugin.
struct PluginFile {
  enum class State { usable, shadowed, rejected };

  std::filesystem::path path;
  std::string kind;  ///< the folder it lies in
  std::string name;  ///< the file's stem
  State state = State::usable;
  std::string reason;  ///< why it is shadowed or rejected
  std::vector<std::string> warnings;
  /// What it declares, without functions; null if rejected before it could be read. See load().
  const PluginDescriptor* descriptor = nullptr;

  /// Loads the library, once, and returns what it exports. Throws Error(plugin) if it is not what was found.
  const PluginDescriptor& load() const;

  /// Its own name or "kind/name", case-insensitively; a blank counts as '_'.
  bool is_called(const std::string& wanted) const;
  /// Its name or one of its aliases, case-insensitively.
  bool answers_to(const std::string& wanted) const;
  bool has_role(const std::string& role) const;
};

/// Libraries stay loaded until the process ends: tensors and gradients may refer to code in them.
class PluginRegistry {
 public:
  /// Looks through the folders in order; of two files of one kind and name the first counts. A file that has
  /// not changed since an earlier start is known from there and not opened: PluginFile::load() does that. Of
  /// another, gate 1 reads the symbols, and without a descriptor it is never loaded, so none of its code
  /// runs. Gate 2 loads it, which runs its static initialisers and no more, and compares its BuildInfo;
  /// before, a child process has loaded it, and it is never loaded here if that ended badly. Nothing in a
  /// library is called before it has passed both.
  explicit PluginRegistry(std::vector<std::filesystem::path> folders);

  const std::vector<PluginFile>& files() const { return files_; }

  /// Throws Error(plugin): which folders were tried, what there is of that kind, the nearest name, and, if
  /// the file was found but rejected, why.
  const PluginFile& find(const std::string& kind, const std::string& name) const;

  /// The aliases of a usable plugin by which find() finds it: not those that are another plugin's name, or
  /// that another calls itself first.
  std::vector<std::string> aliases_that_count(const PluginFile& plugin) const;

  std::vector<const PluginFile*> usable(const std::string& kind) const;

  /// The plugin with this role (see roles in reverie/plugin.h). Throws Error(plugin) when there is none.
  const PluginFile& with_role(const std::string& kind, const std::string& role) const;

  /// All usable plugins with this role, by name, those of the folder that is searched last (the
  /// installation's own) first: a plugin that is merely found elsewhere changes no run.
  std::vector<const PluginFile*> all_with_role(const std::string& kind, const std::string& role) const;

 private:
  /// The usable plugin that answers to a name; null if there is none.
  const PluginFile* named(const std::string& kind, const std::string& name) const;

  /// Where there is none: a question for the advice, which of those `names` was meant. May be empty.
  std::string what_is_meant(const std::string& kind, const std::string& name,
                            const std::vector<std::string>& names) const;

  std::vector<std::filesystem::path> folders_;
  std::vector<PluginFile> files_;
};

/// The kinds of plugin this host knows: the folders' names, in the order of the documentation.
const std::vector<std::string>& plugin_kinds();

/// --plugin-path, REVERIE_PLUGIN_PATH (separated by ':'), <prefix>/lib/reverie/plugins. Never the working
/// directory, and never from a settings file: a stranger's settings must not be able to load code.
std::vector<std::filesystem::path> plugin_search_path(const std::vector<std::string>& command_line,
                                                      const std::filesystem::path& prefix);

/// Whether parameters of plugins of this kind belong in the group of values that names the plugin, rather
/// than being settings of their own.
bool has_grouped_params(const std::string& kind);

/// A plugin's parameters at their declared defaults.
Settings default_params(const PluginFile& plugin);

/// The same with these weights in the place of the plugin's own, where the text is not empty.
Settings params_with_weights(const PluginFile& plugin, const std::string& weights);

/// Whether the plugin says that it understands `input`, a const Interface::Input*.
bool accepts(const PluginFile& plugin, const void* input);

/// What the plugin's library exports besides its descriptor; null if it has nothing of that name.
void* exported(const PluginFile& plugin, const char* symbol);

/// Creates an instance. `Interface::Setup` travels by address; exceptions of the plugin arrive as Error. A
/// parameter that the plugin does not read is a warning.
void* create_instance(const PluginFile& plugin, Host& host, const Settings& params, const void* setup);

/// An instance whose every call is checked: see plugins/checked.h.
template <typename Interface>
std::shared_ptr<Interface> create(const PluginFile& plugin, Host& host, const Settings& params,
                                  const typename Interface::Setup& setup) {
  const std::string name = plugin.kind + "/" + plugin.name;
  std::shared_ptr<Interface> instance(static_cast<Interface*>(create_instance(plugin, host, params, &setup)),
                                      [destroy = plugin.load().destroy, name](Interface* made) {
                                        const PluginCall call(name.c_str(), "its destructor");
                                        destroy(made);
                                      });
  return checked(std::move(instance),
                 Boundary(name, host.device(), {plugin.descriptor->params, plugin.descriptor->param_count}),
                 &setup);
}

}  // namespace reverie
