#include "weights/pickle.h"

#include <algorithm>
#include <unordered_map>

namespace reverie::weights::pickle {
namespace {

constexpr int kHighestProtocol = 5;

/// The names are pickletools'.
enum Opcode : std::uint8_t {
  MARK = '(',
  STOP = '.',
  POP = '0',
  POP_MARK = '1',
  DUP = '2',
  BINBYTES = 'B',
  SHORT_BINBYTES = 'C',
  BINFLOAT = 'G',
  BININT = 'J',
  BININT1 = 'K',
  BININT2 = 'M',
  NONE = 'N',
  BINPERSID = 'Q',
  REDUCE = 'R',
  BINSTRING = 'T',
  SHORT_BINSTRING = 'U',
  BINUNICODE = 'X',
  EMPTY_LIST = ']',
  APPEND = 'a',
  BUILD = 'b',
  GLOBAL = 'c',
  DICT = 'd',
  APPENDS = 'e',
  BINGET = 'h',
  LONG_BINGET = 'j',
  LIST = 'l',
  BINPUT = 'q',
  LONG_BINPUT = 'r',
  SETITEM = 's',
  TUPLE = 't',
  SETITEMS = 'u',
  EMPTY_DICT = '}',
  EMPTY_TUPLE = ')',
  PROTO = 0x80,
  NEWOBJ = 0x81,
  TUPLE1 = 0x85,
  TUPLE2 = 0x86,
  TUPLE3 = 0x87,
  NEWTRUE = 0x88,
  NEWFALSE = 0x89,
  LONG1 = 0x8A,
  LONG4 = 0x8B,
  SHORT_BINUNICODE = 0x8C,
  BINUNICODE8 = 0x8D,
  BINBYTES8 = 0x8E,
  EMPTY_SET = 0x8F,
  ADDITEMS = 0x90,
  FROZENSET = 0x91,
  NEWOBJ_EX = 0x92,
  STACK_GLOBAL = 0x93,
  MEMOIZE = 0x94,
  FRAME = 0x95,
  BYTEARRAY8 = 0x96,
};

/// Every instruction takes at least one byte of the pickle and adds at most one value, one entry to the stack
/// and one to the memo, or moves entries from the stack into a value: so everything is bounded by its length.
class Machine {
 public:
  explicit Machine(std::string_view bytes) : reader_(bytes) {}

  Document run() {
    if (reader_.number<std::uint8_t>() != PROTO) damaged("it does not begin like a pickle");
    if (const int protocol = reader_.number<std::uint8_t>(); protocol < 2 || protocol > kHighestProtocol)
      damaged("it is a pickle of protocol " + std::to_string(protocol) + "; 2 to 5 can be read");
    for (;;) {
      const auto opcode = reader_.number<std::uint8_t>();
      if (opcode == STOP) break;
      step(opcode);
    }
    document_.root = pop();
    document_.length = reader_.position();
    return std::move(document_);
  }

 private:
  [[noreturn]] void damaged(const std::string& why) const {
    throw Damaged("at byte " + std::to_string(reader_.position()) + " of its pickle, " + why);
  }

  // The stack

  void push(Id id) { stack_.push_back(id); }
  void push(Value value) {
    if (document_.values.size() >= kMaxValues)
      damaged("there are more than " + std::to_string(kMaxValues) + " values");
    document_.values.push_back(std::move(value));
    push(static_cast<Id>(document_.values.size() - 1));
  }
  void push(Kind kind) { push(Value{.kind = kind}); }
  void push_integer(Kind kind, std::int64_t integer) { push(Value{.kind = kind, .integer = integer}); }
  void push_text(Kind kind, std::uint64_t length) { push(Value{.kind = kind, .text = reader_.take(length)}); }
  void push_long(std::uint64_t length) {
    if (length > 8) return push_text(Kind::big_integer, length);
    std::uint64_t bits = 0;
    const std::string_view bytes = reader_.take(length);
    if (length > 0 && static_cast<signed char>(bytes.back()) < 0) bits = ~std::uint64_t{0};
    std::memcpy(&bits, bytes.data(), length);
    push_integer(Kind::integer, static_cast<std::int64_t>(bits));
  }

