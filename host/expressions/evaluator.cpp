#include "expressions/evaluator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>

#include "expressions/error.h"

namespace reverie::expressions {

/// The parameters of one call of a lambda, or the loop variables of a comprehension.
struct Frame {
  Frame* outer;
  Values locals;
};

namespace {

/// Value of a variable that is a time.
double time_value(const std::string& name, double seconds, double fps, double bpm) {
  if (name == "f") return seconds * fps;
  if (name == "beat") return seconds * bpm / 60;
  return name == "bar" ? seconds * bpm / 60 / 4 : seconds;
}

class Evaluator {
 public:
  /// Where another program looks this one up: `steps` it may still take, and `level` of the nesting.
  Evaluator(const Program& program, std::span<const double> variables, std::size_t steps = kMostSteps,
            std::size_t level = 0)
      : program_(program),
        variables_(variables),
        context_{.steps_left = steps, .numpy = program.numpy},
        level_(level) {}

  std::size_t steps_left() const { return context_.steps_left; }

  /// Of the root's keyframes.
  std::vector<double> places() {
    const Node& root = program_.nodes[program_.root];
    std::vector<double> result;
    for (std::size_t i = 0; i < root.eases.size(); ++i) result.push_back(place_of(root, i, nullptr));
    return result;
  }

  Value value(NodeId id, Frame* frame) {
    const Node& node = program_.nodes[id];
    context_.column = node.column;
    context_.spend(1);
    switch (node.kind) {
      case NodeKind::constant:
        return node.value;
      case NodeKind::variable:
        return variables_[node.slot];
      case NodeKind::local:
        return local(node, frame);
      case NodeKind::lambda:
        return Lambda{id, frame};
      default:
        break;
    }
    const Level level(level_, context_);
    switch (node.kind) {
      case NodeKind::unary:
        return unary_operator(node, frame);
      case NodeKind::binary:
        return binary_operator(node, frame);
      case NodeKind::compare:
        return comparison(node, frame);
      case NodeKind::both:
        return junction(node, frame, false);
      case NodeKind::either:
        return junction(node, frame, true);
      case NodeKind::negation:
        return !is_true(node.children[0], frame);
      case NodeKind::conditional:
        return value(node.children[is_true(node.children[0], frame) ? 1 : 2], frame);
      case NodeKind::list:
        return display(node, frame, SequenceKind::list);
      case NodeKind::tuple:
        return display(node, frame, SequenceKind::tuple);
      case NodeKind::subscript:
        return element(node, frame);
      case NodeKind::slice:
        return part(node, frame);
      case NodeKind::call:
        return call(node, frame);
      case NodeKind::keyframes:
        return between_keyframes(node, frame);
      case NodeKind::curve:
        return curve(node, frame);
      case NodeKind::slew:
        return slew(node, frame);
      default:
        return comprehension(node, frame);
    }
  }

 private:
  bool is_true(NodeId id, Frame* frame) {
    const Value condition = value(id, frame);
    context_.column = program_.nodes[id].column;
    return truth(context_, condition);
  }

  Value local(const Node& node, Frame* frame) {
    context_.spend(node.up);
    for (std::uint32_t i = 0; i < node.up; ++i) frame = frame->outer;
    const Value& value = frame->locals[node.slot];
    if (!is_set(value)) context_.fail("the name '" + node.names[0] + "' has no value yet");
    return value;
  }

  Value unary_operator(const Node& node, Frame* frame) {
    const Value operand = value(node.children[0], frame);
    context_.column = node.column;
    return unary(context_, node.op, operand);
  }

  Value binary_operator(const Node& node, Frame* frame) {
    const Value left = value(node.children[0], frame), right = value(node.children[1], frame);
    context_.column = node.column;
    return binary(context_, node.op, left, right);
  }

  Value comparison(const Node& node, Frame* frame) {
    Value left = value(node.children[0], frame);
    for (std::size_t i = 0;; ++i) {
      Value right = value(node.children[i + 1], frame);
      context_.column = node.links[i].column;
      Value result = compare(context_, node.links[i].op, left, right);
      if (i + 1 == node.links.size() || !truth(context_, result)) return result;
      left = std::move(right);
    }
  }

