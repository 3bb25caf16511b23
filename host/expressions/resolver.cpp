#include "expressions/resolver.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/nearest.h"
#include "expressions/error.h"

namespace reverie::expressions {
namespace {

class Resolver {
 public:
  Resolver(Program& program, const std::set<std::string>& names, const std::set<std::string>& measured)
      : program_(program), names_(names), measured_(measured) {}

  void node(NodeId id) {
    Node& node = program_.nodes[id];
    switch (node.kind) {
      case NodeKind::name:
        return name(node);
      case NodeKind::lambda:
        scopes_.push_back(node.names);
        node.locals = static_cast<std::uint32_t>(node.names.size());
        this->node(node.children[0]);
        return scopes_.pop_back();
      case NodeKind::comprehension:
        return comprehension(node);
      default:
        for (const NodeId child : node.children) this->node(child);
        if (node.kind == NodeKind::call) call(node);
        if (node.kind == NodeKind::keyframes) keyframes(node);
        if (node.kind == NodeKind::curve) curve(node);
        if (node.kind == NodeKind::slew && is_measured(node.children[0]))
          throw ExpressionError(
              "slew() needs earlier values, and what depends on the sound or on depths is known only now",
              node.column);
    }
  }

 private:
  void name(Node& node) {
    const std::string& name = node.names[0];
    for (std::size_t up = 0; up < scopes_.size(); ++up) {
      const std::vector<std::string>& scope = scopes_[scopes_.size() - 1 - up];
      const auto found = std::find(scope.begin(), scope.end(), name);
      if (found == scope.end()) continue;
      node.kind = NodeKind::local;
      node.up = static_cast<std::uint32_t>(up);
      node.slot = static_cast<std::uint32_t>(found - scope.begin());
      return;
    }
    if (names_.contains(name)) {
      node.kind = NodeKind::variable;
      auto& slots = program_.slots;
      node.slot = static_cast<std::uint32_t>(std::find(slots.begin(), slots.end(), name) - slots.begin());
      if (node.slot == slots.size()) slots.push_back(name);
      return;
    }
    if (const Function* function = find_function(name)) {
      node.value = function;
    } else if (const Constant* constant = find_constant(name)) {
      node.value = constant->value;
    } else {
      unknown(node);
    }
    node.kind = NodeKind::constant;
  }

  [[noreturn]] void unknown(const Node& node) const {
    const std::string& name = node.names[0];
    if (name == "np") throw ExpressionError("np is written before a name, as in np.sin", node.column, name);
    if (name == "curve")
      throw ExpressionError("curve() takes the name of a setting, and seconds: curve(translate_x, t - 0.5)",
                            node.column);
    // Of names that are equally near, a variable is meant rather than one of hundreds of functions.
    std::vector<std::string> candidates, letters;
    const auto add_variables = [&](const auto& variables) {
      for (const std::string& variable : variables)
        (variable.size() > 1 ? candidates : letters).push_back(variable);
    };
    add_variables(names_);
    for (const auto& scope : scopes_) add_variables(scope);
    candidates.insert(candidates.end(), known_names().begin(), known_names().end());
    candidates.insert(candidates.end(), letters.begin(), letters.end());
    const std::string near = name.size() > 1 ? nearest(name, candidates) : "";
    throw ExpressionError(
        "the name '" + name + "' is not known" + (near.empty() ? "" : "; is '" + near + "' meant?"),
        node.column, name);
  }

  /// All names in a target.
  void collect(NodeId target, std::vector<std::string>& scope) const {
    const Node& node = program_.nodes[target];
    for (const NodeId child : node.children) collect(child, scope);
    if (node.kind == NodeKind::name && std::find(scope.begin(), scope.end(), node.names[0]) == scope.end())
      scope.push_back(node.names[0]);
  }

