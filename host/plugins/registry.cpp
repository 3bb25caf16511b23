#include "plugins/registry.h"

#include <unistd.h>

#include <algorithm>
#include <boost/dll/library_info.hpp>
#include <boost/dll/shared_library.hpp>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <span>

#include "base/nearest.h"
#include "base/texts.h"
#include "log/printable.h"
#include "plugins/compatibility.h"
#include "plugins/declaration_text.h"
#include "plugins/library_folder.h"
#include "plugins/plugin_code.h"
#include "plugins/probe.h"
#include "reverie/audio_filter.h"
#include "reverie/loss.h"
#include "settings/resolve.h"

namespace reverie {
namespace {

/// Never destroyed: static destructors of other libraries may still run code of a plugin.
std::vector<boost::dll::shared_library>& handles() {
  static auto* const libraries = new std::vector<boost::dll::shared_library>;
  return *libraries;
}

/// "My Model" also finds my_model.so when its aliases cannot be read because it is damaged.
std::string folded_name(const std::string& wanted) {
  std::string folded = lower(wanted);
  std::replace(folded.begin(), folded.end(), ' ', '_');
  return folded;
}

/// Gate 1, without running anything of the file: is it a library, and does it export a descriptor?
std::string cannot_be_plugin(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) return "it is not a file";
  if (::access(path.c_str(), R_OK) != 0) return "it cannot be read: " + std::string(std::strerror(errno));
  std::vector<std::string> symbols;
  try {
    boost::dll::library_info info(path.string(), /*throw_if_not_native=*/true);
    symbols = info.symbols();
  } catch (const std::exception&) {
    // Boost's own texts ("basic_ios::clear") say nothing about the file.
    return "it is not a shared library of this system, or it is damaged";
  }
  if (std::find(symbols.begin(), symbols.end(), kDescriptorSymbol) == symbols.end())
    return std::string("it is a shared library but not a Reverie plugin: it exports no '") +
           kDescriptorSymbol + "' (see REVERIE_EXPORT_PLUGIN)";
  return {};
}

/// The message of the system's loader, without Boost's words around it and the error number that only looks
/// like one.
std::string loader_words(const std::string& what) {
  static const std::string before = "dlerror system message: ";
  const auto begin = what.find(before);
  const auto end = what.rfind("): ");
  if (begin == std::string::npos || end == std::string::npos || end < begin) return what;
  return what.substr(begin + before.size(), end - begin - before.size());
}

/// The plugins directly in a folder, sorted: directories list their files in any order.
std::vector<std::filesystem::path> libraries_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error))
    if (entry->path().extension() == ".so") found.push_back(entry->path());
  std::sort(found.begin(), found.end());
  return found;
}

/// Libraries in places where no plugin is looked for, which would otherwise be passed over in silence: in the
/// folder itself, and in folders in it that are called like no kind.
std::vector<PluginFile> misplaced(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> places = {folder};
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    std::error_code ignored;
    if (std::find(plugin_kinds().begin(), plugin_kinds().end(), name) == plugin_kinds().end() &&
        entry->is_directory(ignored))
      places.push_back(entry->path());
  }
  std::sort(places.begin() + 1, places.end());
  std::string kinds;
  for (const std::string& kind : plugin_kinds()) kinds += (kinds.empty() ? "" : ", ") + kind;
  std::vector<PluginFile> result;
  for (const std::filesystem::path& place : places) {
    for (const std::filesystem::path& path : libraries_in(place)) {
      PluginFile file;
      file.path = std::filesystem::absolute(path);
      file.kind = file.path.parent_path().filename().string();
      file.name = path.stem().string();
      file.state = PluginFile::State::rejected;
      file.reason = "it must be in a folder of '" + folder.string() + "' with the name of its kind: " + kinds;
      result.push_back(std::move(file));
    }
  }
  return result;
}

