// The same network under the names that different programs give its tensors, and what goes with them.

#include "naming.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "conventions.h"
#include "perceptors/toy_weights.h"
#include "support/scratch.h"

namespace reverie::test {
namespace {

using clip::Activation;
using clip::Naming;

/// Toy weights that claim to be a file.
ToyWeights toy_file(std::map<std::string, at::Tensor> tensors, std::string path = "toy") {
  ToyWeights weights;
  weights.tensors = std::move(tensors);
  weights.path = std::move(path);
  return weights;
}

using Tensors = std::map<std::string, at::Tensor>;

Tensors prefixed(const Tensors& tensors, const std::string& prefix) {
  Tensors result;
  for (const auto& [name, tensor] : tensors) result[prefix + name] = tensor;
  return result;
}

/// As open_clip's CustomTextCLIP has it: everything outside `visual.` moves under `text.`.
Tensors custom_text(const Tensors& tensors) {
  Tensors result;
  for (const auto& [name, tensor] : tensors)
    result[(name.rfind("visual.", 0) == 0 ? "" : "text.") + name] = tensor;
  return result;
}

void replace(std::string& text, const std::string& from, const std::string& to) {
  if (const auto at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
}

/// As transformers' own conversion script lays a vision transformer out.
Tensors transformers(const Tensors& tensors) {
  Tensors result;
  for (const auto& [openai, tensor] : tensors) {
    std::string name = openai;
    const bool vision = name.rfind("visual.", 0) == 0;
    if (vision) name.erase(0, 7);
    const std::string tower = vision ? "vision_model." : "text_model.";
    if (name == "proj" || name == "text_projection") {
      result[name == "proj" ? "visual_projection.weight" : "text_projection.weight"] =
          tensor.t().contiguous();
      continue;
    }
    if (const auto at = name.find("attn.in_proj_"); at != std::string::npos) {
      const std::string kind = name.substr(at + 13);
      replace(name, "transformer.resblocks", "encoder.layers");
      for (int i = 0; i < 3; ++i)
        result[tower + name.substr(0, name.find("attn.")) + "self_attn." + "qkv"[i] + "_proj." + kind] =
            tensor.chunk(3)[static_cast<std::size_t>(i)].clone();
      continue;
    }
    if (name == "token_embedding.weight") name = "embeddings.token_embedding.weight";
    if (name == "positional_embedding") name = "embeddings.position_embedding.weight";
    if (name == "class_embedding") name = "embeddings.class_embedding";
    if (name == "conv1.weight") name = "embeddings.patch_embedding.weight";
    replace(name, "ln_final", "final_layer_norm");
    replace(name, "ln_pre", "pre_layrnorm");
    replace(name, "ln_post", "post_layernorm");
    replace(name, "transformer.resblocks", "encoder.layers");
    replace(name, "attn.out_proj", "self_attn.out_proj");
    replace(name, "ln_1", "layer_norm1");
    replace(name, "ln_2", "layer_norm2");
    replace(name, "mlp.c_fc", "mlp.fc1");
    replace(name, "mlp.c_proj", "mlp.fc2");
    result[tower + name] = tensor;
  }
  result["text_model.embeddings.position_ids"] = at::arange(kContext);
  return result;
}

void expect_same(const Weights& view, const Tensors& expected) {
  for (const auto& [name, tensor] : expected) {
    EXPECT_TRUE(view.contains(name)) << name;
    EXPECT_TRUE(at::equal(view.tensor(name), tensor)) << name;
  }
}

TEST(Naming, IsRecognisedWhateverWrapsIt) {
  const Tensors vit = toy_vit().tensors, resnet = toy_resnet().tensors;
  const std::pair<Tensors, Naming> dialects[] = {{vit, Naming::openai},
                                                 {resnet, Naming::openai},
                                                 {custom_text(vit), Naming::custom_text},
                                                 {custom_text(resnet), Naming::custom_text},
                                                 {transformers(vit), Naming::transformers}};
  for (const auto& [tensors, naming] : dialects)
    for (const char* wrapper : {"", "module.", "state_dict.", "state_dict.module."}) {
      Tensors wrapped = prefixed(tensors, wrapper);
      if (*wrapper) wrapped["optimizer.state.0.exp_avg"] = at::zeros({3});
      wrapped[std::string(wrapper) + "logit_scale"] = at::zeros({1});
      const ToyWeights file = toy_file(wrapped);
      EXPECT_EQ(clip::recognise(file), naming) << wrapper;
      expect_same(*clip::with_openai_names(file),
                  tensors.count("visual.proj") || naming == Naming::transformers ? vit : resnet);
    }
}

std::string complaint(const Tensors& tensors, ErrorKind kind) {
  const ToyWeights file = toy_file(tensors);
  try {
    const auto view = clip::with_openai_names(file);
    clip::infer_shape(*view);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  return "";
}

TEST(Naming, RelativesAreRefusedByWhatTheyAre) {
  const Tensors vit = toy_vit().tensors, custom = custom_text(vit);
  const std::pair<const char*, const char*> signs[] = {
      {"visual.trunk.stem.0.weight", "timm"},
      {"text.transformer.embeddings.word_embeddings.weight", "transformers'"},
      {"text.transformer.shared.weight", "T5"},
      {"visual.attn_pool.query", "CoCa"},
  };
  for (const auto& [name, what] : signs) {
    Tensors tensors = custom;
    tensors[name] = at::zeros({2});
    EXPECT_EQ(clip::recognise(toy_file(tensors)), Naming::foreign);
    EXPECT_NE(complaint(tensors, ErrorKind::unsupported).find(what), std::string::npos) << name;
  }
  // Another plugin knows SigLIPs.
  Tensors siglip = transformers(vit);
  siglip["vision_model.head.probe"] = at::zeros({2});
  EXPECT_EQ(clip::recognise(toy_file(siglip)), Naming::none);
  Tensors clipa = vit;
  for (const char* part : {"weight", "bias"}) clipa.erase(std::string("visual.ln_pre.") + part);
  EXPECT_NE(complaint(clipa, ErrorKind::unsupported).find("CLIPA"), std::string::npos);
  EXPECT_EQ(clip::recognise(toy_file({{"model.weight", at::zeros({2})}})), Naming::none);
  EXPECT_NE(complaint({{"model.weight", at::zeros({2})}}, ErrorKind::model).find("no CLIP"),
            std::string::npos);
}

TEST(Naming, BrokenThirdsAreNamed) {
  Tensors tensors = transformers(toy_vit().tensors);
  const std::string key = "vision_model.encoder.layers.1.self_attn.k_proj.weight";
  const at::Tensor whole = tensors.at(key);
  tensors[key] = whole.narrow(0, 0, 100).clone();
  EXPECT_NE(complaint(tensors, ErrorKind::model).find(key), std::string::npos);
  tensors[key] = at::zeros({});
  EXPECT_NE(complaint(tensors, ErrorKind::model), "");
  tensors.erase(key);
  EXPECT_NE(complaint(tensors, ErrorKind::model).find("visual.transformer.resblocks.1.attn.in_proj_weight"),
            std::string::npos);
}

TEST(Shapes, HeadsFollowFromTheWidths) {
  // Of the architectures that open_clip publishes.
  const std::pair<std::int64_t, std::int64_t> heads[] = {{512, 8},   {768, 12},  {896, 14},  {1024, 16},
                                                         {1280, 16}, {1408, 16}, {1664, 16}, {1792, 16}};
  for (const auto& [width, expected] : heads) {
    ToyWeights weights;
    add_text(weights, 40);
    weights.add("visual.conv1.weight", {width, 3, 4, 4});
    weights.add("visual.class_embedding", {width});
    weights.add("visual.positional_embedding", {5, width});
    weights.add_norm("visual.ln_pre", width);
    weights.add_norm("visual.ln_post", width);
    weights.add("visual.proj", {width, kEmbedding});
    weights.add_blocks("visual.transformer.", 1, width);
    // The MLP's width is the file's own affair.
    const std::string mlp = "visual.transformer.resblocks.0.mlp.";
    weights.add(mlp + "c_fc.weight", {100, width});
    weights.add(mlp + "c_fc.bias", {100});
    weights.add(mlp + "c_proj.weight", {width, 100});
    EXPECT_EQ(clip::infer_shape(weights).vision_heads, expected) << width;
  }
}

Activation activation(const Tensors& tensors, const std::string& path) {
  return clip::find_activation(toy_file(tensors, path)).value;
}

TEST(Conventions, ActivationByNameWhereNothingElseTells) {
  const Tensors plain = toy_vit().tensors;
  // What open_clip lists for these weights.
  for (const char* quick :
       {"/m/ViT-B-32-openai.safetensors", "/m/vit_b_32-quickgelu-laion400m_e31-d867053b.pt",
        "/m/timm/vit_base_patch32_clip_224.laion400m_e32/open_clip_model.safetensors",
        "/m/metaclip_l14/open_clip_model.safetensors", "/m/rn50-quickgelu-yfcc15m-455df137.pt",
        "/m/models--apple--DFN5B-CLIP-ViT-H-14/snapshots/abc/open_clip_pytorch_model.bin",
        "/m/models--timm--vit_base_patch16_clip_224.openai/snapshots/abc/open_clip_model.safetensors",
        "/m/apple/DFN2B-CLIP-ViT-B-16/open_clip_pytorch_model.bin"})
    EXPECT_EQ(activation(plain, quick), Activation::quick_gelu) << quick;
  for (const char* exact : {"/m/laion2b_s34b_b79k.safetensors", "/m/vit_b_16-laion400m_e32-55e67d44.pt",
                            "/m/CLIP-ViT-B-32-DataComp.XL-s13B-b90K/open_clip_model.safetensors", "toy",
                            "/m/apple/DFN2B-CLIP-ViT-L-14-39B/open_clip_pytorch_model.bin"})
    EXPECT_EQ(activation(plain, exact), Activation::gelu) << exact;
  EXPECT_EQ(activation(transformers(plain), "/m/model.safetensors"), Activation::quick_gelu);
  const auto found = clip::find_activation(toy_file(plain, "/m/some.safetensors"));
  EXPECT_TRUE(found.assumed) << "the log says so";
}

TEST(Conventions, OpenaisOwnFilesTellByTheirBuffers) {
  Tensors tensors = toy_vit().tensors;
  tensors["input_resolution"] = at::tensor(224);
  const auto found = clip::find_activation(toy_file(tensors, "/m/ViT-B-32.pt"));
  EXPECT_EQ(found.value, Activation::quick_gelu);
  EXPECT_FALSE(found.assumed);
}

TEST(Conventions, MetadataComesFirst) {
  const Scratch scratch;
  scratch.write("open_clip_config.json", R"({"model_cfg": {"quick_gelu": true}})");
  ToyWeights file = toy_file(toy_vit().tensors, scratch / "openai.safetensors");
  file.texts["clip.activation"] = "gelu";
  EXPECT_EQ(clip::find_activation(file).value, Activation::gelu);
  file.texts["clip.activation"] = "swish";
  EXPECT_THROW(clip::find_activation(file), Error);
}

TEST(Conventions, ConfigurationsBesideTheFile) {
  const Scratch scratch;
  const std::string path = scratch / "openai.safetensors";
  const Tensors plain = toy_vit().tensors, hugging = transformers(plain);
  const auto beside = [&](const char* name, const std::string& text) { scratch.write(name, text); };

  beside(
      "open_clip_config.json",
      R"({"model_cfg": {"embed_dim": 24}, "preprocess_cfg": {"mean": [0.1, 0.2, 0.3], "std": [1, 2, 3]}})");
  EXPECT_EQ(activation(plain, path), Activation::gelu) << "open_clip's default, whatever the name";
  const clip::Normalisation declared = clip::find_normalisation(toy_file(plain, path)).value;
  EXPECT_EQ(declared.mean, (std::array<double, 3>{0.1, 0.2, 0.3}));
  EXPECT_EQ(declared.deviation, (std::array<double, 3>{1, 2, 3}));
  beside("open_clip_config.json",
         R"({"model_cfg": {"quick_gelu": true}, "preprocess_cfg": {"mean": [0, 0], "std": "x"}})");
  EXPECT_EQ(activation(plain, path), Activation::quick_gelu);
  EXPECT_EQ(clip::find_normalisation(toy_file(plain, path)).value.mean, clip::kOpenaiNormalisation.mean)
      << "what makes no sense is not taken";

  beside("config.json",
         R"({"text_config": {"hidden_act": "gelu"}, "vision_config": {"hidden_act": "gelu"}})");
  EXPECT_EQ(activation(hugging, path), Activation::gelu);
  EXPECT_EQ(activation(plain, path), Activation::quick_gelu) << "config.json is about the other file";
  beside("config.json", R"({"text_config": {}, "vision_config": {}})");
  EXPECT_EQ(activation(hugging, path), Activation::quick_gelu) << "transformers leaves out its default";
  for (const char* bad : {R"({"text_config": {"hidden_act": "gelu"}, "vision_config": {}})",
                          R"({"text_config": {"hidden_act": "relu"}, "vision_config": {}})", "{", "[]", ""}) {
    beside("config.json", bad);
    EXPECT_THROW(activation(hugging, path), Error) << bad;
  }

  std::filesystem::remove(scratch / "open_clip_config.json");
  beside("preprocessor_config.json", R"({"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]})");
  EXPECT_EQ(clip::find_normalisation(toy_file(hugging, path)).value.mean, clip::kHalfNormalisation.mean);
}

TEST(Conventions, HalfNormalisationByName) {
  const auto mean = [](const char* path) {
    return clip::find_normalisation(toy_file(toy_vit().tensors, path)).value.mean;
  };
  EXPECT_EQ(mean("/m/models--laion--CLIP-ViT-L-14-laion2B-s32B-b82K/snapshots/a/open_clip_model.safetensors"),
            clip::kHalfNormalisation.mean);
  EXPECT_EQ(mean("/m/CLIP-ViT-B-32-laion2B-s34B-b79K/open_clip_model.safetensors"),
            clip::kOpenaiNormalisation.mean);
}

}  // namespace
}  // namespace reverie::test