  /// The entries above the last mark are all that an instruction may take.
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  Id top() const {
    if (stack_.size() <= floor()) damaged("the stack is empty");
    return stack_.back();
  }
  Id pop() {
    const Id id = top();
    stack_.pop_back();
    return id;
  }
  std::vector<Id> pop_to_mark() {
    if (marks_.empty()) damaged("there is no mark");
    const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<Id> items(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return items;
  }
  std::vector<Id> pop_last(std::size_t count) {
    std::vector<Id> items(count);
    for (std::size_t i = count; i-- > 0;) items[i] = pop();
    return items;
  }

  // What instructions do

  void collect(Kind kind, std::vector<Id> items) {
    if (kind == Kind::dict && items.size() % 2 != 0) damaged("a key has no value");
    push(Value{.kind = kind, .keyed = kind == Kind::dict, .items = std::move(items)});
  }

  /// Adds items to the value on top of the stack, or says why that one has none.
  void extend(const std::vector<Id>& items, bool keyed) {
    Value& target = document_.values[top()];
    const bool fits =
        keyed ? target.kind == Kind::dict : target.kind == Kind::list || target.kind == Kind::set;
    const bool object = target.kind == Kind::call && (target.items.empty() || target.keyed == keyed);
    if (!fits && !object) damaged("items are added to a value that has none");
    if (keyed && items.size() % 2 != 0) damaged("a key has no value");
    target.keyed = keyed;
    target.items.insert(target.items.end(), items.begin(), items.end());
  }

  void global(Id module, Id name) {
    const Value& from = document_.values[module];
    const Value& what = document_.values[name];
    if (from.kind != Kind::text || what.kind != Kind::text) damaged("a global is not named by two texts");
    push(Value{.kind = Kind::global, .module = from.text, .text = what.text});
  }

  void call(Id callable, Id arguments) {
    push(Value{.kind = Kind::call, .callable = callable, .arguments = arguments});
  }

  void build() {
    const Id state = pop();
    Value& target = document_.values[top()];
    if (target.kind != Kind::call) damaged("a state is given to a value that has none");
    target.state = state;
  }

  void recall(std::uint32_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end()) damaged("memo " + std::to_string(index) + " is used before it is set");
    push(found->second);
  }

