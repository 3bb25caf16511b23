#include "naming.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <optional>
#include <regex>
#include <string_view>

namespace reverie::clip {
namespace {

// Training checkpoints hold the network beside the optimiser, data-parallel ones wrap it once more.
constexpr std::array<const char*, 4> kWrappers = {"", "state_dict.", "module.", "state_dict.module."};

struct Recognised {
  Naming naming = Naming::none;
  std::string wrapper;
  std::string foreign;  ///< what it is, if it is foreign
};

/// Tensors that only networks with another structure have.
std::string foreign_part(const std::vector<std::string>& names, const std::string& wrapper) {
  static constexpr std::pair<const char*, const char*> kSigns[] = {
      {"visual.trunk.", "an image tower of timm's (ConvNeXt, EVA01, SigLIP without pooling and others)"},
      {"visual.attn_pool.", "an image tower with an attentional pooler (CoCa)"},
      {"visual.patchnorm_pre_ln.", "an image tower with patch norms"},
      {"text.transformer.embeddings.", "a text tower of transformers' (RoBERTa and others)"},
      {"text.transformer.shared.", "a text tower of transformers' (T5 and others)"},
      {"text.transformer.embed_tokens.", "a text tower of transformers' (NLLB and others)"},
      {"text_decoder.", "a text decoder (CoCa)"},
  };
  for (const auto& [prefix, what] : kSigns) {
    const std::string wanted = wrapper + prefix;
    const auto found = std::lower_bound(names.begin(), names.end(), wanted);
    if (found != names.end() && found->compare(0, wanted.size(), wanted) == 0) return what;
  }
  return "";
}

Recognised recognise_fully(const Weights& weights) {
  std::vector<std::string> names = weights.names();
  std::sort(names.begin(), names.end());
  for (const std::string wrapper : kWrappers) {
    const auto has = [&](const char* name) { return weights.contains(wrapper + name); };
    // Another plugin computes SigLIPs.
    if (has("vision_model.head.probe") || has("visual.trunk.attn_pool.latent")) return {};
    if (has("visual.trunk.blocks.0.mlp.fc1_g.weight") && has("visual.trunk.blocks.0.attn.norm.weight") &&
        has("visual.trunk.head.weight") && has("text.token_embedding.weight"))
      return {Naming::eva, wrapper, ""};
    std::string foreign = foreign_part(names, wrapper);
    if (has("visual.class_embedding") && !has("visual.ln_pre.weight") && !has("visual.ln_pre.bias"))
      foreign = "an image tower without a norm before its blocks (CLIPA)";
    if (!foreign.empty()) return {Naming::foreign, wrapper, foreign};
    if (has("visual.conv1.weight") && has("token_embedding.weight")) return {Naming::openai, wrapper, ""};
    if (has("visual.conv1.weight") && has("text.token_embedding.weight"))
      return {Naming::custom_text, wrapper, ""};
    if (has("vision_model.embeddings.patch_embedding.weight") &&
        has("text_model.embeddings.token_embedding.weight"))
      return {Naming::transformers, wrapper, ""};
  }
  return {};
}

/// One tensor of the view.
struct Source {
  std::vector<std::string> parts;  ///< joined along the first dimension
  bool transposed = false;
};

class Renamed final : public Weights {
 public:
  Renamed(const Weights& weights, std::map<std::string, Source> sources)
      : weights_(weights), sources_(std::move(sources)) {}

  std::vector<std::string> names() const override {
    std::vector<std::string> result;
    for (const auto& [name, source] : sources_) result.push_back(name);
    return result;
  }
  bool contains(const std::string& name) const override { return sources_.count(name) > 0; }

  at::Tensor tensor(const std::string& name) const override {
    const auto found = sources_.find(name);
    if (found == sources_.end()) return weights_.tensor(name);  // it has the words for what is missing
    std::vector<at::Tensor> parts;
    for (const std::string& part : found->second.parts) parts.push_back(weights_.tensor(part));
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (parts[i].sizes() == parts[0].sizes() && (parts[i].dim() == 2 || !found->second.transposed) &&
          (parts[i].dim() > 0 || parts.size() == 1))
        continue;
      throw Error(ErrorKind::model, "'" + origin() + "': tensor '" + found->second.parts[i] +
                                        "' does not have the shape that its place in CLIP needs");
    }
    const at::Tensor whole = parts.size() == 1 ? parts[0] : at::cat(parts);
    return found->second.transposed ? whole.t().contiguous() : whole;
  }

  const std::map<std::string, std::string>& metadata() const override { return weights_.metadata(); }
  std::string origin() const override { return weights_.origin(); }

