#include "expressions/parser.h"

#include <algorithm>
#include <array>

#include "expressions/error.h"
#include "expressions/token_stream.h"
#include "expressions/tree_builder.h"

namespace reverie::expressions {
namespace {

struct BinaryOperator {
  std::string_view symbol;
  Operator op;
  int precedence;
};
constexpr BinaryOperator kBinary[] = {
    {"|", Operator::bit_or, 1},        {"^", Operator::bit_xor, 2},      {"&", Operator::bit_and, 3},
    {"<<", Operator::shift_left, 4},   {">>", Operator::shift_right, 4}, {"+", Operator::add, 5},
    {"-", Operator::subtract, 5},      {"*", Operator::multiply, 6},     {"/", Operator::divide, 6},
    {"//", Operator::floor_divide, 6}, {"%", Operator::modulo, 6},
};
constexpr std::pair<std::string_view, Operator> kComparisons[] = {
    {"<", Operator::less},           {"<=", Operator::less_equal}, {">", Operator::greater},
    {">=", Operator::greater_equal}, {"==", Operator::equal},      {"!=", Operator::not_equal},
};

class Parser : private TokenStream, private TreeBuilder {
 public:
  explicit Parser(const std::string& text) : TokenStream(text) {}

  std::vector<Node> run() {
    if (peek().kind == TokenKind::end) fail("an expression is missing", 0);
    const std::size_t column = peek().column;
    std::vector<NodeId> elements{expression()};
    if (at_place_end()) {
      keyframes(elements[0], column);
      if (peek().kind != TokenKind::end) unexpected();
      return take_nodes();
    }
    const bool tuple = at(",");
    while (accept(",") && peek().kind != TokenKind::end) elements.push_back(expression());
    if (peek().kind != TokenKind::end) unexpected();
    if (tuple) add(NodeKind::tuple, column, std::move(elements));
    return take_nodes();
  }

 private:
  Level deeper() { return {level_, {.column = peek().column}}; }

  /// An expression, which may be starred.
  NodeId element(bool argument = false) {
    const std::size_t column = peek().column;
    if (!accept("*")) return expression();
    return add(NodeKind::starred, column, {argument ? expression() : binary(1)});
  }

  NodeId expression() {
    const Level level = deeper();
    if (at("lambda")) return lambda();
    const NodeId value = disjunction();
    const std::size_t column = peek().column;
    if (!accept("if")) return value;
    const NodeId condition = disjunction();
    if (!accept("else")) {
      if (peek().kind == TokenKind::end) fail("'if' without 'else'", column);
      unexpected();
    }
    const NodeId otherwise = expression();
    return add(NodeKind::conditional, column, {condition, value, otherwise});
  }

  /// Behind a keyframe's place: its unit or its colon.
  bool at_place_end() const {
    return at(":") || (peek().kind == TokenKind::name && (peek().text == "s" || peek().text == "b") &&
                       peek(1).text == ":");
  }

  NodeId binary_node(Operator op, std::size_t column, NodeId left, NodeId right) {
    return add({.kind = NodeKind::binary,
                .column = static_cast<std::uint32_t>(column),
                .children = {left, right},
                .op = op});
  }

  /// place: value ease, place: value ... behind the first place.
  NodeId keyframes(NodeId place, std::size_t column) {
    std::vector<NodeId> children{name(column, "f")};
    std::vector<Ease> eases;
    for (;;) {
      const std::size_t unit = peek().column;
      if (accept("s")) {
        place = binary_node(Operator::multiply, unit, place, name(unit, "fps"));
      } else if (accept("b")) {
        const NodeId seconds = binary_node(Operator::divide, unit, constant(unit, 60.0), name(unit, "bpm"));
        const NodeId frames = binary_node(Operator::multiply, unit, seconds, name(unit, "fps"));
        place = binary_node(Operator::multiply, unit, place, frames);
      }
      if (!accept(":")) fail("a keyframe is a place, ':' and a value, as in 0: 1, 60: 1.5", peek().column);
      children.push_back(place);
      children.push_back(expression());
      eases.push_back(ease());
      if (!accept(",") || peek().kind == TokenKind::end || at("]")) break;
      place = expression();
    }
    return add({.kind = NodeKind::keyframes,
                .column = static_cast<std::uint32_t>(column),
                .children = std::move(children),
                .eases = std::move(eases)});
  }

