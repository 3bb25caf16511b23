#include "layout.h"

#include <ATen/ATen.h>

#include <array>
#include <cmath>
#include <optional>
#include <regex>

#include "reverie/network_tensor.h"

namespace reverie::siglip {
namespace {

/// One of our names, and which part of its tensor it is.
struct Place {
  std::string name;
  std::size_t part = 0, parts = 1;
};

constexpr std::array<const char*, 3> kWrappers = {"", "state_dict.", "state_dict.module."};

/// Tensors that say whose names they are.
constexpr const char* kTransformersSign = "vision_model.head.probe";
constexpr const char* kOpenClipSign = "visual.trunk.attn_pool.latent";

std::optional<Place> find(const std::map<std::string, Place>& table, const std::string& name) {
  const auto found = table.find(name);
  return found == table.end() ? std::nullopt : std::optional(found->second);
}

/// The parts of attention and MLP that are called alike in many places.
std::optional<Place> transformers_in_block(const std::string& part) {
  static const std::map<std::string, Place> kParts = {
      {"self_attn.q_proj", {"attn.in_proj_", 0, 3}},
      {"self_attn.k_proj", {"attn.in_proj_", 1, 3}},
      {"self_attn.v_proj", {"attn.in_proj_", 2, 3}},
      {"self_attn.out_proj", {"attn.out_proj."}},
      {"layer_norm1", {"ln_1."}},
      {"layer_norm2", {"ln_2."}},
      {"mlp.fc1", {"mlp.c_fc."}},
      {"mlp.fc2", {"mlp.c_proj."}},
  };
  return find(kParts, part);
}

std::optional<Place> from_transformers(const std::string& name) {
  static const std::map<std::string, Place> kWhole = {
      {"vision_model.embeddings.patch_embedding.weight", {"visual.conv1.weight"}},
      {"vision_model.embeddings.patch_embedding.bias", {"visual.conv1.bias"}},
      {"vision_model.embeddings.position_embedding.weight", {"visual.positional_embedding"}},
      {"vision_model.post_layernorm.weight", {"visual.ln_post.weight"}},
      {"vision_model.post_layernorm.bias", {"visual.ln_post.bias"}},
      {"vision_model.head.probe", {"visual.pool.probe"}},
      {"vision_model.head.attention.in_proj_weight", {"visual.pool.attn.in_proj_weight"}},
      {"vision_model.head.attention.in_proj_bias", {"visual.pool.attn.in_proj_bias"}},
      {"vision_model.head.attention.out_proj.weight", {"visual.pool.attn.out_proj.weight"}},
      {"vision_model.head.attention.out_proj.bias", {"visual.pool.attn.out_proj.bias"}},
      {"vision_model.head.layernorm.weight", {"visual.pool.ln.weight"}},
      {"vision_model.head.layernorm.bias", {"visual.pool.ln.bias"}},
      {"vision_model.head.mlp.fc1.weight", {"visual.pool.mlp.c_fc.weight"}},
      {"vision_model.head.mlp.fc1.bias", {"visual.pool.mlp.c_fc.bias"}},
      {"vision_model.head.mlp.fc2.weight", {"visual.pool.mlp.c_proj.weight"}},
      {"vision_model.head.mlp.fc2.bias", {"visual.pool.mlp.c_proj.bias"}},
      {"text_model.embeddings.token_embedding.weight", {"token_embedding.weight"}},
      {"text_model.embeddings.position_embedding.weight", {"positional_embedding"}},
      {"text_model.final_layer_norm.weight", {"ln_final.weight"}},
      {"text_model.final_layer_norm.bias", {"ln_final.bias"}},
      {"text_model.head.weight", {"text_projection.weight"}},
      {"text_model.head.bias", {"text_projection.bias"}},
  };
  if (const auto whole = find(kWhole, name)) return whole;
  static const std::regex kBlock(R"((text|vision)_model\.encoder\.layers\.(\d+)\.(.+)\.(weight|bias))");
  std::smatch match;
  if (!std::regex_match(name, match, kBlock)) return std::nullopt;
  auto place = transformers_in_block(match[3]);
  if (place)
    place->name = (match[1] == "vision" ? "visual." : "") + std::string("transformer.resblocks.") +
                  match[2].str() + "." + place->name + match[4].str();
  return place;
}

std::optional<Place> from_open_clip(const std::string& name) {
  static const std::map<std::string, Place> kParts = {
      {"patch_embed.proj", {"visual.conv1."}},
      {"norm", {"visual.ln_post."}},
      {"attn_pool.q", {"visual.pool.attn.in_proj_", 0, 2}},
      {"attn_pool.kv", {"visual.pool.attn.in_proj_", 1, 2}},
      {"attn_pool.proj", {"visual.pool.attn.out_proj."}},
      {"attn_pool.norm", {"visual.pool.ln."}},
      {"attn_pool.mlp.fc1", {"visual.pool.mlp.c_fc."}},
      {"attn_pool.mlp.fc2", {"visual.pool.mlp.c_proj."}},
  };
  static const std::map<std::string, Place> kInBlock = {
      {"norm1", {"ln_1."}},
      {"norm2", {"ln_2."}},
      {"attn.qkv", {"attn.in_proj_"}},
      {"attn.proj", {"attn.out_proj."}},
      {"mlp.fc1", {"mlp.c_fc."}},
      {"mlp.fc2", {"mlp.c_proj."}},
  };
  if (name == "visual.trunk.pos_embed") return Place{"visual.positional_embedding"};
  if (name == kOpenClipSign) return Place{"visual.pool.probe"};
  if (name.rfind("text.", 0) == 0) return Place{name.substr(5)};  // as CLIP's
  static const std::regex kTrunk(R"(visual\.trunk\.(?:blocks\.(\d+)\.)?(.+)\.(weight|bias))");
  std::smatch match;
  if (!std::regex_match(name, match, kTrunk)) return std::nullopt;
  auto place = find(match[1].matched ? kInBlock : kParts, match[2]);
  if (!place) return std::nullopt;
  place->name += match[3].str();
  if (match[1].matched) place->name.insert(0, "visual.transformer.resblocks." + match[1].str() + ".");
  return place;
}

/// No file states how its attention is divided into heads; those of the published networks are 64 wide, but
/// for SO400M's and those of the giant image tower (configurations of big_vision and open_clip).
std::int64_t head_width(std::int64_t width) {
  switch (width) {
    case 1152:
      return 72;
    case 1536:
      return 96;
    default:
      return 64;
  }
}

std::string words(at::IntArrayRef sizes) {
  std::string text;
  for (const std::int64_t side : sizes) text += (text.empty() ? "" : ", ") + std::to_string(side);
  return "[" + text + "]";
}

std::optional<std::string> wrapper_of(const Weights& weights, const char* sign) {
  for (const std::string wrapper : kWrappers)
    if (weights.contains(wrapper + sign)) return wrapper;
  return std::nullopt;
}

}  // namespace

bool Layout::recognises(const Weights& weights) {
  return wrapper_of(weights, kTransformersSign) || wrapper_of(weights, kOpenClipSign);
}

Layout::Layout(const Weights& weights) : weights_(weights) {
  const auto transformers = wrapper_of(weights, kTransformersSign);
  const auto wrapper = transformers ? transformers : wrapper_of(weights, kOpenClipSign);
  if (!wrapper)
    throw Error(ErrorKind::model, "'" + weights.origin() + "' holds no SigLIP: neither '" +
                                      kTransformersSign + "' nor '" + kOpenClipSign +
                                      "' is among its tensors");
  for (const std::string& name : weights.names()) {
    if (name.rfind(*wrapper, 0) != 0) continue;
    const std::string plain = name.substr(wrapper->size());
    const auto place = transformers ? from_transformers(plain) : from_open_clip(plain);
    if (!place) {
      const bool matters = plain.rfind("vision_model.", 0) == 0 || plain.rfind("text_model.", 0) == 0 ||
                           plain.rfind("visual.", 0) == 0 || plain.rfind("text.", 0) == 0;
      if (matters && plain.find("position_ids") == std::string::npos) unknown_.push_back(name);
      continue;
    }
    std::vector<std::string>& parts = sources_[place->name];
    parts.resize(place->parts);
    parts[place->part] = name;
  }
  infer_shape();
  check();
  if (!unknown_.empty())
    throw Error(ErrorKind::unsupported, "'" + weights_.origin() + "' holds " +
                                            std::to_string(unknown_.size()) +
                                            " tensors that SigLIP's networks have no place for, such as '" +
                                            unknown_.front() + "': its network is another one");
}

at::Tensor Layout::tensor(const std::string& name) const {
  const auto found = sources_.find(name);
  if (found == sources_.end())
    throw Error(ErrorKind::model, "'" + weights_.origin() + "' has no tensor for SigLIP's '" + name + "'");
  std::vector<at::Tensor> parts;
  for (const std::string& part : found->second) {
    if (part.empty())
      throw Error(ErrorKind::model,
                  "'" + weights_.origin() + "' has only parts of the tensors for SigLIP's '" + name + "'");
    at::Tensor tensor = network_tensor(weights_, part);
    if (tensor.dim() == 0 || tensor.numel() == 0 ||
        (!parts.empty() && tensor.sizes().slice(1) != parts[0].sizes().slice(1)))
      throw Error(ErrorKind::model, "'" + weights_.origin() + "': tensor '" + part + "' has the shape " +
                                        words(tensor.sizes()) + ", which does not fit its place in a SigLIP");
    parts.push_back(std::move(tensor));
  }
  at::Tensor whole = parts.size() == 1 ? parts[0] : at::cat(parts);
  if (name == "visual.positional_embedding" && whole.dim() == 3 && whole.size(0) == 1) whole = whole[0];
  return name == "visual.pool.probe" ? whole.reshape({-1}) : whole;
}

at::Tensor Layout::need(const std::string& name, const std::vector<std::int64_t>& sizes) const {
  at::Tensor result = tensor(name);
  if (result.sizes() != at::IntArrayRef(sizes))
    throw Error(ErrorKind::model, "'" + weights_.origin() + "': tensor '" + sources_.at(name).front() +
                                      "' has the shape " + words(result.sizes()) +
                                      ", but by the others' it should have " + words(sizes));
  return result;
}

void Layout::need_linear(const std::string& name, std::int64_t in, std::int64_t out) const {
  need(name + ".weight", {out, in});
  need(name + ".bias", {out});
}

void Layout::need_norm(const std::string& name, std::int64_t width) const {
  need(name + ".weight", {width});
  need(name + ".bias", {width});
}

void Layout::need_mlp(const std::string& name, std::int64_t width) const {
  const std::int64_t hidden = tensor(name + "c_fc.bias").size(0);
  need_linear(name + "c_fc", width, hidden);
  need_linear(name + "c_proj", hidden, width);
}

void Layout::need_attention(const std::string& name, std::int64_t width) const {
  need(name + "in_proj_weight", {3 * width, width});
  need(name + "in_proj_bias", {3 * width});
  need_linear(name + "out_proj", width, width);
}

void Layout::need_blocks(const std::string& prefix, std::int64_t layers, std::int64_t width) const {
  for (std::int64_t i = 0; i < layers; ++i) {
    const std::string block = prefix + std::to_string(i) + ".";
    need_norm(block + "ln_1", width);
    need_attention(block + "attn.", width);
    need_norm(block + "ln_2", width);
    need_mlp(block + "mlp.", width);
  }
}

std::int64_t Layout::count_blocks(const std::string& prefix) const {
  std::int64_t count = 0;
  while (sources_.count(prefix + std::to_string(count) + ".ln_1.weight") > 0) ++count;
  return count;
}

void Layout::infer_shape() {
  const auto fail = [&](const std::string& name, const std::string& why) {
    const auto source = sources_.find(name);
    throw Error(ErrorKind::model, "'" + weights_.origin() + "': tensor '" +
                                      (source == sources_.end() ? name : source->second.front()) + "' " +
                                      why);
  };
  const auto sized = [&](const std::string& name, std::int64_t dimensions) {
    at::Tensor result = tensor(name);
    if (result.dim() != dimensions) fail(name, "should have " + std::to_string(dimensions) + " dimensions");
    return result;
  };
  if (tensor("visual.conv1.weight").dim() == 2)
    throw Error(ErrorKind::unsupported,
                "'" + weights_.origin() +
                    "' holds a SigLIP 2 for pictures of any shape (NaFlex), which this "
                    "version cannot compute",
                "use one with a fixed resolution, such as siglip2-base-patch16-224");
  const at::Tensor patches = sized("visual.conv1.weight", 4);
  shape_.embedding = patches.size(0);
  shape_.patch = patches.size(2);
  const std::int64_t rows = sized("visual.positional_embedding", 2).size(0);
  const auto grid = static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(rows))));
  if (grid * grid != rows) fail("visual.positional_embedding", "does not describe a square grid");
  shape_.image_size = grid * shape_.patch;
  const at::Tensor tokens = sized("token_embedding.weight", 2);
  shape_.vocabulary = tokens.size(0);
  shape_.text_width = tokens.size(1);
  shape_.context = sized("positional_embedding", 2).size(0);
  shape_.image_layers = count_blocks("visual.transformer.resblocks.");
  shape_.text_layers = count_blocks("transformer.resblocks.");
  const auto heads = [&](const std::string& name, std::int64_t width) {
    const std::int64_t each = head_width(width);
    if (width % each != 0)
      fail(name, "has a width that makes no whole attention heads of " + std::to_string(each));
    return width / each;
  };
  shape_.image_heads = heads("visual.conv1.weight", shape_.embedding);
  shape_.text_heads = heads("token_embedding.weight", shape_.text_width);
}

void Layout::check() const {
  const std::int64_t width = shape_.embedding, text = shape_.text_width,
                     grid = shape_.image_size / shape_.patch;
  need("visual.conv1.weight", {width, 3, shape_.patch, shape_.patch});
  need("visual.conv1.bias", {width});
  need("visual.positional_embedding", {grid * grid, width});
  need_blocks("visual.transformer.resblocks.", shape_.image_layers, width);
  need_norm("visual.ln_post", width);
  need("visual.pool.probe", {width});
  need_attention("visual.pool.attn.", width);
  need_norm("visual.pool.ln", width);
  need_mlp("visual.pool.mlp.", width);
  need("positional_embedding", {shape_.context, text});
  need_blocks("transformer.resblocks.", shape_.text_layers, text);
  need_norm("ln_final", text);
  need_linear("text_projection", text, width);
}

}  // namespace reverie::siglip
