#include "cli/cast.h"

#include <algorithm>

#include "engine/timeline.h"
#include "models/catalogue.h"
#include "reverie/viewer.h"

namespace reverie {
namespace {

/// The settings that switch on OpenAI's models; each is an alias in the catalogue.
constexpr const char* kPerceptorFlags[] = {"ViTB32", "ViTB16", "ViTL14",  "ViTL14_336px", "RN50",
                                           "RN101",  "RN50x4", "RN50x16", "RN50x64"};

/// The perceptor plugin that understands a file.
const PluginFile& plugin_for(const PluginRegistry& registry, const Weights& weights) {
  for (const PluginFile* plugin : registry.usable(Perceptor::kKind))
    if (accepts(*plugin, &weights)) return *plugin;
  std::string message = "no installed perceptor understands the weights '" + weights.origin() + "'";
  // The one that would have may be there, but damaged.
  for (const PluginFile& file : registry.files())
    if (file.kind == Perceptor::kKind && file.state == PluginFile::State::rejected)
      message += "; '" + file.path.string() + "' cannot be used: " + file.reason;
  throw Error(ErrorKind::model, message, "reverie plugins list shows the perceptors");
}

std::string joined(const std::vector<std::string>& words) {
  std::string result;
  for (const std::string& word : words) result += (result.empty() ? "" : ", ") + word;
  return result;
}

/// Whether the command line switches a model off by its flag.
bool switched_off(const Settings& settings, const std::string& name) {
  const CatalogueEntry* model = find_model(name);
  return model && std::any_of(std::begin(kPerceptorFlags), std::end(kPerceptorFlags), [&](const char* flag) {
           return find_model(flag) == model && !settings.get<bool>(flag) &&
                  settings.find(flag)->location.file == "command line";
         });
}

/// The names of the models that judge: those of the list, those that are switched on, or the default.
std::vector<std::string> perceptor_names(const Settings& settings, HostServices& host) {
  std::vector<std::string> names = settings.get<std::vector<std::string>>("perceptors");
  // The flags in the list's own file are no answer to it: saved settings hold the list and no flag that is
  // on.
  if (settings.find("perceptors")->location.file != "command line")
    std::erase_if(names, [&](const std::string& name) { return switched_off(settings, name); });
  const bool named = !names.empty();
  const auto add = [&](const CatalogueEntry& model) {
    for (const std::string& name : names)
      if (find_model(name) == &model) return;
    names.push_back(model.name);
  };
  const CatalogueEntry* by_default = nullptr;
  for (const char* flag : kPerceptorFlags) {
    if (!settings.get<bool>(flag)) continue;
    const CatalogueEntry* model = find_model(flag);
    settings.find(flag)->is_default() ? void(by_default = model) : add(*model);
  }
  if (by_default && !named &&
      std::filesystem::exists(model_path(*by_default, settings.get<std::string>("models_parent_dir"))))
    add(*by_default);
  if (!names.empty()) return names;
  names = host.shipped_models();
  if (names.empty())
    throw Error(ErrorKind::file, "no perceptor is chosen and no models came with the program",
                "reverie models fetch ViT-B/32, or name a weights file in the setting 'perceptors'");
  host.log(LogLevel::info, "no perceptor is chosen; using the shipped ones: " + joined(names));
  return names;
}

void choose_perceptors(Cast& cast, const PluginRegistry& registry) {
  SettingValue chosen = *cast.settings.find("perceptors");
  chosen.list = perceptor_names(cast.settings, *cast.host);
  for (const std::string& name : chosen.list) {
    const auto weights = cast.host->load_weights(name);
    cast.perceptors.emplace_back(&plugin_for(registry, *weights), Perceptor::Setup{name, weights});
  }
  // What was used is written down by name, so that a rerun does not depend on what is installed then.
  cast.settings.set("perceptors", chosen);
  for (const char* flag : kPerceptorFlags) {
    SettingValue off = *cast.settings.find(flag);
    off.number = 0;
    off.location = {"chosen", 0};  // no default any more
    cast.settings.set(flag, off);
  }
}

/// Weights that the image model names: where nobody chose and the default's are not installed, the shipped
/// ones take their place.
void choose_weights(Cast& cast, const PluginFile& model) {
  for (const ParamSpec& spec : std::span(model.descriptor->params, model.descriptor->param_count)) {
    if (spec.names != Names::weights) continue;
    SettingValue value = *cast.settings.find(spec.name);
    // A file that is there, but cannot be used, is not silently replaced.
    if (cast.host->find_weights(value.text) || !value.is_default() || !*spec.fallback_text) {
      cast.host->load_weights(value.text);
      continue;
    }
    cast.host->log(LogLevel::info, std::string(spec.name) + ": '" + value.text +
                                       "' is not installed; using the shipped '" + spec.fallback_text + "'");
    value.text = spec.fallback_text;
    value.location = {"chosen", 0};  // no default any more: a rerun must not depend on what is installed then
    cast.settings.set(spec.name, value);
  }
}

/// Finds every picture and video that the settings name, and says all that are missing at once. Of those that
/// move with the animation, all frames up to `last` are decoded, too.
void find_pictures(const Cast& cast, const Plan& plan, std::int64_t last) {
  PictureCheck check(cast);
  const auto need = [&](const std::string& path, const std::string& setting) { check.need(path, setting); };
  const auto need_all = [&](const std::string& path, const std::string& setting) {
    check.need(path, setting, last);
  };
  // First of all: the weights beside it name it, too.
  need(cast.settings.get<std::string>("init_image"), "init_image");
  for (const Scene& scene : plan.script.scenes)
    for (const Prompt& prompt : scene.prompts) {
      if (prompt.picture && prompt.when != When::after_moves) need_all(prompt.text, prompt.setting);
      if (prompt.mask.kind == PromptMask::Kind::picture || prompt.mask.kind == PromptMask::Kind::video)
        need_all(prompt.mask.what, prompt.setting);
    }
  for (const DirectPrompt& prompt : plan.script.direct) {
    if (prompt.when != When::after_moves) need(prompt.path, prompt.setting);
    need_all(prompt.mask, prompt.setting);
  }
  if (plan.animation) need_all(cast.settings.get<std::string>("video_path"), "video_path");
  const PluginDescriptor& model = *plan.image_model->descriptor;
  for (const ParamSpec& spec : std::span(model.params, model.param_count))
    if (spec.names == Names::image) need(cast.settings.find(spec.name)->text, spec.name);
  check.finish();
}

/// Those that the settings name, or the terminal's; and those that a setting of their own asks for.
std::vector<const PluginFile*> choose_viewers(const Settings& settings, const PluginRegistry& registry,
                                              bool on_terminal) {
  std::vector<const PluginFile*> viewers;
  const auto add = [&](const std::string& name) {
    const PluginFile& plugin = registry.find(Viewer::kKind, name);
    if (std::find(viewers.begin(), viewers.end(), &plugin) == viewers.end()) viewers.push_back(&plugin);
  };
  const std::vector<const PluginFile*> installed = registry.usable(Viewer::kKind);
  const auto add_if_installed = [&](const std::string& name) {
    for (const PluginFile* plugin : installed)
      if (plugin->name == name) add(name);
  };
  for (const std::string& name : settings.get<std::vector<std::string>>("viewers")) add(name);
  if (settings.find("viewers")->is_default() && on_terminal &&
      settings.get<std::int64_t>("display_every") > 0)
    add_if_installed("terminal_preview");
  if (viewers.empty() && settings.get<bool>("show_graphs")) add("loss_graph");
  if (settings.get<bool>("use_tensorboard")) add("tensorboard");
  return viewers;
}

}  // namespace

Cast choose_cast(const Plan& plan, const PluginRegistry& registry, bool on_terminal) {
  Cast cast;
  static_cast<Basis&>(cast) = make_basis(plan, registry);
  const Settings& settings = cast.settings;
  // Every plugin is found before any weights are opened.
  for (const std::string& name : settings.get<std::vector<std::string>>("outputs"))
    cast.sinks.push_back(&registry.find(OutputSink::kKind, name));
  if (cast.sinks.empty())
    throw Error(ErrorKind::settings, "'outputs' is empty: the pictures would go nowhere");
  cast.viewers = choose_viewers(settings, registry, on_terminal);
  find_pictures(cast, plan, 0);
  cast.sound = listen(cast, plan);
  choose_weights(cast, *plan.image_model);
  choose_perceptors(cast, registry);

  std::vector<const PluginFile*> plugins = cast.sinks;
  plugins.insert(plugins.end(), cast.viewers.begin(), cast.viewers.end());
  plugins.push_back(plan.image_model);
  if (plan.animation) plugins.push_back(plan.animation);
  for (const auto& [plugin, setup] : cast.perceptors) plugins.push_back(plugin);
  for (const PluginFile* plugin : plugins)
    for (const std::string& warning : plugin->warnings)
      cast.host->log(LogLevel::warning, plugin->path.string() + ": " + warning);
  return cast;
}

void decode_ahead(const Cast& cast, const Plan& plan) {
  if (!plan.animation) return;
  const Timeline timeline(cast.settings);
  const std::int64_t steps =
      cast.settings.get<std::int64_t>("steps_per_scene") * std::ssize(plan.script.scenes);
  find_pictures(cast, plan, timeline.frame_of(steps - 1) * timeline.stride);
}

}  // namespace reverie
