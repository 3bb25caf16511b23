#include "weights/tensor_names.h"

#include <algorithm>
#include <charconv>
#include <unordered_map>

namespace reverie::weights {
namespace {

using pickle::Document;
using pickle::Id;
using pickle::kAbsent;
using pickle::Kind;
using pickle::Value;

constexpr std::size_t kMaxDepth = 256;
// Shared parts are visited once for each path to them, of which there may be exponentially many.
constexpr std::uint64_t kEffortPerByte = 64, kLeastEffort = 1 << 20, kMostEffort = 256 << 20;
constexpr std::uint64_t kVisit = 16, kEntry = 100;  // effort of a visit, memory of an entry of a map

template <typename Number>
std::string to_text(Number number) {
  char text[32];
  return std::string(text, std::to_chars(text, text + sizeof text, number).ptr);
}

/// What text and number leaves say; nothing for other values.
std::optional<std::string> plain_text(const Value& value) {
  switch (value.kind) {
    case Kind::text:
      return std::string(value.text);
    case Kind::integer:
      return to_text(value.integer);
    case Kind::real:
      return to_text(value.real);
    case Kind::boolean:
      return value.integer ? "true" : "false";
    default:
      return std::nullopt;
  }
}

/// A key's part of a name. A class by its name; what has no name of its own by its position.
std::string key_text(const Document& document, const Value& key, std::size_t position) {
  const Value* named = &key;
  // torch.save's old format wraps classes of modules: ('module', class, file, source code).
  if (key.kind == Kind::persistent)
    if (const Value* inner = document.item(key.arguments, 1)) named = inner;
  if (named->kind == Kind::global) return std::string(named->module) + "." + std::string(named->text);
  return plain_text(key).value_or("#" + std::to_string(position));
}

class Walk {
 public:
  Walk(const Document& document, std::uint64_t file_size)
      : document_(document),
        file_size_(file_size),
        effort_(std::min(kLeastEffort + kEffortPerByte * document.length, kMostEffort)),
        on_path_(document.values.size()) {}

  PickledTensors run() {
    visit(document_.root, false);
    while (!frames_.empty()) {
      Frame& frame = frames_.back();
      name_.resize(frame.name_length);
      if (frame.next < children(frame)) {
        const std::size_t i = frame.next++;
        enter(frame, i);
      } else {
        on_path_[frame.container] = false;
        frames_.pop_back();
      }
    }
    return std::move(result_);
  }

 private:
  enum class Contents { items, pairs, pairs_in_lists };
  struct Frame {
    Id container;
    Contents contents;
    const std::vector<Id>* items;
    std::size_t name_length;  // of the container's own name
    bool in_list;
    std::size_t next = 0;
  };

  void spend(std::uint64_t effort) {
    if (effort > effort_)
      throw Damaged("its values refer to each other more often than those of a checkpoint do");
    effort_ -= effort;
  }

  static std::size_t children(const Frame& frame) {
    return frame.contents == Contents::pairs ? frame.items->size() / 2 : frame.items->size();
  }

  /// Visits the i-th child. `frame` does not outlive this.
  void enter(const Frame& frame, std::size_t i) {
    const std::vector<Id>& items = *frame.items;
    Id child = kAbsent;
    std::string part;
    bool in_list = frame.in_list;
    if (frame.contents == Contents::pairs) {
      spend(document_[items[2 * i]].text.size());  // before it is copied
      part = key_text(document_, document_[items[2 * i]], i);
      child = items[2 * i + 1];
    } else if (frame.contents == Contents::pairs_in_lists) {
      const Value* key = document_.item(items[i], 0);
      if (!key || !document_.item(items[i], 1)) return;
      spend(key->text.size());
      part = key_text(document_, *key, i);
      child = document_[items[i]].items[1];
    } else {
      part = std::to_string(i);
      child = items[i];
      in_list = true;
    }
    spend(kVisit + part.size());
    if (frames_.size() > 1) name_ += '.';
    name_ += part;
    visit(child, in_list);
  }

  void visit(Id id, bool in_list) {
    if (const auto tensor = tensor_of(id); tensor != kNoTensor) return add_tensor(tensor);
    const Value& value = document_[id];
    if (auto text = plain_text(value)) {
      spend(value.text.size());
      if (!in_list) add_metadata(std::move(*text));
      return;
    }
    open(id, in_list);
  }

  /// Goes into whatever holds other values, unless they are reached from within it: then they have names
  /// already.
  void open(Id id, bool in_list) {
    for (std::size_t wrappers = 0; wrappers < kMaxDepth; ++wrappers) {
      const Value& value = document_[id];
      const bool holds = value.kind == Kind::tuple || value.kind == Kind::list || value.kind == Kind::dict;
      if (!holds && value.kind != Kind::call) return;
      if (on_path_[id]) return;
      if (holds || !value.items.empty())
        return push(id, value.keyed ? Contents::pairs : Contents::items, value.items, in_list);

      const Value& callable = document_[value.callable];
      const bool global = callable.kind == Kind::global;
      if (global && callable.module == "torch.jit._pickle" && document_.item(value.arguments, 0)) {
        id = document_[value.arguments].items[0];  // a list or dictionary with its type
      } else if (global && callable.module == "collections" && callable.text == "OrderedDict") {
        // Python 2 made one of a list of lists of key and value. A state of it holds version numbers only.
        const Value* pairs = document_.item(value.arguments, 0);
        if (!pairs || (pairs->kind != Kind::list && pairs->kind != Kind::tuple)) return;
        return push(id, Contents::pairs_in_lists, pairs->items, in_list);
      } else if (value.state != kAbsent) {
        id = value.state;
      } else {
        return;
      }
    }
  }

  void push(Id id, Contents contents, const std::vector<Id>& items, bool in_list) {
    if (frames_.size() >= kMaxDepth)
      throw Damaged("its values nest more than " + std::to_string(kMaxDepth) + " deep");
    on_path_[id] = true;
    frames_.push_back({id, contents, &items, name_.size(), in_list});
  }

  static constexpr std::size_t kNoTensor = ~std::size_t{0};

  std::size_t tensor_of(Id id) {
    if (document_[id].kind != Kind::call) return kNoTensor;
    const auto [known, is_new] = tensors_.emplace(id, kNoTensor);
    if (!is_new) return known->second;
    if (std::optional<PickledTensor> tensor = rebuild_tensor(document_, id, file_size_)) {
      known->second = result_.tensors.size();
      result_.tensors.push_back(std::move(*tensor));
    }
    return known->second;
  }

  void add_tensor(std::size_t tensor) {
    spend(kEntry + name_.size());
    const auto [known, is_new] = result_.names.emplace(name_, tensor);
    if (is_new || known->second == tensor) return;
    if (ambiguous_ == kNoTensor) {
      ambiguous_ = result_.tensors.size();
      result_.tensors.emplace_back().problem = "two tensors have this name";
    }
    known->second = ambiguous_;
  }

  void add_metadata(std::string text) {
    spend(kEntry + name_.size());
    result_.metadata.emplace(name_, std::move(text));
  }

  const Document& document_;
  std::uint64_t file_size_;
  std::uint64_t effort_;
  std::vector<bool> on_path_;
  std::vector<Frame> frames_;
  std::string name_;
  std::unordered_map<Id, std::size_t> tensors_;
  std::size_t ambiguous_ = kNoTensor;
  PickledTensors result_;
};

}  // namespace

PickledTensors name_tensors(const Document& document, std::uint64_t file_size) {
  return Walk(document, file_size).run();
}

}  // namespace reverie::weights
