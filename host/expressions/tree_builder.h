#pragma once
// Collects a program's nodes, children first.

#include <algorithm>
#include <utility>
#include <vector>

#include "expressions/error.h"
#include "expressions/program.h"

namespace reverie::expressions {

class TreeBuilder {
 public:
  NodeId add(Node node) {
    for (const NodeId child : node.children) node.depth = std::max(node.depth, nodes_[child].depth + 1);
    if (node.depth > kDeepest) throw ExpressionError("this is nested too deeply", node.column);
    nodes_.push_back(std::move(node));
    return static_cast<NodeId>(nodes_.size() - 1);
  }
  NodeId add(NodeKind kind, std::size_t column, std::vector<NodeId> children) {
    return add({.kind = kind, .column = static_cast<std::uint32_t>(column), .children = std::move(children)});
  }
  NodeId constant(std::size_t column, Value value) {
    return add({.kind = NodeKind::constant,
                .column = static_cast<std::uint32_t>(column),
                .value = std::move(value)});
  }
  NodeId name(std::size_t column, std::string name) {
    return add(
        {.kind = NodeKind::name, .column = static_cast<std::uint32_t>(column), .names = {std::move(name)}});
  }

  const Node& node(NodeId id) const { return nodes_[id]; }
  std::vector<Node> take_nodes() { return std::move(nodes_); }

 private:
  std::vector<Node> nodes_;
};

}  // namespace reverie::expressions
