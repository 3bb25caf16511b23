#pragma once
// A compiled expression.

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "expressions/functions.h"
#include "expressions/keyframes.h"
#include "expressions/operators.h"
#include "expressions/value.h"

namespace reverie::expressions {

using NodeId = std::uint32_t;

enum class NodeKind : std::uint8_t {
  constant,     ///< value
  name,         ///< text; becomes a constant, a variable or a local when names are resolved
  variable,     ///< slot in the evaluation's variables
  local,        ///< slot in the frame that is `up` frames outwards
  unary,        ///< op, [operand]
  binary,       ///< op, [left, right]
  compare,      ///< links, [operands]
  both,         ///< `and`: [left, right]
  either,       ///< `or`
  negation,     ///< `not`
  conditional,  ///< [condition, then, otherwise]
  list,         ///< [elements]
  tuple,
  starred,        ///< *[list], in a call or display
  subscript,      ///< [from, index]
  slice,          ///< [from, start, stop, step]
  call,           ///< [callee, arguments ...], with the names of the last ones
  lambda,         ///< names of the parameters, [body]
  comprehension,  ///< [element, clauses ...]
  clause,         ///< [target, list, conditions ...]
  keyframes,      ///< [frame now, place, value, place, value ...] with an ease for each value
  curve,          ///< slot in the program's curves, [seconds]
  slew,           ///< [value, up, down, f, fps, bpm]
};

struct Link {
  Operator op;
  std::uint32_t column;
};

/// A node's children come before it in the list of nodes.
struct Node {
  NodeKind kind;
  std::uint32_t column;
  std::vector<NodeId> children = {};
  Operator op = Operator::add;
  Value value = Unset{};
  std::uint32_t slot = 0, up = 0;
  std::uint32_t depth = 1;   ///< of the tree below
  std::uint32_t locals = 0;  ///< of lambda and comprehension: the size of the frame
  std::vector<Link> links = {};
  std::vector<std::string> names =
      {};                          ///< a name, a lambda's parameters, or those of a call's last arguments
  std::vector<Ease> eases = {};    ///< of keyframes, each until the next one
  std::vector<double> table = {};  ///< of keyframes whose places are plain numbers: these, ascending
  std::vector<std::size_t> places = {};  ///< where these arguments stand in the function's list
};

struct Program;

/// Another setting's curve that an expression looks up.
struct CurveUse {
  std::string name;
  std::uint32_t column;
  std::shared_ptr<const Program> target = nullptr;  ///< null: nobody has said yet which one that is
  std::vector<std::size_t> slots = {};              ///< of its slots: those of the program that looks it up
};

struct Program {
  std::string text;
  std::vector<Node> nodes;
  NodeId root = 0;
  std::vector<std::string> slots;   ///< the variables, as the nodes number them
  std::set<std::string> variables;  ///< the same
  std::vector<CurveUse> curves;     ///< one for each place where one is looked up
  bool numpy = false;               ///< numbers follow NumPy: a measured variable takes part
  std::optional<Value> result;      ///< of an expression without variables
};

}  // namespace reverie::expressions