  /// `and` and `or` give one of their operands.
  Value junction(const Node& node, Frame* frame, bool ends) {
    const Value left = value(node.children[0], frame);
    context_.column = node.column;
    return truth(context_, left) == ends ? left : value(node.children[1], frame);
  }

  /// Appends the value, or each of the values of a starred list.
  void append(NodeId id, Frame* frame, Values& values) {
    const Node& node = program_.nodes[id];
    if (node.kind != NodeKind::starred) {
      values.push_back(value(id, frame));
      return;
    }
    const Value list = value(node.children[0], frame);
    context_.column = node.column;
    const Values& more = items(context_, list);
    context_.make_list(values.size() + more.size());
    values.insert(values.end(), more.begin(), more.end());
  }

  Value display(const Node& node, Frame* frame, SequenceKind kind) {
    Values values;
    values.reserve(node.children.size());
    for (const NodeId child : node.children) append(child, frame, values);
    context_.column = node.column;
    return make_sequence(context_, kind, std::move(values));
  }

  double place_of(const Node& node, std::size_t keyframe, Frame* frame) {
    const NodeId id = node.children[1 + 2 * keyframe];
    const Value place = value(id, frame);
    context_.column = program_.nodes[id].column;
    const double number = real(context_, place);
    if (!std::isfinite(number)) context_.fail("a keyframe's place is a finite number");
    return number;
  }

  Value between_keyframes(const Node& node, Frame* frame) {
    const Value now = value(node.children[0], frame);
    const double f = real(context_, now);
    const std::size_t count = node.eases.size();
    std::vector<double> computed;
    for (std::size_t i = 0; i < count && node.table.empty(); ++i) {
      computed.push_back(place_of(node, i, frame));
      if (i > 0 && !(computed[i] > computed[i - 1]))
        context_.fail("keyframes stand in the order of their places: this one is not behind the one before");
    }
    const std::vector<double>& places = node.table.empty() ? computed : node.table;
    const auto next =
        static_cast<std::size_t>(std::upper_bound(places.begin(), places.end(), f) - places.begin());
    const auto value_of = [&](std::size_t keyframe) { return value(node.children[2 + 2 * keyframe], frame); };
    if (next == 0) return value_of(0);
    const Ease& ease = node.eases[next - 1];
    if (next == count || f == places[next - 1] || ease.family == Ease::Family::step)
      return value_of(next - 1);
    const bool cubic = ease.family == Ease::Family::cubic;
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    std::array<double, 4> near;
    std::array<Value, 4> values;
    for (std::size_t i = 0; i < 4; ++i) {
      const bool outer = i == 0 || i == 3, there = next + i >= 2 && next + i - 2 < count;
      near[i] = there && (cubic || !outer) ? places[next + i - 2] : kNone;
      values[i] = std::isnan(near[i]) ? Value(kNone) : value_of(next + i - 2);
    }
    context_.column = node.column;
    const double u = eased(ease, (f - near[1]) / (near[2] - near[1]));
    const auto mix = [&](const std::array<double, 4>& numbers) {
      return cubic ? monotone_cubic(near, numbers, f) : numbers[1] + (numbers[2] - numbers[1]) * u;
    };
    std::size_t length = 0;
    for (const Value& each : values)
      if (const Sequence* sequence = as_sequence(each)) length = std::max(length, sequence->items.size());
    const auto part = [&](std::size_t at) {
      std::array<double, 4> numbers;
      for (std::size_t i = 0; i < 4; ++i) {
        const Sequence* sequence = as_sequence(values[i]);
        if (sequence && sequence->items.size() != length)
          context_.fail("keyframes have lists of different lengths");
        numbers[i] = real(context_, sequence ? sequence->items[at] : values[i]);
      }
      return mix(numbers);
    };
    if (!as_sequence(values[1]) && !as_sequence(values[2])) return part(0);
    context_.make_list(length);
    Values results;
    for (std::size_t at = 0; at < length; ++at) results.emplace_back(part(at));
    return make_list(context_, std::move(results));
  }