/// What happens when each is loaded, by path: as it is remembered, or as a child process shows it now. Files
/// that gate 1 refuses are not loaded.
std::map<std::filesystem::path, std::string> troubles_of(const std::vector<std::filesystem::path>& libraries,
                                                         ProbeMemory& memory) {
  std::map<std::filesystem::path, std::string> troubles;
  std::vector<std::filesystem::path> unknown;
  for (const std::filesystem::path& library : libraries) {
    if (const auto known = memory.find(library))
      troubles[library] = known->trouble;
    else if (cannot_be_plugin(library).empty())
      unknown.push_back(library);
  }
  if (unknown.empty()) return troubles;
  const std::vector<ProbeResult> results = probe(unknown);
  for (std::size_t i = 0; i < unknown.size(); ++i) {
    troubles[unknown[i]] = results[i].trouble;
    if (results[i].certain) memory.add(unknown[i], {results[i].trouble});
  }
  return troubles;
}

/// Why parameters would stand for settings of the program, or cannot be read from them; empty if all is well.
std::string trouble_with_settings(const PluginDescriptor& plugin, const std::string& kind) {
  const bool has_groups = has_grouped_params(kind);
  for (const ParamSpec& spec : std::span(plugin.params, plugin.param_count)) {
    const std::string name = lower(spec.name), parameter = "its parameter '" + std::string(spec.name) + "'";
    const char* alias = alias_of(name);
    const auto table = settings_table();
    const auto setting = std::find_if(table.begin(), table.end(), [&](const Setting& one) {
      return lower(one.spec.name) == (alias ? alias : name);
    });
    if (!spec.host_setting) {
      if (setting != table.end() && !has_groups)
        return parameter +
               " has the name of a setting of the program; it needs another name, or of_host() if "
               "the plugin means to read that setting";
      continue;
    }
    if (has_groups)
      return parameter + " is declared as a setting of the program, which plugins of this kind cannot read";
    if (setting == table.end())
      return parameter + " is declared as a setting of the program, which has none of this name";
    // A plugin of a time when a setting was a plain number goes on taking plain numbers.
    if (setting->takes_groups || setting->spec.type != spec.type ||
        (spec.animatable && !setting->spec.animatable))
      return parameter + " is declared as a setting of the program, which declares it as another type (" +
             allowed(*setting) + ")";
  }
  return {};
}

struct Loaded {
  const PluginDescriptor* descriptor = nullptr;  // null: it cannot be used
  std::string reason;                            // why not
  std::vector<std::string> warnings;
};

/// Gates 1 and 2. Loading runs the library's static initialisers and no more.
Loaded load_library(const PluginFile& file) {
  if (std::string why = cannot_be_plugin(file.path); !why.empty()) return {nullptr, std::move(why), {}};
  const PluginDescriptor* descriptor = nullptr;
  try {
    using boost::dll::load_mode::type;
    boost::dll::shared_library library(file.path.string(),
                                       boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    descriptor = &library.get<const PluginDescriptor>(kDescriptorSymbol);
    handles().push_back(std::move(library));
  } catch (const std::exception& error) {
    return {nullptr, "it cannot be loaded: " + loader_words(error.what()), {}};
  } catch (...) {
    return {nullptr, "it throws an exception when it is loaded", {}};
  }
  Compatibility fit = check_compatibility(*descriptor, file.kind);
  std::string reason;
  for (const std::string& error : fit.errors) reason += (reason.empty() ? "" : "; ") + error;
  if (reason.empty() && file.name != descriptor->name)
    reason = std::string("it declares the name '") + descriptor->name + "', which is not its file's name";
  if (!reason.empty()) return {nullptr, reason, {}};
  remember_code(file.kind + "/" + file.name, descriptor);
  return {descriptor, {}, std::move(fit.warnings)};
}

/// `trouble`: what is known to happen when it is loaded. A library whose declaration is remembered is not
/// loaded.
void examine(PluginFile& file, const std::string& trouble, ProbeMemory& memory) {
  const auto reject = [&](const std::string& reason) {
    file.state = PluginFile::State::rejected;
    file.reason = reason;
  };
  if (!trouble.empty()) {
    // Gate 1 has more to say about a file that has become something else.
    const std::string why = cannot_be_plugin(file.path);
    return reject(why.empty() ? trouble : why);
  }
  const std::optional<ProbeMemory::Known> known = memory.find(file.path);
  file.descriptor = known ? declared_by(known->declaration) : nullptr;
  if (file.descriptor && file.descriptor->kind == file.kind && file.descriptor->name == file.name) {
    file.warnings = known->warnings;
  } else {
    Loaded loaded = load_library(file);
    file.descriptor = nullptr;
    if (!loaded.descriptor) return reject(loaded.reason);
    const std::string declaration = declaration_text(*loaded.descriptor);
    file.descriptor = declared_by(declaration);
    file.warnings = loaded.warnings;
    memory.add(file.path, {"", declaration, std::move(loaded.warnings)});
  }
  if (const std::string why = trouble_with_settings(*file.descriptor, file.kind); !why.empty()) {
    file.descriptor = nullptr;
    reject(why);
  }
}

}  // namespace

