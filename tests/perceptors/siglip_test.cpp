// What a SigLIP needs beside its weights, and files that are none.

#include <gtest/gtest.h>

#include "perceptors/parity.h"
#include "support/process.h"

namespace reverie::test {
namespace {

namespace fs = std::filesystem;

/// Tensors of a file, some of them replaced.
class Changed final : public Weights {
 public:
  explicit Changed(std::shared_ptr<const Weights> file) : file_(std::move(file)) {}
  std::vector<std::string> names() const override {
    std::vector<std::string> result;
    for (const std::string& name : file_->names())
      if (contains(name)) result.push_back(name);
    for (const auto& [name, tensor] : more)
      if (!file_->contains(name)) result.push_back(name);
    return result;
  }
  bool contains(const std::string& name) const override {
    return more.count(name) > 0 || (name != gone && file_->contains(name));
  }
  at::Tensor tensor(const std::string& name) const override {
    const auto found = more.find(name);
    return found == more.end() ? file_->tensor(name) : found->second;
  }
  const std::map<std::string, std::string>& metadata() const override { return file_->metadata(); }
  std::string origin() const override { return file_->origin(); }

  std::string gone;
  std::map<std::string, at::Tensor> more;

 private:
  std::shared_ptr<const Weights> file_;
};

class Siglip : public testing::Test {
 protected:
  /// One small network in transformers' naming, made once.
  static void SetUpTestSuite() {
    folder_ = new Scratch;
    const Outcome made = run({REVERIE_TEST_PYTHON, REVERIE_TEST_FOLDER "/siglip_files.py",
                              folder_->path().string(), "siglip_hf", "siglip2"},
                             folder_->path());
    ASSERT_EQ(made.status, 0) << made.err;
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  std::shared_ptr<const Weights> weights(const std::string& name = "siglip_hf") {
    return weights::open_weights(*folder_ / (name + "/model.safetensors"));
  }
  std::shared_ptr<Perceptor> make(std::shared_ptr<const Weights> file, const std::string& tokenizer = "") {
    Settings params = default_params(plugin_);
    SettingValue value = *params.find("siglip_tokenizer");
    value.text = tokenizer;
    params.set("siglip_tokenizer", value);
    return create<Perceptor>(plugin_, host_, params, {"mine", std::move(file)});
  }
  std::string complaint(const std::function<void()>& work, ErrorKind kind) {
    try {
      work();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      return std::string(error.what()) + "; " + error.advice();
    }
    ADD_FAILURE() << "no error";
    return "";
  }

  static Scratch* folder_;
  PluginRegistry registry_{{REVERIE_PLUGINS}};
  const PluginFile& plugin_ = registry_.find(Perceptor::kKind, "siglip");
  engine::HostServices host_{{"cpu", 1, REVERIE_MODELS, ""}};
};

Scratch* Siglip::folder_ = nullptr;

TEST_F(Siglip, FindsItsTokenizerBesideTheWeightsOrByTheSetting) {
  const Scratch elsewhere;
  fs::copy_file(*folder_ / "siglip_hf/model.safetensors", elsewhere / "model.safetensors");
  const auto alone = weights::open_weights(elsewhere / "model.safetensors");
  const std::string missing = complaint([&] { make(alone); }, ErrorKind::file);
  for (const char* words : {"spiece.model", "tokenizer.model", "siglip_tokenizer"})
    EXPECT_NE(missing.find(words), std::string::npos) << missing;
  const std::vector<std::string> texts = {"two red hearts"};
  const at::Tensor expected = make(weights())->embed_texts(texts);
  const std::string named = (*folder_ / "siglip_hf/spiece.model").string();
  EXPECT_TRUE(at::equal(make(alone, named)->embed_texts(texts), expected));
  elsewhere.write("tokenizer.model", "no model at all");
  EXPECT_NE(complaint([&] { make(alone); }, ErrorKind::file).find("tokenizer.model"), std::string::npos);
}

TEST_F(Siglip, CleansTextsByItsGeneration) {
  const auto first = make(weights()), second = make(weights("siglip2"));
  const auto same = [](Perceptor& perceptor, const std::string& a, const std::string& b) {
    const at::Tensor rows = perceptor.embed_texts({a, b});
    return at::allclose(rows[0], rows[1], 0, 1e-6);
  };
  EXPECT_TRUE(same(*first, "Two, red: HEARTS!", "two red hearts"));
  EXPECT_TRUE(same(*first, "two_red  hearts", "two red hearts"));
  EXPECT_TRUE(same(*second, "Two red  HEARTS", "two red hearts"));
  EXPECT_FALSE(same(*second, "two red hearts!", "two red hearts"));
  EXPECT_FALSE(same(*first, "two red hearts", "two blue fish"));
}

TEST_F(Siglip, PromptsThatAreTooLongAreNamed) {
  std::string text = "red heart";
  for (int i = 0; i < 40; ++i) text += " fish";
  const std::string said = complaint([&] { make(weights())->embed_texts({text}); }, ErrorKind::settings);
  EXPECT_NE(said.find("red heart"), std::string::npos) << said;
  EXPECT_NE(said.find("at most 63"), std::string::npos) << said;
  EXPECT_NE(said.find("'mine'"), std::string::npos) << said;
}

TEST_F(Siglip, WhatDoesNotFitIsNamed) {
  const std::string key = "vision_model.encoder.layers.1.self_attn.k_proj.weight";
  const auto with = [&](const std::string& name, const at::Tensor& tensor) {
    auto changed = std::make_shared<Changed>(weights());
    tensor.defined() ? void(changed->more[name] = tensor) : void(changed->gone = name);
    return changed;
  };
  const auto says = [&](const std::string& name, const at::Tensor& tensor, const std::string& words,
                        ErrorKind kind = ErrorKind::model) {
    const std::string said = complaint([&] { make(with(name, tensor)); }, kind);
    EXPECT_NE(said.find(words), std::string::npos) << said;
  };
  says(key, at::zeros({5, 5}), key);
  says(key, at::Tensor(), "visual.transformer.resblocks.1.attn.in_proj_weight");
  says("text_model.head.bias", at::zeros({7}), "text_model.head.bias");
  says("vision_model.embeddings.position_embedding.weight", at::zeros({15, 128}), "square grid");
  says("vision_model.embeddings.patch_embedding.weight", at::zeros({128, 192}), "NaFlex",
       ErrorKind::unsupported);
  says("vision_model.encoder.layers.0.gate.weight", at::zeros({3}), "layers.0.gate", ErrorKind::unsupported);
  says("text_model.embeddings.token_embedding.weight", at::zeros({20, 64}), "the network 20");
}

TEST_F(Siglip, OnlyItsOwnFilesAreAccepted) {
  EXPECT_TRUE(accepts(plugin_, weights().get()));
  EXPECT_FALSE(accepts(registry_.find(Perceptor::kKind, "clip"), weights().get()));
  EXPECT_FALSE(accepts(plugin_, host_.load_weights("tiny_vit").get()));
}

}  // namespace
}  // namespace reverie::test
