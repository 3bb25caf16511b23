#pragma once
// What expressions compute with: Python's None, bool, int (64 bits here), float, list and tuple, NumPy's
// arrays of one dimension, and functions.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "expressions/limits.h"

namespace reverie::expressions {

struct Frame;
struct Function;
struct Sequence;

/// No value: an argument that was left out, or a loop variable before its loop.
struct Unset {};
struct None {};
/// A function written as an expression, with the variables around it. Lives as long as the evaluation.
struct Lambda {
  std::uint32_t node;
  Frame* frame;
};

using Value = std::variant<Unset, None, bool, std::int64_t, double, std::shared_ptr<const Sequence>,
                           const Function*, Lambda>;
using Values = std::vector<Value>;
using Arguments = std::span<const Value>;

enum class SequenceKind : std::uint8_t { list, tuple, array };
/// range(), zip() and enumerate() give lists. Arrays hold numbers only, all of one type.
struct Sequence {
  SequenceKind kind;
  Values items;
  std::size_t depth;  ///< of the deepest lists inside each other, this one included; at most kDeepestList
};

/// What an evaluation carries along: where it is, for messages, how much it may still do, and whose rules
/// hold.
struct Context {
  std::size_t column = 0;
  std::size_t steps_left = kMostSteps;
  bool numpy = false;  ///< where Python's numbers would fail, go on with infinity and nan, as NumPy's do

  [[noreturn]] void fail(const std::string& message) const;
  /// Counts work before it is done.
  void spend(std::size_t steps);
  /// Counts the elements of a list before it is made.
  void make_list(std::size_t length);
};

/// One of the things that are open inside each other; fails for too many.
class Level {
 public:
  Level(std::size_t& open, const Context& context) : open_(open) {
    if (open_ == kDeepest) context.fail("this is nested too deeply, or calls itself without end");
    ++open_;
  }
  ~Level() { --open_; }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;

 private:
  std::size_t& open_;
};

/// "a list", "a whole number" ...
std::string describe(const Value& value);

inline bool is_set(const Value& value) { return !std::holds_alternative<Unset>(value); }
inline bool is_none(const Value& value) { return std::holds_alternative<None>(value); }
inline bool is_real(const Value& value) { return std::holds_alternative<double>(value); }
/// int or bool.
inline bool is_integer(const Value& value) {
  return std::holds_alternative<std::int64_t>(value) || std::holds_alternative<bool>(value);
}
inline bool is_number(const Value& value) { return is_real(value) || is_integer(value); }
/// The list, tuple or array, or null.
inline const Sequence* as_sequence(const Value& value) {
  const auto* pointer = std::get_if<std::shared_ptr<const Sequence>>(&value);
  return pointer ? pointer->get() : nullptr;
}
inline bool is_array(const Value& value) {
  const Sequence* sequence = as_sequence(value);
  return sequence && sequence->kind == SequenceKind::array;
}

/// These fail for other types.
double real(const Context& context, const Value& value);
std::int64_t integer(const Context& context, const Value& value);
const Values& items(const Context& context, const Value& value);
/// Python's bool(): empty lists, zeros and None are false.
bool truth(const Context& context, const Value& value);

/// The only way to a list. Fails where it would be nested too deeply.
Value make_sequence(const Context& context, SequenceKind kind, Values items);
inline Value make_list(const Context& context, Values items) {
  return make_sequence(context, SequenceKind::list, std::move(items));
}
/// As np.array(): numbers become floats if any is one, else ints if any is one. Fails for anything else.
Value make_array(const Context& context, Values items);

}  // namespace reverie::expressions