bool PluginFile::is_called(const std::string& wanted) const {
  const std::string folded = folded_name(wanted);
  return lower(name) == folded || kind + "/" + lower(name) == folded;
}

bool PluginFile::answers_to(const std::string& wanted) const {
  if (lower(name) == folded_name(wanted)) return true;
  if (!descriptor) return false;
  for (const std::string& alias : filled_parts(descriptor->aliases, "|"))
    if (lower(alias) == lower(wanted)) return true;
  return false;
}

namespace {

/// Of handles().
std::mutex& loading() {
  static auto* const mutex = new std::mutex;
  return *mutex;
}

}  // namespace

const PluginDescriptor& PluginFile::load() const {
  // As long as the libraries. The same path may hold another plugin later, the same plugin lie elsewhere.
  using Key = std::pair<std::filesystem::path, const PluginDescriptor*>;
  static auto* const loaded = new std::map<Key, const PluginDescriptor*>;
  const std::lock_guard lock(loading());
  const PluginDescriptor*& library = (*loaded)[{path, descriptor}];
  if (library) return *library;
  const auto fail = [&](const std::string& why, const std::string& advice) {
    ProbeMemory memory(probe_memory_file());
    memory.forget(path);
    memory.save();
    return Error(ErrorKind::plugin, "the plugin '" + path.string() + "' cannot be used: " + why, advice);
  };
  const Loaded now = load_library(*this);
  if (!now.descriptor) throw fail(now.reason, "replace or rebuild the file");
  if (declared_by(declaration_text(*now.descriptor)) != descriptor)
    throw fail("its declaration has changed since it was last read",
               "its cache entry is removed now: run the same command again");
  library = now.descriptor;
  return *library;
}

