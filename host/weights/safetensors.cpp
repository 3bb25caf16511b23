#include "weights/safetensors.h"

#include <ATen/ATen.h>
#include <json/json.h>

#include <algorithm>

#include "reverie/atomic_file.h"
#include "weights/element_types.h"
#include "weights/tensor_view.h"

namespace reverie::weights {
namespace {

constexpr std::uint64_t kMaxHeader = 100'000'000;  // the reference implementation's limit
constexpr std::size_t kMaxValues = 2'000'000;      // as JSON 0.3 GB; a model of 10,000 tensors has 140,000
constexpr std::size_t kMaxRank = 64;               // LibTorch's own

/// At least as many as a JSON text has values, without reading it as JSON: its commas, colons and brackets
/// that stand in no string.
std::size_t count_values(std::string_view json) {
  std::size_t count = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '"') in_string = !in_string;
    if (c == '\\' && in_string) ++i;
    count += !in_string && (c == ',' || c == ':' || c == '[' || c == '{');
  }
  return count;
}

struct Entry {
  at::ScalarType type;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;
  std::uint64_t begin;
  std::uint64_t end;
};

class SafetensorsFile final : public Weights {
 public:
  SafetensorsFile(std::shared_ptr<const Mapping> file, std::string origin)
      : path_(std::move(origin)), mapping_(std::move(file)) {
    parse();
  }

  std::vector<std::string> names() const override {
    std::vector<std::string> result;
    for (const auto& [name, entry] : entries_) result.push_back(name);
    return result;
  }
  bool contains(const std::string& name) const override { return entries_.count(name) > 0; }
  const std::map<std::string, std::string>& metadata() const override { return metadata_; }
  std::string origin() const override { return path_; }

  at::Tensor tensor(const std::string& name) const override {
    const auto found = entries_.find(name);
    if (found == entries_.end())
      throw Error(ErrorKind::model, "weights '" + path_ + "' hold no tensor '" + name + "'");
    const Entry& entry = found->second;
    return view_as_tensor(mapping_->data() + body_ + entry.begin, mapping_, entry.type, entry.shape,
                          entry.strides);
  }

 private:
  [[noreturn]] void damaged(const std::string& why) const {
    throw Error(ErrorKind::model, "'" + path_ + "' is not a valid safetensors file: " + why,
                "copy or download the file again");
  }

  void parse() {
    const std::uint64_t size = mapping_->size();
    if (size < 8) damaged("it is " + std::to_string(size) + " bytes long, too short for a header");
    std::uint64_t length = 0;
    for (int i = 7; i >= 0; --i) length = length << 8 | static_cast<unsigned char>(mapping_->data()[i]);
    if (length > kMaxHeader || length > size - 8)
      damaged("its header claims " + std::to_string(length) + " bytes, the file has " + std::to_string(size));
    body_ = 8 + length;

    const char* text = mapping_->data() + 8;
    if (count_values({text, length}) > kMaxValues)
      damaged("its header holds more than " + std::to_string(kMaxValues) + " values");
    Json::CharReaderBuilder builder;
    Json::CharReaderBuilder::strictMode(&builder.settings_);
    builder["stackLimit"] = 16;  // a valid header nests three deep
    Json::Value header;
    std::string problems;
    try {
      const std::unique_ptr<Json::CharReader> reader(builder.newCharReader());
      if (!reader->parse(text, text + length, &header, &problems))
        damaged("its header is not JSON: " + problems);
    } catch (const Json::Exception& error) {
      damaged(std::string("its header is not JSON: ") + error.what());
    }
    if (!header.isObject()) damaged("its header is not a JSON object");
    for (const std::string& name : header.getMemberNames()) {
      if (name == "__metadata__")
        parse_metadata(header[name]);
      else
        entries_.emplace(name, parse_entry(name, header[name]));
    }
    check_layout(size - body_);
  }

  void parse_metadata(const Json::Value& value) {
    if (!value.isObject()) damaged("'__metadata__' is not an object");
    for (const std::string& key : value.getMemberNames()) {
      if (!value[key].isString()) damaged("metadata '" + key + "' is not text");
      metadata_[key] = value[key].asString();
    }
  }