  /// The variables of the program as they are when `seconds` have passed.
  void set_time(double seconds, double fps, double bpm, std::vector<double>& variables) const {
    for (std::size_t i = 0; i < program_.slots.size(); ++i)
      if (tells_time(program_.slots[i])) variables[i] = time_value(program_.slots[i], seconds, fps, bpm);
  }

  /// Goes through all frames from the first move on, so that it has no memory and is the same wherever a run
  /// goes on.
  Value slew(const Node& node, Frame* frame) {
    std::array<double, 5> numbers;  // up, down, f, fps, bpm
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const Value number = value(node.children[1 + i], frame);
      context_.column = program_.nodes[node.children[1 + i]].column;
      numbers[i] = real(context_, number);
    }
    const auto [up, down, now, fps, bpm] = numbers;
    context_.column = node.column;
    if (!(up >= 0 && down >= 0)) context_.fail("slew() takes speeds from 0 on");
    std::vector<double> variables(variables_.begin(), variables_.end());
    Evaluator other(program_, variables, context_.steps_left, level_);
    const auto at = [&, fps = fps, bpm = bpm](double f) {
      set_time(f / fps, fps, bpm, variables);
      const Value result = other.value(node.children[0], frame);
      return real(other.context_, result);
    };
    double reached = at(std::min(now, 0.0));
    for (double before = 0; before < now;) {
      const double next = std::min(before + 1, now), seconds = (next - before) / fps;
      reached = std::min(std::max(at(next), reached - down * seconds), reached + up * seconds);
      before = next;
    }
    context_.steps_left = other.context_.steps_left;
    return reached;
  }

  /// The other setting at another time; variables that are not times keep their present values.
  Value curve(const Node& node, Frame* frame) {
    const Value when = value(node.children[0], frame);
    context_.column = node.column;
    const double seconds = real(context_, when);
    const CurveUse& use = program_.curves[node.slot];
    if (!use.target) context_.fail("curve() finds no settings here");
    const double fps = variables_[use.slots[0]], bpm = variables_[use.slots[1]];
    std::vector<double> variables;
    for (std::size_t i = 0; i < use.target->slots.size(); ++i) {
      const std::string& name = use.target->slots[i];
      variables.push_back(tells_time(name) ? time_value(name, seconds, fps, bpm)
                                           : variables_[use.slots[2 + i]]);
    }
    Evaluator other(*use.target, variables, context_.steps_left, level_);
    try {
      Value result = other.value(use.target->root, nullptr);
      if (!is_number(result) && !as_sequence(result)) context_.fail("'" + use.name + "' is no number");
      context_.steps_left = other.steps_left();
      return result;
    } catch (const ExpressionError& error) {
      throw ExpressionError("'" + use.name + "' at t = " + std::to_string(seconds) + ": " + error.what(),
                            node.column);
    }
  }

  Value element(const Node& node, Frame* frame) {
    const Value from = value(node.children[0], frame), index = value(node.children[1], frame);
    context_.column = node.column;
    return subscript(context_, from, index);
  }

  Value part(const Node& node, Frame* frame) {
    const Value from = value(node.children[0], frame), start = value(node.children[1], frame);
    const Value stop = value(node.children[2], frame), step = value(node.children[3], frame);
    context_.column = node.column;
    return slice(context_, from, start, stop, step);
  }

