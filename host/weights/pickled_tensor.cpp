#include "weights/pickled_tensor.h"

#include <algorithm>

#include "weights/element_types.h"

namespace reverie::weights {
namespace {

using pickle::Document;
using pickle::Id;
using pickle::Kind;
using pickle::Value;

constexpr std::size_t kMaxKey = 256, kMaxRank = 64;
constexpr int kMaxWrappers = 8;                       // a parameter of a subclass of a tensor has two
constexpr std::uint64_t kMaxBroadcast = 64ull << 20;  // bytes beyond the size of the file

struct Storage {
  std::string key;
  const ElementType* type = nullptr;  // null: of bytes that have no type
  std::uint64_t elements = 0, bytes = 0;
  // The part that is meant, in bytes: before PyTorch 0.4, storages could be parts of others.
  std::uint64_t begin = 0, length = 0;
};

bool is_global(const Value& value, std::string_view module, std::string_view name) {
  return value.kind == Kind::global && value.module == module && value.text == name;
}

/// Names come from the file: short, so that they do not fill a message.
std::string full_name(const Value& global) {
  return std::string(global.module.substr(0, 100)) + "." + std::string(global.text.substr(0, 100));
}

std::uint64_t count(const Value* value, const char* what) {
  if (!value || value->kind != Kind::integer || value->integer < 0)
    throw Damaged(std::string("its ") + what + " is not a count");
  return static_cast<std::uint64_t>(value->integer);
}

bool is_storage(const Document& document, const Value& value) {
  if (value.kind != Kind::persistent) return false;
  const Value* what = document.item(value.arguments, 0);
  return what && what->kind == Kind::text && what->text == "storage";
}

/// ('storage', class, key, device, number of elements[, view]), where a view is (key, first element, number).
Storage read_storage(const Document& document, const Value& value) {
  if (!is_storage(document, value)) throw Damaged("it has no storage");
  const Value* type = document.item(value.arguments, 1);
  const Value* key = document.item(value.arguments, 2);
  const Value* view = document.item(value.arguments, 5);
  if (!type || type->kind != Kind::global) throw Damaged("its storage has no type");
  if (!key || key->kind != Kind::text || key->text.empty() || key->text.size() > kMaxKey)
    throw Damaged("its storage has no key");

  Storage storage;
  storage.key = key->text;
  const bool untyped = type->text == "UntypedStorage";
  const bool of_torch =
      type->module == "torch" || type->module == "torch.storage" || type->module == "torch.cuda";
  if (of_torch && !untyped) storage.type = find_element_type(&ElementType::storage, type->text);
  if (!of_torch || (!untyped && !storage.type))
    throw Damaged("its storage is a " + full_name(*type) + ", which is not supported");

  const std::uint64_t size = untyped ? 1 : c10::elementSize(storage.type->type);
  storage.elements = count(document.item(value.arguments, 4), "storage's size");
  std::uint64_t first = 0, length = storage.elements;
  if (view && view->kind == Kind::tuple) {
    const Id part = document.values[value.arguments].items[5];
    first = count(document.item(part, 1), "view's offset");
    length = count(document.item(part, 2), "view's size");
    if (first > storage.elements || length > storage.elements - first)
      throw Damaged("its view goes beyond its storage");
  }
  if (__builtin_mul_overflow(storage.elements, size, &storage.bytes))
    throw Damaged("its storage's size overflows");
  storage.begin = first * size;
  storage.length = length * size;
  return storage;
}

/// A tuple, a list, or torch.Size of one.
std::vector<std::int64_t> read_counts(const Document& document, const Value* value, const char* what) {
  if (value && value->kind == Kind::call && is_global(document[value->callable], "torch", "Size"))
    value = document.item(value->arguments, 0);
  if (!value || (value->kind != Kind::tuple && value->kind != Kind::list))
    throw Damaged(std::string("its ") + what + " is not a list");
  if (value->items.size() > kMaxRank)
    throw Damaged("it has " + std::to_string(value->items.size()) + " dimensions");
  std::vector<std::int64_t> counts;
  for (const Id item : value->items)
    counts.push_back(static_cast<std::int64_t>(count(&document[item], what)));
  return counts;
}

void check_layout(const PickledTensor& tensor, std::uint64_t offset, std::uint64_t available,
                  std::uint64_t file_size) {
  if (tensor.shape.size() != tensor.strides.size()) throw Damaged("its shape and strides do not match");
  const std::uint64_t size = c10::elementSize(tensor.type);
  std::int64_t total =
      static_cast<std::int64_t>(size);  // as if sides of 0 were 1: LibTorch multiplies the others
  std::uint64_t last = offset;
  bool empty = false, overflows = false;
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    const std::int64_t side = tensor.shape[i];
    overflows |= __builtin_mul_overflow(total, std::max<std::int64_t>(side, 1), &total);
    if (side == 0) empty = true;
  }
  for (std::size_t i = 0; i < tensor.shape.size() && !empty; ++i) {
    std::uint64_t reach = 0;
    overflows |= __builtin_mul_overflow(static_cast<std::uint64_t>(tensor.shape[i] - 1),
                                        static_cast<std::uint64_t>(tensor.strides[i]), &reach);
    overflows |= __builtin_add_overflow(last, reach, &last);
  }
  if (overflows) throw Damaged("its size overflows");
  if (empty) return;
  if (last >= available / size)
    throw Damaged("its elements reach beyond its storage of " + std::to_string(available) + " bytes");
  if (static_cast<std::uint64_t>(total) > file_size &&
      static_cast<std::uint64_t>(total) - file_size > kMaxBroadcast)
    throw Damaged("it repeats elements to a size of " + std::to_string(total) + " bytes");
}

/// Arguments: storage, offset, shape, strides[, requires_grad, hooks[, (version 3: dtype,) metadata]].
PickledTensor read_tensor(const Document& document, Id arguments, int version, std::uint64_t file_size) {
  const Value* reference = document.item(arguments, 0);
  if (!reference) throw Damaged("it has no storage");
  const Storage storage = read_storage(document, *reference);

  const ElementType* type = storage.type;
  if (version == 3) {
    const Value* dtype = document.item(arguments, 6);
    if (!dtype || dtype->kind != Kind::global) throw Damaged("it has no dtype");
    type = dtype->module == "torch" ? find_element_type(&ElementType::dtype, dtype->text) : nullptr;
    if (!type) throw Damaged("its dtype is " + full_name(*dtype) + ", which is not supported");
  }
  if (!type) type = find_element_type(&ElementType::dtype, "uint8");

  const Value* metadata = document.item(arguments, version == 3 ? 7 : 6);
  if (metadata && metadata->kind == Kind::dict && !metadata->items.empty())
    throw Damaged("it is stored negated or conjugated, which is not supported");

  PickledTensor tensor;
  tensor.storage = storage.key;
  tensor.storage_elements = storage.elements;
  tensor.storage_bytes = storage.bytes;
  tensor.type = type->type;
  tensor.shape = read_counts(document, document.item(arguments, 2), "shape");
  tensor.strides = read_counts(document, document.item(arguments, 3), "strides");
  const std::uint64_t offset = count(document.item(arguments, 1), "offset");
  check_layout(tensor, offset, storage.length, file_size);
  // Of an empty tensor nothing is read, wherever it claims to be.
  const bool empty = std::find(tensor.shape.begin(), tensor.shape.end(), 0) != tensor.shape.end();
  tensor.offset = empty ? 0 : storage.begin + offset * c10::elementSize(tensor.type);
  return tensor;
}

}  // namespace