  Entry parse_entry(const std::string& name, const Json::Value& value) const {
    const auto bad = [&](const std::string& why) { damaged("tensor '" + name + "' " + why); };
    if (!value.isObject()) bad("is not described by an object");
    const Json::Value& shape = value["shape"];
    const Json::Value& offsets = value["data_offsets"];
    if (!value["dtype"].isString()) bad("has no dtype");
    if (!shape.isArray()) bad("has no shape");
    if (shape.size() > kMaxRank) bad("has " + std::to_string(shape.size()) + " dimensions");
    if (!offsets.isArray() || offsets.size() != 2 || !offsets[0].isUInt64() || !offsets[1].isUInt64())
      bad("has no valid data_offsets");

    const std::string dtype = value["dtype"].asString();
    const ElementType* known = find_element_type(&ElementType::safetensors, dtype);
    if (!known) bad("has dtype '" + dtype + "', which is not supported");

    Entry entry{known->type, {}, {}, offsets[0].asUInt64(), offsets[1].asUInt64()};
    std::uint64_t bytes = c10::elementSize(entry.type);
    std::int64_t stride = 1;  // of a tensor without elements, too, LibTorch multiplies the other sides
    for (const Json::Value& side : shape) {
      if (!side.isUInt64() || side.asUInt64() > INT64_MAX) bad("has a side that is not a count");
      const auto length = static_cast<std::int64_t>(side.asUInt64());
      if (__builtin_mul_overflow(bytes, side.asUInt64(), &bytes) ||
          __builtin_mul_overflow(stride, std::max<std::int64_t>(length, 1), &stride))
        bad("has a size that overflows");
      entry.shape.push_back(length);
    }
    entry.strides.assign(entry.shape.size(), 1);
    for (std::size_t i = entry.shape.size(); i-- > 1;)
      entry.strides[i - 1] = entry.strides[i] * std::max<std::int64_t>(entry.shape[i], 1);
    if (entry.end < entry.begin || entry.end - entry.begin != bytes)
      bad("has " + std::to_string(bytes) + " bytes by its shape, but other data_offsets");
    return entry;
  }

  /// Tensors must tile the body: no holes, no overlap, nothing behind the last.
  void check_layout(std::uint64_t body_size) const {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
    for (const auto& [name, entry] : entries_) ranges.emplace_back(entry.begin, entry.end);
    std::sort(ranges.begin(), ranges.end());
    std::uint64_t expected = 0;
    for (const auto& [begin, end] : ranges) {
      if (begin != expected)
        damaged("its tensors overlap or leave holes at byte " + std::to_string(expected));
      expected = end;
    }
    if (expected != body_size)
      damaged("its tensors take " + std::to_string(expected) + " bytes, the file holds " +
              std::to_string(body_size));
  }

  std::string path_;
  std::shared_ptr<const Mapping> mapping_;
  std::uint64_t body_ = 0;
  std::map<std::string, Entry> entries_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace

std::shared_ptr<Weights> read_safetensors(const std::filesystem::path& path) {
  return read_safetensors(std::make_shared<Mapping>(path), path.string());
}

std::shared_ptr<Weights> read_safetensors(std::shared_ptr<const Mapping> file, std::string origin) {
  return std::make_shared<SafetensorsFile>(std::move(file), std::move(origin));
}

SafetensorsBytes to_safetensors(const NamedTensors& tensors, const Metadata& metadata) {
  Json::Value header(Json::objectValue);
  for (const auto& [key, text] : metadata) header["__metadata__"][key] = text;
  SafetensorsBytes result;
  std::uint64_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    at::Tensor body = tensor.detach().cpu().contiguous();
    const auto known =
        std::find_if(std::begin(kElementTypes), std::end(kElementTypes), [&](const ElementType& candidate) {
          return candidate.type == body.scalar_type() && !candidate.safetensors.empty();
        });
    if (known == std::end(kElementTypes))
      throw Error(ErrorKind::model, "tensor '" + name + "' has a dtype that safetensors cannot hold");
    if (header.isMember(name)) throw Error(ErrorKind::model, "tensor '" + name + "' is given twice");
    Json::Value& entry = header[name];
    entry["dtype"] = std::string(known->safetensors);
    entry["shape"] = Json::Value(Json::arrayValue);
    for (const std::int64_t side : body.sizes()) entry["shape"].append(Json::Int64(side));
    entry["data_offsets"].append(Json::UInt64(offset));
    offset += body.nbytes();
    entry["data_offsets"].append(Json::UInt64(offset));
    result.bodies.push_back(std::move(body));
  }
  Json::StreamWriterBuilder builder;
  builder["indentation"] = "";
  builder["emitUTF8"] = true;  // escaping would change bytes that are not UTF-8, as paths may hold
  std::string text = Json::writeString(builder, header);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  for (int i = 0; i < 8; ++i) result.header += static_cast<char>(text.size() >> (8 * i));
  result.header += text;
  return result;
}

std::vector<std::string_view> SafetensorsBytes::pieces() const {
  std::vector<std::string_view> result = {header};
  for (const at::Tensor& body : bodies)
    result.emplace_back(static_cast<const char*>(body.const_data_ptr()), body.nbytes());
  return result;
}

void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                       const Metadata& metadata) {
  write_atomically(path, to_safetensors(tensors, metadata).pieces());
}

}  // namespace reverie::weights