  Ease ease() {
    if (peek().kind != TokenKind::name || is_keyword(peek().text)) return {};
    const std::size_t column = peek().column;
    const std::string written = take_name();
    std::optional<Ease> found = find_ease(written);
    if (!found) {
      std::string names;
      for (const std::string_view known : ease_names())
        names += (names.empty() ? "" : ", ") + std::string(known);
      fail("'" + written + "' is no ease; there are " + names, column);
    }
    if (found->family == Ease::Family::bezier) {
      if (!accept("(")) fail("bezier has four numbers, x1, y1, x2, y2: bezier(0.4, 0, 0.2, 1)", column);
      for (int i = 0; i < 4; ++i) {
        const std::size_t sign = peek().column;
        const bool negative = accept("-");
        if (peek().kind != TokenKind::number) fail("bezier has four numbers", sign);
        const double number = real({.column = sign}, take().number) * (negative ? -1 : 1);
        if (i % 2 == 0 && (number < 0 || number > 1)) fail("bezier's x1 and x2 are between 0 and 1", sign);
        found->points[i] = number;
        if (i < 3 && !accept(",")) fail("bezier has four numbers", peek().column);
      }
      expect(")", column);
    }
    return *found;
  }

  NodeId lambda() {
    const std::size_t column = peek().column;
    accept("lambda");
    std::vector<std::string> parameters;
    while (!at(":")) {
      if (at("*") || at("**") || at("/")) fail("only plain parameters are supported here", peek().column);
      const std::size_t name_column = peek().column;
      const std::string parameter = take_name();
      if (std::find(parameters.begin(), parameters.end(), parameter) != parameters.end())
        fail("the parameter '" + parameter + "' is given twice", name_column);
      parameters.push_back(parameter);
      if (at("=")) fail("parameters have no defaults here", peek().column);
      if (!accept(",") && !at(":")) unexpected();
    }
    accept(":");
    const NodeId body = expression();
    return add({.kind = NodeKind::lambda,
                .column = static_cast<std::uint32_t>(column),
                .children = {body},
                .names = std::move(parameters)});
  }

  NodeId disjunction() {
    NodeId left = conjunction();
    while (at("or")) {
      const std::size_t column = take().column;
      left = add(NodeKind::either, column, {left, conjunction()});
    }
    return left;
  }

  NodeId conjunction() {
    NodeId left = inversion();
    while (at("and")) {
      const std::size_t column = take().column;
      left = add(NodeKind::both, column, {left, inversion()});
    }
    return left;
  }

  NodeId inversion() {
    const Level level = deeper();
    const std::size_t column = peek().column;
    if (accept("not")) return add(NodeKind::negation, column, {inversion()});
    return comparison();
  }

  /// The comparison operator that comes next, which is taken.
  std::optional<Link> comparison_operator() {
    const auto column = static_cast<std::uint32_t>(peek().column);
    if (peek().kind == TokenKind::symbol)
      for (const auto& [symbol, op] : kComparisons)
        if (accept(symbol)) return Link{op, column};
    if (accept("in")) return Link{Operator::in, column};
    if (at("not") && peek(1).kind == TokenKind::name && peek(1).text == "in") {
      take();
      take();
      return Link{Operator::not_in, column};
    }
    return {};
  }

  NodeId comparison() {
    std::vector<NodeId> operands{binary(1)};
    std::vector<Link> links;
    while (const auto link = comparison_operator()) {
      links.push_back(*link);
      operands.push_back(binary(1));
    }
    if (links.empty()) return operands[0];
    const std::uint32_t column = links[0].column;
    return add({.kind = NodeKind::compare,
                .column = column,
                .children = std::move(operands),
                .links = std::move(links)});
  }

  /// Operators of at least this precedence.
  NodeId binary(int precedence) {
    NodeId left = unary();
    while (peek().kind == TokenKind::symbol) {
      const auto* op =
          std::find_if(std::begin(kBinary), std::end(kBinary), [&](const BinaryOperator& candidate) {
            return candidate.symbol == peek().text && candidate.precedence >= precedence;
          });
      if (op == std::end(kBinary)) break;
      const auto column = static_cast<std::uint32_t>(take().column);
      const NodeId right = binary(op->precedence + 1);
      left = add({.kind = NodeKind::binary, .column = column, .children = {left, right}, .op = op->op});
    }
    return left;
  }