bool PluginFile::has_role(const std::string& role) const {
  if (!descriptor) return false;
  const std::vector<std::string> roles = filled_parts(descriptor->roles, "|");
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

PluginRegistry::PluginRegistry(std::vector<std::filesystem::path> folders) {
  for (std::filesystem::path& folder : folders) {
    std::error_code ignored;
    const bool twice = std::any_of(folders_.begin(), folders_.end(), [&](const std::filesystem::path& other) {
      return other == folder || std::filesystem::equivalent(other, folder, ignored);
    });
    if (!twice) folders_.push_back(std::filesystem::absolute(folder).lexically_normal());
  }
  std::vector<std::filesystem::path> libraries;
  for (const std::filesystem::path& folder : folders_)
    for (const std::string& kind : plugin_kinds())
      for (const std::filesystem::path& path : libraries_in(folder / kind)) libraries.push_back(path);
  ProbeMemory memory(probe_memory_file());
  const std::map<std::filesystem::path, std::string> troubles = troubles_of(libraries, memory);
  for (const std::filesystem::path& folder : folders_) {
    for (const std::string& kind : plugin_kinds()) {
      for (const std::filesystem::path& path : libraries_in(folder / kind)) {
        PluginFile file;
        file.path = path;
        file.kind = kind;
        file.name = path.stem().string();
        const auto first = std::find_if(files_.begin(), files_.end(), [&](const PluginFile& other) {
          return other.kind == kind && other.name == file.name && other.state == PluginFile::State::usable;
        });
        if (first != files_.end()) {
          file.state = PluginFile::State::shadowed;
          file.reason = "another file of this name comes first: " + first->path.string();
        } else {
          const auto trouble = troubles.find(path);
          examine(file, trouble == troubles.end() ? "" : trouble->second, memory);
          // It stands in for one that was meant to come before it, which must not happen in silence.
          for (const PluginFile& other : files_)
            if (file.state == PluginFile::State::usable && other.kind == kind && other.name == file.name)
              file.warnings.push_back("used in place of '" + other.path.string() +
                                      "', which cannot be used: " + other.reason);
        }
        files_.push_back(std::move(file));
      }
    }
    for (PluginFile& file : misplaced(folder)) files_.push_back(std::move(file));
  }
  memory.save();
}

const PluginFile* PluginRegistry::named(const std::string& kind, const std::string& name) const {
  // A plugin's own name counts more than what another calls itself besides.
  const std::string folded = folded_name(name);
  for (const PluginFile* file : usable(kind))
    if (lower(file->name) == folded) return file;
  // Not even where the plugin of that name cannot be used: the artist would get another one without a word.
  const bool is_taken = std::any_of(files_.begin(), files_.end(), [&](const PluginFile& file) {
    return file.kind == kind && lower(file.name) == folded;
  });
  for (const PluginFile* file : usable(kind))
    if (!is_taken && file->answers_to(name)) return file;
  return nullptr;
}

std::vector<std::string> PluginRegistry::aliases_that_count(const PluginFile& plugin) const {
  std::vector<std::string> aliases = filled_parts(plugin.descriptor->aliases, "|");
  std::erase_if(aliases, [&](const std::string& alias) { return named(plugin.kind, alias) != &plugin; });
  return aliases;
}

const PluginFile& PluginRegistry::find(const std::string& kind, const std::string& name) const {
  if (const PluginFile* file = named(kind, name)) return *file;
  std::vector<std::string> names, rejected;
  std::string ours;
  for (const PluginFile& file : files_) {
    if (file.kind != kind) continue;
    if (file.state == PluginFile::State::usable) {
      names.push_back(file.name);
      for (const std::string& alias : aliases_that_count(file)) names.push_back(alias);
    } else if (file.state == PluginFile::State::rejected) {
      rejected.push_back("'" + file.path.string() + "' cannot be used: " + file.reason);
      if (file.answers_to(name)) ours = rejected.back();
    }
  }
  if (!ours.empty())
    throw Error(ErrorKind::plugin, "the plugin '" + name + "' of kind " + kind + " was found, but " + ours,
                "replace or rebuild the file; reverie plugins list shows every plugin");
  std::string message = "there is no plugin '" + name + "' of kind " + kind + "; looked in ";
  for (std::size_t i = 0; i < folders_.size(); ++i)
    message += (i ? ", " : "") + (folders_[i] / kind).string();
  message += "; there " + std::string(names.empty() ? "is none" : "are: ");
  for (std::size_t i = 0; i < names.size(); ++i) message += (i ? ", " : "") + names[i];
  for (const std::string& file : rejected) message += "; " + file;
  throw Error(ErrorKind::plugin, message, what_is_meant(kind, name, names));
}

std::string PluginRegistry::what_is_meant(const std::string& kind, const std::string& name,
                                          const std::vector<std::string>& names) const {
  const auto with = [](const PluginFile& file, const ParamSpec& spec, const std::string& value) {
    return "did you mean '" + file.name + "' with " + spec.name + "=" + value + "?";
  };
  const std::string wanted = lower(name);
  // A choice of one of the plugin's parameters, such as mp4.
  for (const PluginFile* file : usable(kind))
    for (const ParamSpec& spec : std::span(file->descriptor->params, file->descriptor->param_count))
      if (spec.type == ParamType::choice)
        for (const std::string& word : filled_parts(spec.choices, "|"))
          if (lower(word) == wanted) return with(*file, spec, word);
  if (const std::string near = nearest(name, names); !near.empty()) return "did you mean '" + near + "'?";
  constexpr const char* kBetweenWords = "_- ";
  const auto begins_with = [&](const std::string& text, const std::string& words) {
    return text.size() > words.size() + 1 && text.compare(0, words.size(), words) == 0 &&
           std::strchr(kBetweenWords, text[words.size()]);
  };
  for (const PluginFile* file : usable(kind)) {
    const std::string known = lower(file->name);
    // Its name and that of a model: vqgan_imagenet.
    if (begins_with(wanted, known))
      for (const ParamSpec& spec : std::span(file->descriptor->params, file->descriptor->param_count))
        if (spec.asset == AssetKind::weights) return with(*file, spec, name.substr(known.size() + 1));
    if (begins_with(wanted, known) || begins_with(known, wanted)) return "did you mean '" + file->name + "'?";
  }
  // What it is, by its own words: viewers=browser, outputs=openexr.
  constexpr std::size_t kLeastLetters = 4;
  for (const PluginFile* file : usable(kind))
    for (const std::string& word : filled_parts(lower(file->descriptor->summary), " "))
      if (wanted.size() >= kLeastLetters && word.substr(0, word.find_last_not_of(",.;:") + 1) == wanted)
        return "did you mean '" + file->name + "', " + file->descriptor->summary + "?";
  return {};
}

std::vector<const PluginFile*> PluginRegistry::usable(const std::string& kind) const {
  std::vector<const PluginFile*> result;
  for (const PluginFile& file : files_)
    if (file.kind == kind && file.state == PluginFile::State::usable) result.push_back(&file);
  return result;
}

const PluginFile& PluginRegistry::with_role(const std::string& kind, const std::string& role) const {
  if (const std::vector<const PluginFile*> all = all_with_role(kind, role); !all.empty()) return *all[0];
  std::string where;
  for (const std::filesystem::path& folder : folders_)
    where += (where.empty() ? "; looked in " : ", ") + (folder / kind).string();
  for (const PluginFile& file : files_)
    if (file.kind == kind && file.state == PluginFile::State::rejected)
      where += "; '" + file.path.string() + "' cannot be used: " + file.reason;
  throw Error(ErrorKind::plugin,
              "no installed plugin of kind " + kind + " serves the setting '" + role + "'" + where,
              "reverie plugins list shows every plugin");
}

std::vector<const PluginFile*> PluginRegistry::all_with_role(const std::string& kind,
                                                             const std::string& role) const {
  std::vector<const PluginFile*> result;
  for (auto folder = folders_.rbegin(); folder != folders_.rend(); ++folder)
    for (const PluginFile* file : usable(kind))
      if (file->path.parent_path() == *folder / kind && file->has_role(role)) result.push_back(file);
  return result;
}

bool has_grouped_params(const std::string& kind) { return kind == AudioFilter::kKind || kind == Loss::kKind; }

std::vector<std::filesystem::path> plugin_search_path(const std::vector<std::string>& command_line,
                                                      const std::filesystem::path& prefix) {
  std::vector<std::filesystem::path> result;
  for (const std::string& list : command_line)
    for (const std::string& folder : filled_parts(list, ":"))
      result.push_back(std::filesystem::absolute(folder));
  if (const char* variable = std::getenv("REVERIE_PLUGIN_PATH"))
    for (const std::string& folder : filled_parts(variable, ":"))
      result.push_back(std::filesystem::absolute(folder));
  // Where the prefix is not known, its folder would be one of the working directory.
  if (prefix.is_absolute()) result.push_back(library_folder(prefix) / "plugins");
  return result;
}

Settings default_params(const PluginFile& plugin) {
  Settings result;
  for (std::uint32_t i = 0; i < plugin.descriptor->param_count; ++i)
    result.set(plugin.descriptor->params[i].name, default_value(plugin.descriptor->params[i]));
  return result;
}

Settings params_with_weights(const PluginFile& plugin, const std::string& weights) {
  Settings result = default_params(plugin);
  for (const std::string& name : result.names()) {
    SettingValue value = *result.find(name);
    if (weights.empty() || value.spec.asset != AssetKind::weights) continue;
    value.text = weights;
    result.set(name, value);
  }
  return result;
}

void* exported(const PluginFile& plugin, const char* symbol) {
  const PluginDescriptor* const descriptor = &plugin.load();
  const std::lock_guard lock(loading());
  for (boost::dll::shared_library& library : handles())
    if (library.has(kDescriptorSymbol) &&
        &library.get<const PluginDescriptor>(kDescriptorSymbol) == descriptor)
      return library.has(symbol) ? &library.get<char>(symbol) : nullptr;
  return nullptr;
}

bool accepts(const PluginFile& plugin, const void* input) {
  const PluginDescriptor& descriptor = plugin.load();
  if (!descriptor.accepts) return false;
  const std::string who = plugin.kind + "/" + plugin.name;
  const PluginCall call(who.c_str(), "accepts()");
  return descriptor.accepts(input);
}

namespace {

/// The setting of the plugin's own that its constructor's error is about, where somebody has written it: one
/// that the words name, or, for weights that cannot be used, the one that names them.
const SettingValue* setting_at_fault(const PluginDescriptor& plugin, const Settings& params,
                                     const ErrorText& error) {
  const SettingValue* found = nullptr;
  const std::string words = error.message;
  std::size_t first = std::string::npos;
  const auto part_of_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  for (const ParamSpec& spec : std::span(plugin.params, plugin.param_count)) {
    const SettingValue* value = params.find(spec.name);
    if (!value || value->is_default()) continue;
    if (error.kind == ErrorKind::model && spec.asset == AssetKind::weights && !found) found = value;
    if (error.kind != ErrorKind::settings) continue;
    const std::string name = spec.name;
    const std::size_t at = words.find(name), end = at + name.size();
    if (at == std::string::npos || at >= first) continue;
    if ((at > 0 && part_of_word(words[at - 1])) || (end < words.size() && part_of_word(words[end]))) continue;
    found = value;
    first = at;
  }
  return found;
}

}  // namespace

void* create_instance(const PluginFile& plugin, Host& host, const Settings& params, const void* setup) {
  const std::string name = plugin.kind + "/" + plugin.name;
  ErrorText error{ErrorKind::plugin, "it gave no reason", ""};
  void* instance = nullptr;
  const PluginDescriptor& library = plugin.load();
  mark_code_used(reinterpret_cast<const void*>(library.create));
  {
    const PluginCall call(name.c_str(), "its constructor");
    instance = library.create(host, params, setup, error);
  }
  if (!instance) {
    // What is wrong with a file is not the plugin's fault.
    const std::string who = error.kind == ErrorKind::file ? "" : "the plugin " + name + " could not start: ";
    std::string message = error.message;
    // LibTorch's go on with a stack trace; lines of their own could pass for messages of the program.
    message.erase(std::min(message.find("\nException raised from "), message.size()));
    message = who + log::printable_line(trimmed(message));
    const std::string advice = log::printable_line(error.advice);
    if (const SettingValue* setting = setting_at_fault(*plugin.descriptor, params, error))
      throw SettingsError({{setting->location, "'" + std::string(setting->spec.name) + "': " + message +
                                                   (advice.empty() ? "" : "; " + advice)}});
    throw Error(error.kind, message, advice);
  }
  for (const ParamSpec& spec : std::span(plugin.descriptor->params, plugin.descriptor->param_count))
    // Those that vary are read at each frame instead.
    if (!spec.animatable && !params.asked().count(spec.name))
      host.log(LogLevel::warning, "the plugin " + name + " declares the setting '" + spec.name +
                                      "' but does not read it: it has no effect");
  return instance;
}

}  // namespace reverie