std::optional<PickledTensor> rebuild_tensor(const Document& document, Id id, std::uint64_t file_size) {
  PickledTensor result;
  try {
    for (int wrappers = 0; wrappers < kMaxWrappers; ++wrappers) {
      const Value& value = document[id];
      if (value.kind != Kind::call) break;
      const Value* callable = &document[value.callable];
      Id arguments = value.arguments;
      if (is_global(*callable, "torch._tensor",
                    "_rebuild_from_type_v2")) {  // (function, type, arguments, state)
        callable = document.item(arguments, 0);
        if (!callable || !document.item(arguments, 2)) throw Damaged("nothing says how it is made");
        arguments = document[arguments].items[2];
      }
      if (callable->kind != Kind::global) break;

      const std::string_view name = callable->text;
      const bool parameter = is_global(*callable, "torch.nn.parameter", "Parameter");
      if (callable->module != "torch._utils" && !parameter) break;
      if (name == "_rebuild_tensor" || name == "_rebuild_tensor_v2")
        return read_tensor(document, arguments, 2, file_size);
      if (name == "_rebuild_tensor_v3") return read_tensor(document, arguments, 3, file_size);
      if (parameter || name == "_rebuild_parameter" || name == "_rebuild_parameter_with_state") {
        if (!document.item(arguments, 0)) throw Damaged("it is a parameter without data");
        id = document[arguments].items[0];
        continue;
      }
      if (name.substr(0, 9) == "_rebuild_")
        throw Damaged("it is made by " + full_name(*callable) + ", which is not supported");
      break;
    }
    return std::nullopt;
  } catch (const Damaged& problem) {
    result.problem = problem.what();
    return result;
  }
}

std::map<std::string, std::uint64_t> storage_sizes(const Document& document) {
  std::map<std::string, std::uint64_t> sizes;
  for (const Value& value : document.values) {
    if (!is_storage(document, value)) continue;
    const Storage storage = read_storage(document, value);
    const auto [known, is_new] = sizes.emplace(storage.key, storage.bytes);
    if (!is_new && known->second != storage.bytes)
      throw Damaged("its storage '" + storage.key + "' has two sizes");
  }
  return sizes;
}

}  // namespace reverie::weights
