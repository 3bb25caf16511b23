#pragma once
// Reads Python's pickle format, protocols 2 to 4 (CPython's Lib/pickletools.py describes it), without Python.
//
// A pickle is a program for a small stack machine. Here it is run symbolically: what would import or call
// something becomes a value that says so, and nothing else happens.

#include <cstdint>
#include <string_view>
#include <vector>

#include "weights/byte_reader.h"

namespace reverie::weights::pickle {

/// Values refer to each other by their position in Document::values: a hostile pickle can nest them a million
/// deep or in circles, which pointers that own would have to follow when they are destroyed.
using Id = std::uint32_t;
inline constexpr Id kAbsent = ~Id{0};

enum class Kind : std::uint8_t {
  none,
  boolean,      ///< integer: 0 or 1
  integer,      ///< integer
  big_integer,  ///< text: two's complement, lowest byte first, more than 8 bytes
  real,         ///< real
  text,         ///< text: UTF-8 as a rule, unchecked
  bytes,        ///< text
  tuple,        ///< items
  list,         ///< items
  set,          ///< items
  dict,         ///< items: key, value, key, value, ...
  global,       ///< module and text: a class or function by its name
  call,         ///< callable and arguments: an object made by calling; items and state if it was given any
  persistent,   ///< arguments: a reference to something outside of the pickle
};

struct Value {
  Kind kind = Kind::none;
  bool keyed = false;  ///< items are keys and values: always of a dict, never of a list, perhaps of a call
  Id callable = kAbsent;
  Id arguments = kAbsent;
  Id state = kAbsent;
  std::int64_t integer = 0;
  double real = 0;
  std::string_view module = {};
  std::string_view text = {};  ///< lies in the pickle itself
  std::vector<Id> items = {};
};

struct Document {
  std::vector<Value> values;
  Id root = kAbsent;
  std::uint64_t length = 0;  ///< bytes up to and with the end of the pickle; more may follow

  const Value& operator[](Id id) const { return values[id]; }
  /// The i-th item of a tuple or list, null where there is none.
  const Value* item(Id sequence, std::size_t i) const;
};

inline constexpr std::size_t kMaxValues = 2'000'000;  // 0.2 GB; a checkpoint of 1000 tensors needs 40 000

/// Reads one pickle at the beginning of `bytes`, which must outlive the result. Uses time and memory in
/// proportion to its length. Throws Damaged when it is cut off, is not a pickle, or has more than kMaxValues.
Document parse(std::string_view bytes);

}  // namespace reverie::weights::pickle