 private:
  const Weights& weights_;
  std::map<std::string, Source> sources_;  ///< by OpenAI's name
};

struct OpenaiName {
  std::string name;
  bool transposed = false;
  std::optional<std::size_t> third = {};  ///< for query, key and value, which OpenAI stacks in this order
};

OpenaiName from_custom_text(const std::string& name) {
  constexpr std::string_view kText = "text.";
  if (name.rfind(kText, 0) != 0) return {name};
  // With open_clip's `proj_bias` the projection is a linear layer, whose bias has no place in CLIP.
  if (name == "text.text_projection.weight") return {"text_projection", true};
  return {name.substr(kText.size())};
}

OpenaiName from_transformers(const std::string& name) {
  static const std::map<std::string, OpenaiName> kWhole = {
      {"text_model.embeddings.token_embedding.weight", {"token_embedding.weight"}},
      {"text_model.embeddings.position_embedding.weight", {"positional_embedding"}},
      {"text_model.final_layer_norm.weight", {"ln_final.weight"}},
      {"text_model.final_layer_norm.bias", {"ln_final.bias"}},
      {"text_projection.weight", {"text_projection", true}},
      {"vision_model.embeddings.class_embedding", {"visual.class_embedding"}},
      {"vision_model.embeddings.patch_embedding.weight", {"visual.conv1.weight"}},
      {"vision_model.embeddings.position_embedding.weight", {"visual.positional_embedding"}},
      {"vision_model.pre_layrnorm.weight", {"visual.ln_pre.weight"}},  // misspelt by transformers
      {"vision_model.pre_layrnorm.bias", {"visual.ln_pre.bias"}},
      {"vision_model.post_layernorm.weight", {"visual.ln_post.weight"}},
      {"vision_model.post_layernorm.bias", {"visual.ln_post.bias"}},
      {"visual_projection.weight", {"visual.proj", true}},
  };
  static const std::map<std::string, std::string> kInBlock = {
      {"self_attn.out_proj", "attn.out_proj"},
      {"layer_norm1", "ln_1"},
      {"layer_norm2", "ln_2"},
      {"mlp.fc1", "mlp.c_fc"},
      {"mlp.fc2", "mlp.c_proj"},
  };
  static const std::map<std::string, std::size_t> kThirds = {
      {"self_attn.q_proj", 0}, {"self_attn.k_proj", 1}, {"self_attn.v_proj", 2}};
  if (const auto found = kWhole.find(name); found != kWhole.end()) return found->second;
  static const std::regex kBlock(R"((text|vision)_model\.encoder\.layers\.(\d+)\.(.+)\.(weight|bias))");
  std::smatch match;
  if (!std::regex_match(name, match, kBlock)) return {name};
  const std::string block =
      (match[1] == "vision" ? "visual." : "") + std::string("transformer.resblocks.") + match[2].str() + ".";
  if (const auto third = kThirds.find(match[3]); third != kThirds.end())
    return {block + "attn.in_proj_" + match[4].str(), false, third->second};
  const auto part = kInBlock.find(match[3]);
  return {part == kInBlock.end() ? name : block + part->second + "." + match[4].str()};
}

}  // namespace

Naming recognise(const Weights& weights) { return recognise_fully(weights).naming; }

std::unique_ptr<Weights> with_openai_names(const Weights& weights) {
  const Recognised recognised = recognise_fully(weights);
  if (recognised.naming == Naming::none)
    throw Error(ErrorKind::model,
                "'" + weights.origin() +
                    "' holds no CLIP model: its tensors have neither OpenAI's, open_clip's nor "
                    "transformers' names");
  if (recognised.naming == Naming::foreign)
    throw Error(ErrorKind::unsupported,
                "'" + weights.origin() + "' holds a relative of CLIP with " + recognised.foreign +
                    ", which this version cannot compute",
                "use a CLIP with OpenAI's vision transformer or ResNet, such as ViT-B/32");
  std::map<std::string, Source> sources;
  for (const std::string& name : weights.names()) {
    if (name.rfind(recognised.wrapper, 0) != 0) continue;
    const std::string unwrapped = name.substr(recognised.wrapper.size());
    const OpenaiName openai = recognised.naming == Naming::transformers ? from_transformers(unwrapped)
                              : recognised.naming == Naming::custom_text || recognised.naming == Naming::eva
                                  ? from_custom_text(unwrapped)
                                  : OpenaiName{unwrapped};
    Source& source = sources[openai.name];
    source.transposed = openai.transposed;
    if (openai.third) {
      source.parts.resize(3);
      source.parts[*openai.third] = name;
    } else {
      source.parts = {name};
    }
  }
  // A third that is missing is asked for by its own name, so that the message names it.
  for (auto& [name, source] : sources)
    for (std::size_t i = 0; i < source.parts.size(); ++i)
      if (source.parts[i].empty()) source.parts[i] = name + " (part " + std::to_string(i + 1) + " of 3)";
  return std::make_unique<Renamed>(weights, std::move(sources));
}

}  // namespace reverie::clip