  void comprehension(Node& comprehension) {
    std::vector<std::string> scope;
    for (std::size_t i = 1; i < comprehension.children.size(); ++i)
      collect(program_.nodes[comprehension.children[i]].children[0], scope);
    comprehension.locals = static_cast<std::uint32_t>(scope.size());
    // The first list is outside the loops' variables.
    node(program_.nodes[comprehension.children[1]].children[1]);
    scopes_.push_back(std::move(scope));
    for (std::size_t i = 1; i < comprehension.children.size(); ++i) {
      const std::vector<NodeId>& parts = program_.nodes[comprehension.children[i]].children;
      for (std::size_t k = 0; k < parts.size(); ++k)
        if (i > 1 || k != 1) node(parts[k]);
    }
    node(comprehension.children[0]);
    scopes_.pop_back();
  }

  void call(Node& call) const {
    const Node& callee = program_.nodes[call.children[0]];
    const Context context{.column = call.column};
    const auto* pointer =
        callee.kind == NodeKind::constant ? std::get_if<const Function*>(&callee.value) : nullptr;
    if (!pointer) {
      if (!call.names.empty())
        context.fail("arguments with a name are for functions that are called by name");
      return;
    }
    const Function& function = **pointer;
    const std::size_t positional = call.children.size() - 1 - call.names.size();
    for (const std::string& keyword : call.names) {
      call.places.push_back(parameter_position(context, function, keyword));
      if (call.places.back() < positional) context.fail("the argument '" + keyword + "' is given twice");
    }
    const bool starred = std::any_of(call.children.begin(), call.children.end(), [&](NodeId child) {
      return program_.nodes[child].kind == NodeKind::starred;
    });
    if (starred) return;
    check_arity(context, function, positional + call.names.size());
    for (std::size_t i = positional; i < function.least; ++i)
      if (std::find(call.places.begin(), call.places.end(), i) == call.places.end())
        check_arity(context, function, i);
  }

  bool varies(NodeId id) const {
    const Node& node = program_.nodes[id];
    return node.kind == NodeKind::variable || node.kind == NodeKind::local || node.kind == NodeKind::curve ||
           std::any_of(node.children.begin(), node.children.end(),
                       [&](NodeId child) { return varies(child); });
  }

  /// As animation programs have it: numbers are led over to the next keyframe, formulas hold until it.
  void keyframes(Node& keyframes) const {
    for (std::size_t i = 0; i < keyframes.eases.size(); ++i)
      if (keyframes.eases[i].family == Ease::Family::automatic)
        keyframes.eases[i].family =
            varies(keyframes.children[2 + 2 * i]) ? Ease::Family::step : Ease::Family::linear;
    std::vector<double> places;
    for (std::size_t i = 0; i < keyframes.eases.size(); ++i) {
      const std::optional<double> place = plain_number(keyframes.children[1 + 2 * i]);
      if (!place || !std::isfinite(*place) || (i > 0 && !(*place > places.back()))) return;
      places.push_back(*place);
    }
    keyframes.table = std::move(places);
  }

  /// Of what is written as a number.
  std::optional<double> plain_number(NodeId id) const {
    const Node& node = program_.nodes[id];
    if (node.kind == NodeKind::unary && node.op == Operator::minus) {
      const std::optional<double> number = plain_number(node.children[0]);
      return number ? std::optional(-*number) : std::nullopt;
    }
    if (node.kind != NodeKind::constant || !is_number(node.value)) return std::nullopt;
    return real({.column = node.column}, node.value);
  }

  bool is_measured(NodeId id) const {
    const Node& node = program_.nodes[id];
    if (node.kind == NodeKind::variable) return measured_.contains(program_.slots[node.slot]);
    return std::any_of(node.children.begin(), node.children.end(),
                       [&](NodeId child) { return is_measured(child); });
  }

  void curve(Node& node) {
    node.slot = static_cast<std::uint32_t>(program_.curves.size());
    program_.curves.push_back({node.names[0], node.column});
  }

  Program& program_;
  const std::set<std::string>&names_, &measured_;
  std::vector<std::vector<std::string>> scopes_;
};

}  // namespace

void resolve(Program& program, const std::set<std::string>& names, const std::set<std::string>& measured) {
  Resolver(program, names, measured).node(program.root);
  program.variables = {program.slots.begin(), program.slots.end()};
  program.numpy = std::any_of(program.slots.begin(), program.slots.end(),
                              [&](const std::string& name) { return measured.contains(name); });
}

}  // namespace reverie::expressions
