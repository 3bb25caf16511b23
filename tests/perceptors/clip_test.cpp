// The plugin around the towers: vocabulary, normalisation, and what it refuses.

#include "engine/host_services.h"
#include "perceptors/naive_clip.h"
#include "plugins/registry.h"
#include "reverie/perceptor.h"
#include "settings/settings.h"
#include "support/scratch.h"
#include "tokenizer.h"
#include "towers.h"

namespace reverie::test {
namespace {

const PluginFile& plugin() {
  static const PluginRegistry registry({REVERIE_PLUGINS});
  return registry.find(Perceptor::kKind, "clip");
}

/// 512 bytes, one merge, start and end.
std::shared_ptr<ToyWeights> toy(bool vit = true) {
  auto weights = std::make_shared<ToyWeights>(vit ? toy_vit(515) : toy_resnet(515));
  weights->texts["clip.merges"] = "r e\n";
  weights->texts["clip.activation"] = "quick_gelu";
  return weights;
}

engine::HostServices& host() {
  static engine::HostServices services({"cpu", 1, "", ""});
  return services;
}

std::shared_ptr<Perceptor> make(const std::shared_ptr<const Weights>& weights) {
  return create<Perceptor>(plugin(), host(), default_params(plugin()), {"toy", weights});
}

std::string complaint(const std::shared_ptr<const Weights>& weights) {
  try {
    make(weights);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(ClipPlugin, TellsItsSizes) {
  EXPECT_EQ(make(toy())->input_size(), 12);
  EXPECT_EQ(make(toy(false))->input_size(), 64);
  EXPECT_EQ(make(toy())->embedding_size(), kEmbedding);
}

TEST(ClipPlugin, NormalisesPictures) {
  const auto weights = toy();
  const at::Tensor images = at::rand({2, 3, 12, 12}, seeded(1));
  const double mean[] = {0.48145466, 0.4578275, 0.40821073},
               deviation[] = {0.26862954, 0.26130258, 0.27577711};
  at::Tensor normal = images.clone();
  for (std::int64_t c = 0; c < 3; ++c) normal.select(1, c).sub_(mean[c]).div_(deviation[c]);
  const at::Tensor result = make(weights)->embed_images(images);
  ASSERT_EQ(result.sizes(), at::IntArrayRef({2, kEmbedding}));
  for (std::int64_t i = 0; i < 2; ++i) {
    const at::Tensor expected =
        at::tensor(naive::vision_transformer(normal[i], *weights, 2, false), at::kDouble);
    EXPECT_LT((result[i].to(at::kDouble) - expected).norm().item<double>(),
              1e-4 * expected.norm().item<double>());
  }
}

TEST(ClipPlugin, ActivationComesWithTheWeights) {
  // "rd" is not a merge: 'r' and a 'd' that ends the word, between start and end.
  const std::vector<std::int64_t> ids = {513, 'r' - '!', 'd' - '!' + 256, 514};
  const auto weights = toy();
  for (const bool gelu : {false, true}) {
    weights->texts["clip.activation"] = gelu ? "gelu" : "quick_gelu";
    const at::Tensor result = make(weights)->embed_texts({"RD"})[0].to(at::kDouble);
    const at::Tensor right = at::tensor(naive::text(ids, *weights, gelu), at::kDouble);
    const at::Tensor wrong = at::tensor(naive::text(ids, *weights, !gelu), at::kDouble);
    EXPECT_LT((result - right).norm().item<double>(), 1e-4 * right.norm().item<double>());
    EXPECT_GT((result - wrong).norm().item<double>(), 1e-3 * right.norm().item<double>());
  }
}

TEST(ClipPlugin, TextsStandForThemselves) {
  const auto perceptor = make(toy());
  const at::Tensor both = perceptor->embed_texts({"red", "a bc"});
  EXPECT_FALSE(both.requires_grad());
  EXPECT_LT(largest(both[0] - perceptor->embed_texts({"red"})[0]), 1e-5);
  EXPECT_LT(largest(both[1] - perceptor->embed_texts({"A  BC "})[0]), 1e-5);
}

TEST(ClipPlugin, TooLongATextIsQuoted) {
  const auto perceptor = make(toy());
  EXPECT_NO_THROW(perceptor->embed_texts({"a b c d e f g"}));
  try {
    perceptor->embed_texts({"red", "a b c d e f g h"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::settings);
    const std::string what = error.what();
    for (const char* part : {"'a b c d e f g h'", "'toy'", "8 tokens", "at most 7"})
      EXPECT_NE(what.find(part), std::string::npos) << what;
  }
}

TEST(ClipPlugin, AReleasedTextEncoderIsMissed) {
  const auto perceptor = make(toy());
  perceptor->release_text_encoder();
  EXPECT_THROW(perceptor->embed_texts({"red"}), Error);
  EXPECT_NO_THROW(perceptor->embed_images(at::rand({1, 3, 12, 12})));
}

TEST(ClipPlugin, PicturesGetGradients) {
  const at::Tensor images = at::rand({1, 3, 12, 12}, seeded(2)).set_requires_grad(true);
  make(toy())->embed_images(images).sum().backward();
  EXPECT_GT(largest(images.grad()), 0);
}

TEST(ClipPlugin, AcceptsWhatLooksLikeClip) {
  const auto accepts = [](const Weights& weights) { return plugin().load().accepts(&weights); };
  EXPECT_TRUE(accepts(*toy()));
  EXPECT_TRUE(accepts(*toy(false)));
  ToyWeights other;
  other.add("decoder.weight", {3});
  EXPECT_FALSE(accepts(other));
}

TEST(ClipPlugin, RefusesWeightsThatItCannotUse) {
  EXPECT_NE(complaint(nullptr).find("needs weights"), std::string::npos);
  auto weights = toy();
  weights->texts["clip.merges"] += "d e\n";
  EXPECT_NE(complaint(weights).find("the vocabulary has 516 tokens, the network 515"), std::string::npos)
      << complaint(weights);
  weights = toy();
  weights->tensors.erase("visual.ln_post.bias");
  EXPECT_NE(complaint(weights).find("'visual.ln_post.bias'"), std::string::npos);
  weights = toy();
  weights->add("visual.transformer.resblocks.0.ls_1.gamma", {128});
  EXPECT_NE(complaint(weights).find("'visual.transformer.resblocks.0.ls_1.gamma'"), std::string::npos)
      << "LayerScale would be left out silently";
  weights = toy();
  weights->tensors["visual.proj"] = at::zeros({128, kEmbedding + 1});
  EXPECT_NE(complaint(weights).find("'visual.proj'"), std::string::npos)
      << "texts and pictures would not meet";
}

TEST(ClipPlugin, OpenaisVocabularyIsMissed) {
  auto weights = toy();
  weights->texts.erase("clip.merges");
  const Scratch empty;
  engine::HostServices without_files({"cpu", 1, empty.path(), empty.path()});
  try {
    create<Perceptor>(plugin(), without_files, default_params(plugin()), {"toy", weights});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::file);
    EXPECT_NE(std::string(error.what()).find((empty / "clip/bpe_simple_vocab_16e6.txt.gz").string()),
              std::string::npos)
        << error.what();
    EXPECT_NE(error.advice().find("reverie models fetch clip-vocabulary"), std::string::npos);
  }
}

TEST(ClipPlugin, TheVocabularyIsLookedForInTheModelsFolder) {
  const Scratch shipped, fetched;
  std::filesystem::create_directory(fetched / "clip");
  const std::filesystem::path file = fetched.write("clip/bpe_simple_vocab_16e6.txt.gz", "");
  engine::HostServices services({"cpu", 1, shipped.path(), fetched.path()});
  EXPECT_EQ(services.resolve_asset("clip/bpe_simple_vocab_16e6.txt.gz"), file);
  std::filesystem::create_directory(shipped / "clip");
  const std::filesystem::path first = shipped.write("clip/bpe_simple_vocab_16e6.txt.gz", "");
  EXPECT_EQ(services.resolve_asset("clip/bpe_simple_vocab_16e6.txt.gz"), first);
  EXPECT_EQ(services.resolve_asset(file), file);
}

TEST(ClipPlugin, SettingsOverrideWhatTheFileSays) {
  const auto with = [&](const char* name, const char* value) {
    Settings settings = default_params(plugin());
    SettingValue chosen = *settings.find(name);
    chosen.text = value;
    settings.set(name, chosen);
    return create<Perceptor>(plugin(), host(), settings, {"toy", toy()});
  };
  const auto weights = toy();
  weights->texts["clip.activation"] = "gelu";
  const auto declared = make(weights);
  const at::Tensor images = at::rand({1, 3, 12, 12}, seeded(3));
  EXPECT_LT(largest(with("clip_activation", "gelu")->embed_images(images) - declared->embed_images(images)),
            1e-5);
  EXPECT_GT(
      largest(with("clip_activation", "quick_gelu")->embed_images(images) - declared->embed_images(images)),
      1e-4);
  // (x - 0.5) / 0.5 is what OpenAI's normalisation makes of x' = (x - 0.5) / 0.5 * deviation + mean.
  const auto channels = [](double r, double g, double b) {
    return at::tensor({r, g, b}, at::kFloat).view({1, 3, 1, 1});
  };
  const at::Tensor shifted = (images - 0.5) / 0.5 * channels(0.26862954, 0.26130258, 0.27577711) +
                             channels(0.48145466, 0.4578275, 0.40821073);
  EXPECT_LT(largest(with("clip_normalisation", "half")->embed_images(images) -
                    with("clip_normalisation", "openai")->embed_images(shifted)),
            1e-4);
}

}  // namespace
}  // namespace reverie::test
