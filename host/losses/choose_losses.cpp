#include "losses/choose_losses.h"

#include <algorithm>
#include <optional>

#include "base/nearest.h"
#include "base/texts.h"
#include "expressions/point_at.h"
#include "plugins/param_group.h"
#include "prompts/time_variables.h"

namespace reverie {
namespace {

constexpr const char* kSetting = "losses";
/// The members of a group that are the host's.
const std::vector<std::string> kOwn = {"name", "weight", "stop", "mask", "target"};

std::span<const ParamSpec> specs_of(const PluginFile& plugin) {
  return {plugin.descriptor->params, plugin.descriptor->param_count};
}

std::string with_advice(const Error& error) {
  return error.what() + (error.advice().empty() ? "" : "; " + error.advice());
}

/// Reads one group of `losses`.
class LossReader {
 public:
  LossReader(const RawValue& values, const std::string& who, const Location& location,
             const std::set<std::string>& variables, std::vector<Problem>& problems)
      : group_(values, kSetting, who, location, problems), variables_(variables), problems_(problems) {}

  std::optional<LossTerm> read(const PluginRegistry& registry, const std::set<std::string>& variables) {
    LossTerm term;
    term.setting = kSetting;
    term.location = group_.place("");
    term.name = term.written = group_.text("name");
    if (term.name.empty()) {
      group_.problem("its 'name' is missing: the name of a loss plugin");
      return std::nullopt;
    }
    group_.called("the loss '" + term.name + "'");
    try {
      term.plugin = &registry.find(Loss::kKind, term.name);
    } catch (const Error& error) {
      group_.problem(with_advice(error), group_.place("name"));
      return std::nullopt;
    }
    for (const ParamSpec& spec : specs_of(*term.plugin))
      if (std::find(kOwn.begin(), kOwn.end(), lower(spec.name)) != kOwn.end()) {
        group_.problem("the plugin declares a parameter '" + std::string(spec.name) +
                       "', which means something else in every loss; its author must rename it");
        return std::nullopt;
      }
    term.params =
        group_.params(specs_of(*term.plugin), kOwn, "the loss " + term.plugin->name, term.plugin->name);
    compile("weight", term.weight);
    compile("stop", term.stop);
    term.mask = unquoted(trimmed(group_.text("mask")));
    term.inverted = term.mask.rfind('-', 0) == 0;
    if (term.inverted) term.mask = unquoted(trimmed(term.mask.substr(1)));
    term.picture = unquoted(trimmed(group_.text("target")));
    if (!term.picture.empty()) term.target = LossTerm::Target::picture;
    term.varying = parse_motion(term.params, specs_of(*term.plugin), variables, problems_);
    return term;
  }

 private:
  void compile(const char* name, Expression& out) const {
    const std::string text = trimmed(group_.text(name));
    if (text.empty()) return;
    try {
      out = compile_over_time(text, variables_);
    } catch (const ExpressionError& error) {
      group_.problem("'" + std::string(name) + "': " + error.what() + "\n" + point_at(text, error.column()),
                     group_.place(name));
    }
  }

  ParamGroup group_;
  const std::set<std::string>& variables_;
  std::vector<Problem>& problems_;
};

}  // namespace

void choose_losses(std::vector<LossTerm>& terms, const Settings& settings, const PluginRegistry& registry,
                   const std::set<std::string>& variables, std::vector<Problem>& problems) {
  for (LossTerm& term : terms) {
    try {
      term.plugin = &registry.with_role(Loss::kKind, term.setting);
    } catch (const Error& error) {
      problems.push_back({term.location, with_advice(error)});
      continue;
    }
    term.params = default_params(*term.plugin);
    term.varying = parse_motion(term.params, specs_of(*term.plugin), variables, problems);
    if (term.name.empty()) term.name = term.plugin->name;
  }
  std::erase_if(terms, [](const LossTerm& term) { return !term.plugin; });
  const SettingValue* losses = settings.find(kSetting);
  if (!losses) return;
  int number = 0;
  for (const RawValue& group : losses->groups) {
    const Location location = losses->location.in_line(group.line);
    LossReader reader(group, "loss " + std::to_string(++number), location, variables, problems);
    if (std::optional<LossTerm> term = reader.read(registry, variables)) terms.push_back(std::move(*term));
  }
}

Loss::Traits traits_of(const LossTerm& term, Host& host) {
  return create<Loss>(*term.plugin, host, term.params, {{1, 1}, 0})->traits();
}

void check_traits(const LossTerm& term, const Loss::Traits& traits, std::vector<Problem>& problems) {
  if (term.setting != kSetting) return;
  const auto problem = [&](const std::string& message) {
    problems.push_back({term.location, "'" + term.setting + "': the loss '" + term.written + "' " + message});
  };
  if (!traits.target && term.target != LossTerm::Target::none)
    problem("compares the picture with no target; leave 'target' out");
  if (traits.target && term.target == LossTerm::Target::none)
    problem("needs a 'target': the path of the picture to compare with");
  if (!traits.mask && !term.mask.empty()) problem("takes no mask; leave 'mask' out");
}

}  // namespace reverie