  Value call(const Node& node, Frame* frame) {
    const Value callee = value(node.children[0], frame);
    const std::size_t positional = node.children.size() - node.names.size();
    Values arguments;
    for (std::size_t i = 1; i < positional; ++i) append(node.children[i], frame, arguments);
    if (const auto* function = std::get_if<const Function*>(&callee))
      return call(**function, node, frame, arguments);
    context_.column = node.column;
    const auto* lambda = std::get_if<Lambda>(&callee);
    if (!lambda)
      context_.fail("only functions can be called, not " + describe(callee) + "; is an operator missing?");
    const Node& definition = program_.nodes[lambda->node];
    if (arguments.size() != definition.locals)
      context_.fail("this lambda takes " + argument_count(definition.locals) + ", not " +
                    std::to_string(arguments.size()));
    return value(definition.children[0], new_frame(lambda->frame, std::move(arguments)));
  }

  Value call(const Function& function, const Node& node, Frame* frame, Values& arguments) {
    const std::size_t given = arguments.size();
    if (function.most != Function::kAny) arguments.resize(std::max(function.most, given));
    for (std::size_t i = 0; i < node.names.size(); ++i) {
      Value argument = value(node.children[node.children.size() - node.names.size() + i], frame);
      context_.column = node.column;
      if (node.places[i] < given) context_.fail("the argument '" + node.names[i] + "' is given twice");
      arguments[node.places[i]] = std::move(argument);
    }
    context_.column = node.column;
    check_arity(context_, function, given + node.names.size());
    if (!std::all_of(arguments.begin(), arguments.begin() + static_cast<std::ptrdiff_t>(function.least),
                     is_set))
      check_arity(context_, function, given);
    return function.call(context_, arguments);
  }

  Value comprehension(const Node& node, Frame* frame) {
    Values results;
    const NodeId first = program_.nodes[node.children[1]].children[1];
    const Value list = value(first, frame);
    context_.spend(node.locals);
    Frame* inner = new_frame(frame, Values(node.locals));
    loop(node, 1, list, inner, results);
    context_.column = node.column;
    return make_list(context_, std::move(results));
  }

  /// Goes through `list` for the clause, and for each element through the clauses inside.
  void loop(const Node& node, std::size_t clause, const Value& list, Frame* frame, Values& results) {
    const Level level(level_, context_);
    const std::vector<NodeId>& parts = program_.nodes[node.children[clause]].children;
    context_.column = program_.nodes[parts[1]].column;
    for (const Value& item : items(context_, list)) {
      context_.spend(1);
      assign(parts[0], item, frame);
      if (!std::all_of(parts.begin() + 2, parts.end(),
                       [&](NodeId condition) { return is_true(condition, frame); }))
        continue;
      if (clause + 1 < node.children.size()) {
        const Value next = value(program_.nodes[node.children[clause + 1]].children[1], frame);
        loop(node, clause + 1, next, frame, results);
      } else {
        results.push_back(value(node.children[0], frame));
        context_.make_list(results.size() > kLongestList ? results.size() : 1);
      }
    }
  }

  void assign(NodeId target, const Value& item, Frame* frame) {
    const Node& node = program_.nodes[target];
    if (node.kind == NodeKind::local) {
      frame->locals[node.slot] = item;
      return;
    }
    context_.column = node.column;
    const Values& all = items(context_, item);
    if (all.size() != node.children.size())
      context_.fail("there are " + std::to_string(node.children.size()) + " names for " + describe(item));
    for (std::size_t i = 0; i < all.size(); ++i) assign(node.children[i], all[i], frame);
  }

  /// Frames live until the end, because lambdas may refer to them.
  Frame* new_frame(Frame* outer, Values locals) {
    frames_.push_back(std::make_unique<Frame>(Frame{outer, std::move(locals)}));
    return frames_.back().get();
  }

  const Program& program_;
  std::span<const double> variables_;
  Context context_;
  std::size_t level_;
  std::vector<std::unique_ptr<Frame>> frames_;
};

}  // namespace

bool tells_time(const std::string& name) {
  return name == "t" || name == "s" || name == "f" || name == "beat" || name == "bar";
}

Value evaluate(const Program& program, std::span<const double> variables) {
  return Evaluator(program, variables).value(program.root, nullptr);
}

std::vector<double> root_places(const Program& program, std::span<const double> variables) {
  return Evaluator(program, variables).places();
}

}  // namespace reverie::expressions