  NodeId unary() {
    const Level level = deeper();
    const auto column = static_cast<std::uint32_t>(peek().column);
    for (const Operator op : {Operator::plus, Operator::minus, Operator::invert})
      if (accept(symbol(op)))
        return add({.kind = NodeKind::unary, .column = column, .children = {unary()}, .op = op});
    const NodeId base = postfix();
    const auto operator_column = static_cast<std::uint32_t>(peek().column);
    if (!accept("**")) return base;
    return add({.kind = NodeKind::binary,
                .column = operator_column,
                .children = {base, unary()},
                .op = Operator::power});
  }

  NodeId postfix() {
    NodeId value = atom();
    for (;;) {
      const std::size_t column = peek().column;
      if (at("(") && names_a_curve(value)) {
        value = curve(value);
      } else if (at("(") && node(value).kind == NodeKind::name && node(value).names[0] == "slew") {
        value = slew(node(value).column);
      } else if (accept("(")) {
        value = call(value, column);
      } else if (accept("[")) {
        value = subscript(value, column);
      } else if (at(".")) {
        fail("only np. has parts that can be named", column);
      } else {
        return value;
      }
    }
  }

  /// curve(NAME) or curve(NAME, seconds): no function, since it takes no value of that name.
  bool names_a_curve(NodeId callee) const {
    const Node& name = node(callee);
    return name.kind == NodeKind::name && name.names[0] == "curve" && peek(1).kind == TokenKind::name &&
           !is_keyword(peek(1).text) && (peek(2).text == "," || peek(2).text == ")");
  }

  NodeId curve(NodeId callee) {
    const std::uint32_t column = node(callee).column;
    const std::size_t bracket = take().column;
    const std::string setting = take_name();
    const NodeId seconds = accept(",") ? expression() : name(column, "t");
    accept(",");
    expect(")", bracket);
    return add({.kind = NodeKind::curve, .column = column, .children = {seconds}, .names = {setting}});
  }

  /// No function, either: it takes its value at earlier times, too.
  NodeId slew(std::uint32_t column) {
    const std::size_t bracket = take().column;
    std::vector<NodeId> children;
    while (!at(")") && children.size() < 3) {
      children.push_back(expression());
      if (!accept(",") && !at(")")) expect(")", bracket);
    }
    if (children.size() < 3 || !at(")"))
      fail("slew() takes a value, and how fast it may rise and fall in a second: slew(x, 2, 0.5)", column);
    accept(")");
    for (const char* variable : {"f", "fps", "bpm"}) children.push_back(name(column, variable));
    return add(NodeKind::slew, column, std::move(children));
  }

  NodeId call(NodeId callee, std::size_t bracket) {
    std::vector<NodeId> children{callee};
    std::vector<std::string> keywords;
    while (!at(")")) {
      const std::size_t column = peek().column;
      if (at("**")) fail("** is not supported in calls", column);
      if (peek().kind == TokenKind::name && peek(1).text == "=" && peek(1).kind == TokenKind::symbol) {
        const std::string keyword = take_name();
        if (std::find(keywords.begin(), keywords.end(), keyword) != keywords.end())
          fail("the argument '" + keyword + "' is given twice", column);
        keywords.push_back(keyword);
        take();
        children.push_back(expression());
      } else {
        const NodeId argument = element(true);
        if (!keywords.empty()) fail("arguments without a name come first", column);
        if (at("for")) {
          if (node(argument).kind == NodeKind::starred) unexpected();
          children.push_back(comprehension(argument, column));
          if (children.size() > 2 || !at(")"))
            fail("'... for ... in ...' beside other arguments needs brackets", column);
        } else {
          children.push_back(argument);
        }
      }
      if (!accept(",") && !at(")")) expect(")", bracket);
    }
    accept(")");
    return add({.kind = NodeKind::call,
                .column = node(callee).column,
                .children = std::move(children),
                .names = std::move(keywords)});
  }

  NodeId subscript(NodeId from, std::size_t bracket) {
    if (at("]")) unexpected();
    std::vector<NodeId> parts{from};
    bool slice = false;
    const auto missing = [&] { parts.push_back(constant(bracket, None{})); };
    const auto part = [&] { at(":") || at("]") ? missing() : parts.push_back(expression()); };
    part();
    if (accept(":")) {
      slice = true;
      part();
      accept(":") ? part() : missing();
    }
    if (at(",")) fail("lists have one dimension only here: a[i][k], not a[i, k]", peek().column);
    expect("]", bracket);
    return add(slice ? NodeKind::slice : NodeKind::subscript, bracket, std::move(parts));
  }

