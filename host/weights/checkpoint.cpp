#include "weights/checkpoint.h"

#include <functional>

#include "weights/tensor_names.h"
#include "weights/tensor_view.h"
#include "weights/zip.h"

namespace reverie::weights {
namespace {

// Decompressed, so in memory. That of a checkpoint of 1000 tensors has 0.2 MB, one of the most values that
// are read has 20.
constexpr std::uint64_t kMaxPickle = 64ull << 20;
const char* const kAdvice =
    "copy or download the file again; if it is whole, save it as safetensors with Python";

struct Storage {
  char* data;
  std::uint64_t size;
  std::shared_ptr<const void> keep;  // what holds the data
};
/// Throws Damaged when the file holds no such storage, or one of another size.
using FindStorage = std::function<Storage(const PickledTensor&)>;

void expect_size(const PickledTensor& tensor, std::uint64_t size) {
  if (size != tensor.storage_bytes)
    throw Damaged("its storage '" + tensor.storage + "' has " + std::to_string(size) + " bytes instead of " +
                  std::to_string(tensor.storage_bytes));
}

class Checkpoint final : public Weights {
 public:
  Checkpoint(std::string origin, PickledTensors tensors, FindStorage find_storage, bool big_endian)
      : origin_(std::move(origin)),
        tensors_(std::move(tensors)),
        find_storage_(std::move(find_storage)),
        big_endian_(big_endian) {}

  std::vector<std::string> names() const override {
    std::vector<std::string> result;
    for (const auto& [name, position] : tensors_.names) result.push_back(name);
    return result;
  }
  bool contains(const std::string& name) const override { return tensors_.names.count(name) > 0; }
  const std::map<std::string, std::string>& metadata() const override { return tensors_.metadata; }
  std::string origin() const override { return origin_; }

  at::Tensor tensor(const std::string& name) const override {
    const auto found = tensors_.names.find(name);
    if (found == tensors_.names.end())
      throw Error(ErrorKind::model, "weights '" + origin_ + "' hold no tensor '" + name + "'");
    const PickledTensor& tensor = tensors_.tensors[found->second];
    try {
      if (!tensor.problem.empty()) throw Damaged(tensor.problem);
      const Storage storage = find_storage_(tensor);
      expect_size(tensor, storage.size);
      const bool swapped = big_endian_ && c10::elementSize(tensor.type) > 1;
      return view_as_tensor(storage.data + tensor.offset, storage.keep, tensor.type, tensor.shape,
                            tensor.strides, swapped);
    } catch (const Damaged& problem) {
      throw Error(ErrorKind::model,
                  "tensor '" + name + "' of weights '" + origin_ + "' cannot be read: " + problem.what(),
                  kAdvice);
    }
  }

 private:
  std::string origin_;
  PickledTensors tensors_;
  FindStorage find_storage_;
  bool big_endian_;
};

/// Runs a reader's body, and gives what it finds wrong the file's name.
template <typename Body>
std::shared_ptr<Weights> reading(const std::string& origin, Body body) {
  try {
    return body();
  } catch (const Damaged& problem) {
    throw Error(ErrorKind::model, "'" + origin + "' is not a valid PyTorch checkpoint: " + problem.what(),
                kAdvice);
  }
}

/// An archive together with the mapping that it lies in.
struct ZipFile {
  explicit ZipFile(std::shared_ptr<const Mapping> file)
      : mapping(std::move(file)), archive(mapping->bytes()) {}
  std::shared_ptr<const Mapping> mapping;
  ZipArchive archive;
  std::string root;  // all entries lie under one folder; with '/' at its end

  Storage contents(const ZipArchive::Entry& entry) const {
    if (!entry.deflated) {
      const std::string_view bytes = archive.packed_bytes(entry);
      return {mapping->data() + (bytes.data() - mapping->data()), bytes.size(), mapping};
    }
    const std::shared_ptr<char[]> contents(new char[entry.size]);
    archive.inflate(entry, contents.get());
    return {contents.get(), entry.size, contents};
  }

  Storage checked_contents(const ZipArchive::Entry& entry) const {
    if (entry.size > kMaxPickle)
      throw Damaged("its '" + entry.name + "' has " + std::to_string(entry.size) + " bytes");
    Storage result = contents(entry);
    ZipArchive::check(entry, {result.data, result.size});
    return result;
  }

