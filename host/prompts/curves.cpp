#include "prompts/curves.h"

#include <algorithm>
#include <map>

#include "base/nearest.h"
#include "base/texts.h"
#include "expressions/point_at.h"
#include "settings/perceptor_list.h"

namespace reverie {
namespace {

class Linker {
 public:
  Linker(Script& script, std::vector<Problem>& problems) : script_(script), problems_(problems) {
    for (std::vector<MotionSetting>* group :
         {&script.motion, &script.retouching, &script.cutting, &script.model})
      for (MotionSetting& setting : *group) add(setting);
    if (script.learning_rate) add(*script.learning_rate);
    if (script.cutouts) add(*script.cutouts);
  }

  void run(const std::function<Location(const std::string&)>& place) {
    for (const auto& [name, setting] : known_)
      link(setting->expression, place(setting->name), "'" + setting->name + "'", name);
    for (Scene& scene : script_.scenes)
      for (Prompt& prompt : scene.prompts) {
        const Location location = place(prompt.setting);
        const std::string whose = "prompt '" + prompt.written + "'";
        link(prompt.weight, location, whose);
        link(prompt.stop, location, whose);
        if (prompt.mask.cutoff) link(*prompt.mask.cutoff, location, whose);
      }
    for (LossTerm& term : script_.losses) {
      link(term.weight, term.location, term.whose());
      link(term.stop, term.location, term.whose());
      for (MotionSetting& setting : term.varying) link(setting.expression, term.location, term.whose());
    }
    for (MotionSetting& weight : script_.perceptor_weights)
      link(weight.expression, place(kPerceptors), weight.name);
  }

 private:
  void add(MotionSetting& setting) { known_.emplace(lower(setting.name), &setting); }

  /// `name`: of the setting whose expression it is; empty for one that nothing looks up.
  void link(Expression& expression, const Location& location, const std::string& whose,
            const std::string& name = {}) {
    if (expression.lookups().empty()) return;
    try {
      expression = linked(expression, name);
    } catch (const ExpressionError& error) {
      problems_.push_back(
          {location, whose + ": " + error.what() + "\n" + point_at(expression.text(), error.column())});
    }
  }

  Expression linked(const Expression& expression, const std::string& name) {
    const auto done = done_.find(name);
    if (done != done_.end()) return done->second;
    open_.push_back(name);
    struct Close {
      std::vector<std::string>& open;
      ~Close() { open.pop_back(); }
    } const close{open_};
    Expression result =
        expression.with_curves([&](const Expression::Lookup& lookup) { return found(lookup); });
    if (!name.empty()) done_.emplace(name, result);
    return result;
  }

  Expression found(const Expression::Lookup& lookup) {
    const std::string name = lower(lookup.name);
    const auto entry = known_.find(name);
    if (entry == known_.end()) {
      std::vector<std::string> names;
      for (const auto& [known, setting] : known_) names.push_back(setting->name);
      const std::string near = nearest(lookup.name, names);
      throw ExpressionError("curve() looks up settings that may be expressions, and '" + lookup.name +
                                "' is none of this run" +
                                (near.empty() ? "" : "; did you mean '" + near + "'?"),
                            lookup.column);
    }
    const MotionSetting& setting = *entry->second;
    if (const auto begin = std::find(open_.begin(), open_.end(), name); begin != open_.end()) {
      std::string circle;
      for (auto each = begin; each != open_.end(); ++each) circle += known_.at(*each)->name + " looks up ";
      throw ExpressionError("settings look each other up in a circle: " + circle + setting.name,
                            lookup.column);
    }
    if (setting.expression.is_measured())
      throw ExpressionError(
          "'" + setting.name + "' depends on the sound or on depths, which nobody knows at another time",
          lookup.column);
    try {
      return linked(setting.expression, name);
    } catch (const ExpressionError& error) {
      throw ExpressionError("'" + setting.name + "': " + error.what(), lookup.column);
    }
  }

  Script& script_;
  std::vector<Problem>& problems_;
  std::map<std::string, MotionSetting*> known_;  // by name in lower case
  std::map<std::string, Expression> done_;       // with their lookups
  std::vector<std::string> open_;                // names that are being looked up, each by the one before
};

}  // namespace

void link_curves(Script& script, const std::function<Location(const std::string&)>& place,
                 std::vector<Problem>& problems) {
  Linker(script, problems).run(place);
}

}  // namespace reverie