  NodeId atom() {
    const Token& token = peek();
    const auto column = static_cast<std::uint32_t>(token.column);
    if (token.kind == TokenKind::number) return constant(column, take().number);
    if (accept("(")) return parentheses(column);
    if (accept("[")) return list(column);
    for (const auto& [word, value] :
         {std::pair{"True", Value(true)}, {"False", Value(false)}, {"None", Value(None{})}})
      if (accept(word)) return constant(column, value);
    if (token.kind != TokenKind::name || is_keyword(token.text)) unexpected();
    std::string path = take_name();
    while ((path == "np" || path.starts_with("np.")) && accept(".")) path += "." + take_name();
    return name(column, std::move(path));
  }

  NodeId parentheses(std::size_t column) {
    if (accept(")")) return add(NodeKind::tuple, column, {});
    std::vector<NodeId> elements{element()};
    const bool starred = node(elements[0]).kind == NodeKind::starred;
    if (at("for") && !starred) {
      const NodeId result = comprehension(elements[0], column);
      expect(")", column);
      return result;
    }
    const bool tuple = at(",");
    while (accept(",") && !at(")")) elements.push_back(element());
    expect(")", column);
    if (starred && !tuple) fail("* belongs in a list or a call", node(elements[0]).column);
    return tuple ? add(NodeKind::tuple, column, std::move(elements)) : elements[0];
  }

  NodeId list(std::size_t column) {
    std::vector<NodeId> elements;
    while (!at("]")) {
      elements.push_back(element());
      if (elements.size() == 1 && at_place_end() && node(elements[0]).kind != NodeKind::starred) {
        const NodeId result = keyframes(elements[0], column);
        expect("]", column);
        return result;
      }
      if (at("for") && elements.size() == 1 && node(elements[0]).kind != NodeKind::starred) {
        const NodeId result = comprehension(elements[0], column);
        expect("]", column);
        return result;
      }
      if (!accept(",") && !at("]")) expect("]", column);
    }
    accept("]");
    return add(NodeKind::list, column, std::move(elements));
  }

  /// What follows the element. Gives a list also where Python has a generator.
  NodeId comprehension(NodeId element, std::size_t column) {
    std::vector<NodeId> children{element};
    while (at("for")) {
      const std::size_t for_column = take().column;
      std::vector<NodeId> parts{target()};
      if (!accept("in")) unexpected();
      parts.push_back(disjunction());
      while (accept("if")) parts.push_back(disjunction());
      children.push_back(add(NodeKind::clause, for_column, std::move(parts)));
    }
    return add(NodeKind::comprehension, column, std::move(children));
  }

  /// What the elements of a list are called: a name, or names in a tuple.
  NodeId target() {
    const Level level = deeper();
    const std::size_t column = peek().column;
    std::vector<NodeId> targets;
    bool tuple = false;
    do {
      if (tuple && (at("in") || at(")") || at("]"))) break;
      const std::size_t name_column = peek().column;
      if (const bool round = accept("("); round || accept("[")) {
        targets.push_back(target());
        if (node(targets.back()).kind == NodeKind::name && !round)
          targets.back() = add(NodeKind::tuple, name_column, {targets.back()});
        expect(round ? ")" : "]", name_column);
      } else {
        targets.push_back(name(name_column, take_name()));
      }
      tuple |= at(",");
    } while (accept(","));
    return tuple ? add(NodeKind::tuple, column, std::move(targets)) : targets[0];
  }

  std::size_t level_ = 0;
};

}  // namespace

namespace {

/// Keyframes without formulas, as files of curves have them: long, but simple.
bool is_table(std::string_view text) {
  bool keyframes = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    keyframes = keyframes || c == ':';
    const bool of_exponent = c == '+' && i > 0 && text[i - 1] == 'e';
    if (!of_exponent && std::string_view("0123456789.-e:, []\n").find(c) == std::string_view::npos)
      return false;
  }
  return keyframes;
}

}  // namespace

Program parse(std::string text) {
  const std::size_t longest = text.size() > kLongestText && is_table(text) ? kLongestTable : kLongestText;
  if (text.size() > longest)
    throw ExpressionError(
        "this is too long for an expression; " + std::to_string(longest) + " characters are the limit", 0);
  Program program;
  program.text = std::move(text);
  program.nodes = Parser(program.text).run();
  program.root = static_cast<NodeId>(program.nodes.size() - 1);
  return program;
}

}  // namespace reverie::expressions