  /// Keys are names of files in the folder "data", or paths.
  Storage storage(const PickledTensor& tensor) const {
    const bool path = tensor.storage.find('/') != std::string::npos;
    const std::string name = root + (path ? "" : "data/") + tensor.storage;
    const ZipArchive::Entry* entry = archive.find(name);
    if (!entry) throw Damaged("the archive has no entry '" + name + "'");
    expect_size(tensor, entry->size);  // before room is made for it
    return contents(*entry);
  }

  bool big_endian() const {
    const ZipArchive::Entry* entry = archive.find(root + "byteorder");
    if (!entry) return false;
    const Storage order = checked_contents(*entry);
    const std::string_view word(order.data, order.size);
    if (word != "little" && word != "big") throw Damaged("its 'byteorder' is neither 'little' nor 'big'");
    return word == "big";
  }
};

constexpr std::string_view kMagic = "\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19";
constexpr std::int64_t kLegacyProtocol = 1001;

}  // namespace

std::shared_ptr<Weights> read_zip_checkpoint(std::shared_ptr<const Mapping> mapping, std::string origin) {
  return reading(origin, [&] {
    const auto file = std::make_shared<ZipFile>(mapping);
    const ZipArchive::Entry* first = file->archive.first();
    if (first) file->root = first->name.substr(0, first->name.find('/')) + "/";
    const ZipArchive::Entry* data = file->archive.find(file->root + "data.pkl");
    if (!data) throw Damaged("it is a ZIP archive, but not one of PyTorch: it has no 'data.pkl'");
    const Storage pickle = file->checked_contents(*data);
    PickledTensors tensors = name_tensors(pickle::parse({pickle.data, pickle.size}), mapping->size());
    const bool big_endian = file->big_endian();
    return std::make_shared<Checkpoint>(
        origin, std::move(tensors), [file](const PickledTensor& tensor) { return file->storage(tensor); },
        big_endian);
  });
}

std::shared_ptr<Weights> read_legacy_checkpoint(std::shared_ptr<const Mapping> mapping, std::string origin) {
  return reading(origin, [&] {
    std::uint64_t position = 0;
    const auto next = [&] {
      pickle::Document document = pickle::parse(mapping->bytes().substr(position));
      position += document.length;
      return document;
    };
    const auto is_integer = [](const pickle::Document& document, std::int64_t integer) {
      const pickle::Value& value = document[document.root];
      return value.kind == pickle::Kind::integer && value.integer == integer;
    };

    const pickle::Document magic = next();
    if (magic[magic.root].kind != pickle::Kind::big_integer || magic[magic.root].text != kMagic)
      throw Damaged("it is a Python pickle, but not one of torch.save");
    if (!is_integer(next(), kLegacyProtocol)) throw Damaged("it is not of protocol 1001");
    next();  // about the machine that wrote it; storages are little-endian on all of them
    const pickle::Document object = next();
    const pickle::Document keys = next();
    PickledTensors tensors = name_tensors(object, mapping->size());

    // The storages follow in the order of their keys, each after its number of elements.
    const std::map<std::string, std::uint64_t> sizes = storage_sizes(object);
    std::map<std::string, std::uint64_t> positions;
    if (keys[keys.root].kind != pickle::Kind::list) throw Damaged("it has no list of its storages");
    for (const pickle::Id id : keys[keys.root].items) {
      const auto known = sizes.find(std::string(keys[id].text));
      if (keys[id].kind != pickle::Kind::text || known == sizes.end())
        throw Damaged("it lists a storage that nothing refers to");
      if (!positions.emplace(known->first, position).second) throw Damaged("it lists a storage twice");
      const std::uint64_t available = mapping->size() - position;
      if (available < sizeof(std::uint64_t) || available - sizeof(std::uint64_t) < known->second)
        throw Damaged("it ends before its storage '" + known->first + "' does");
      position += sizeof(std::uint64_t) + known->second;
    }
    if (position != mapping->size()) throw Damaged("something follows its last storage");

    const auto find_storage = [mapping, positions](const PickledTensor& tensor) {
      const auto found = positions.find(tensor.storage);
      if (found == positions.end()) throw Damaged("its storage '" + tensor.storage + "' is not in the file");
      ByteReader reader(mapping->bytes(), found->second);  // only now: it would touch the file all over
      if (const auto elements = reader.number<std::uint64_t>(); elements != tensor.storage_elements)
        throw Damaged("its storage '" + tensor.storage + "' has " + std::to_string(elements) +
                      " elements instead of " + std::to_string(tensor.storage_elements));
      return Storage{mapping->data() + reader.position(), tensor.storage_bytes, mapping};
    };
    return std::make_shared<Checkpoint>(origin, std::move(tensors), find_storage, false);
  });
}

}  // namespace reverie::weights