  void step(std::uint8_t opcode) {
    switch (opcode) {
      case PROTO:
        reader_.take(1);
        break;
      case FRAME:
        reader_.take(8);
        break;  // a hint for buffering

      case MARK:
        marks_.push_back(stack_.size());
        break;
      case POP:
        if (!marks_.empty() && marks_.back() == stack_.size())
          marks_.pop_back();
        else
          pop();
        break;
      case POP_MARK:
        pop_to_mark();
        break;
      case DUP:
        push(top());
        break;

      case BINPUT:
        memo_[reader_.number<std::uint8_t>()] = top();
        break;
      case LONG_BINPUT:
        memo_[reader_.number<std::uint32_t>()] = top();
        break;
      case MEMOIZE:
        memo_[static_cast<std::uint32_t>(memo_.size())] = top();
        break;
      case BINGET:
        recall(reader_.number<std::uint8_t>());
        break;
      case LONG_BINGET:
        recall(reader_.number<std::uint32_t>());
        break;

      case NONE:
        push(Kind::none);
        break;
      case NEWTRUE:
        push_integer(Kind::boolean, 1);
        break;
      case NEWFALSE:
        push_integer(Kind::boolean, 0);
        break;
      case BININT:
        push_integer(Kind::integer, reader_.number<std::int32_t>());
        break;
      case BININT1:
        push_integer(Kind::integer, reader_.number<std::uint8_t>());
        break;
      case BININT2:
        push_integer(Kind::integer, reader_.number<std::uint16_t>());
        break;
      case LONG1:
        push_long(reader_.number<std::uint8_t>());
        break;
      case LONG4:
        push_long(reader_.number<std::uint32_t>());
        break;
      case BINFLOAT: {
        const auto bits = __builtin_bswap64(reader_.number<std::uint64_t>());  // the one big-endian number
        push(Value{.kind = Kind::real, .real = std::bit_cast<double>(bits)});
        break;
      }

      case SHORT_BINSTRING:  // Python 2's str
      case SHORT_BINUNICODE:
        push_text(Kind::text, reader_.number<std::uint8_t>());
        break;
      case BINSTRING:
      case BINUNICODE:
        push_text(Kind::text, reader_.number<std::uint32_t>());
        break;
      case BINUNICODE8:
        push_text(Kind::text, reader_.number<std::uint64_t>());
        break;
      case SHORT_BINBYTES:
        push_text(Kind::bytes, reader_.number<std::uint8_t>());
        break;
      case BINBYTES:
        push_text(Kind::bytes, reader_.number<std::uint32_t>());
        break;
      case BINBYTES8:
      case BYTEARRAY8:
        push_text(Kind::bytes, reader_.number<std::uint64_t>());
        break;

      case EMPTY_TUPLE:
        push(Kind::tuple);
        break;
      case EMPTY_LIST:
        push(Kind::list);
        break;
      case EMPTY_SET:
        push(Kind::set);
        break;
      case EMPTY_DICT:
        collect(Kind::dict, {});
        break;
      case TUPLE:
        collect(Kind::tuple, pop_to_mark());
        break;
      case TUPLE1:
        collect(Kind::tuple, pop_last(1));
        break;
      case TUPLE2:
        collect(Kind::tuple, pop_last(2));
        break;
      case TUPLE3:
        collect(Kind::tuple, pop_last(3));
        break;
      case LIST:
        collect(Kind::list, pop_to_mark());
        break;
      case FROZENSET:
        collect(Kind::set, pop_to_mark());
        break;
      case DICT:
        collect(Kind::dict, pop_to_mark());
        break;
      case APPEND:
        extend(pop_last(1), false);
        break;
      case APPENDS:
      case ADDITEMS:
        extend(pop_to_mark(), false);
        break;
      case SETITEM:
        extend(pop_last(2), true);
        break;
      case SETITEMS:
        extend(pop_to_mark(), true);
        break;

      case GLOBAL: {
        const std::string_view module = reader_.line();
        push(Value{.kind = Kind::global, .module = module, .text = reader_.line()});
        break;
      }
      case STACK_GLOBAL: {
        const std::vector<Id> names = pop_last(2);
        global(names[0], names[1]);
        break;
      }
      case NEWOBJ_EX:
        pop();
        [[fallthrough]];  // named arguments, which nothing here looks at
      case REDUCE:
      case NEWOBJ: {
        const std::vector<Id> made_of = pop_last(2);
        call(made_of[0], made_of[1]);
        break;
      }
      case BUILD:
        build();
        break;
      case BINPERSID: {
        const Id reference = pop();
        push(Value{.kind = Kind::persistent, .arguments = reference});
        break;
      }

      default:
        damaged("there is an instruction " + std::to_string(opcode) + ", which PyTorch does not use");
    }
  }

  ByteReader reader_;
  Document document_;
  std::vector<Id> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint32_t, Id> memo_;
};

}  // namespace

const Value* Document::item(Id sequence, std::size_t i) const {
  if (sequence == kAbsent) return nullptr;
  const Value& value = values[sequence];
  if ((value.kind != Kind::tuple && value.kind != Kind::list) || i >= value.items.size()) return nullptr;
  return &values[value.items[i]];
}

Document parse(std::string_view bytes) { return Machine(bytes).run(); }

}  // namespace reverie::weights::pickle
