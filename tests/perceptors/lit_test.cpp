// The perceptor lit against PyTorch, and what it says about files that do not fit.

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <png.h>

#include <fstream>
#include <functional>

#include "perceptors/parity.h"
#include "perceptors/toy_weights.h"
#include "reverie/features.h"
#include "support/process.h"

namespace reverie::test {
namespace {

class Lit : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    scratch_ = new Scratch;
    const Outcome made =
        run({REVERIE_TEST_PYTHON, REVERIE_TEST_FOLDER "/lit_files.py", scratch_->path().string()},
            scratch_->path());
    ASSERT_EQ(made.status, 0) << made.err << "\n(tools/setup_test_python.sh installs what the script needs)";
  }
  static void TearDownTestSuite() { delete scratch_; }

  const PluginFile& plugin() const { return registry_.find(Perceptor::kKind, "lit"); }

  /// The small file, or another one, to be changed.
  static std::shared_ptr<ToyWeights> changeable(const std::string& name = "small") {
    const auto file = weights::read_safetensors(*scratch_ / (name + ".safetensors"));
    auto result = std::make_shared<ToyWeights>();
    for (const std::string& name : file->names()) result->tensors[name] = file->tensor(name).clone();
    result->texts = file->metadata();
    return result;
  }
  std::shared_ptr<Perceptor> load(std::shared_ptr<const Weights> weights) {
    return create<Perceptor>(plugin(), host_, default_params(plugin()), {"small", std::move(weights)});
  }
  /// What is said about weights that cannot be used.
  std::string complaint(std::shared_ptr<const Weights> weights) {
    try {
      load(std::move(weights));
    } catch (const Error& error) {
      return std::string(error.what()) + " " + error.advice();
    }
    return "";
  }

  static inline Scratch* scratch_ = nullptr;
  PluginRegistry registry_{{REVERIE_PLUGINS}};
  engine::HostServices host_{{"cpu", 1, REVERIE_MODELS, ""}};
};

TEST_F(Lit, ComputesWhatPyTorchComputes) {
  // With the trunk's classifier, without, and with concepts beside it.
  for (const std::string name : {"small", "plain", "concepts"}) {
    const Parity parity = compare(plugin(), host_, (*scratch_ / (name + ".safetensors")).string(),
                                  *scratch_ / (name + ".expected"));
    EXPECT_LT(parity.images, 1e-4) << name;
    EXPECT_LT(parity.texts, 1e-4) << name;
    EXPECT_LT(parity.gradient, 1e-3) << name;
  }
}

// The embedding is compared with PyTorch's above; its first parts are made of the features.
TEST_F(Lit, FeaturesAreWhatTheEmbeddingIsMadeOf) {
  const auto weights = changeable();
  const auto perceptor = load(weights);
  auto* part = extension_of<Features>(*perceptor);
  ASSERT_NE(part, nullptr);
  const std::int64_t side = perceptor->input_size();
  const at::Tensor images =
      at::rand({2, 3, side, side}, at::make_generator<at::CPUGeneratorImpl>(1)).set_requires_grad(true);
  const std::vector<at::Tensor> features = part->features(images);
  ASSERT_EQ(features.size(), 3u) << "two taps and the last layer";
  const at::Tensor embedding = perceptor->embed_images(images);
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < features.size(); ++i) {
    const at::Tensor places = features[i].flatten(2);
    at::Tensor row = places.mean(2);
    if (i + 1 < features.size()) row = at::cat({row, (places.var(2, false) + 1e-5).sqrt()}, 1);
    const std::string head = "heads." + std::to_string(i);
    const at::Tensor weight = weights->tensor(head + ".weight");
    const at::Tensor wanted = at::linear(row, weight, weights->tensor(head + ".bias"));
    const at::Tensor found = embedding.narrow(1, begin, weight.size(0));
    begin += weight.size(0);
    EXPECT_LT((found / found.norm(2, 1, true) - wanted / wanted.norm(2, 1, true)).abs().max().item<double>(),
              1e-4)
        << i;
  }
  features[0].sum().backward();
  EXPECT_GT(images.grad().abs().max().item<double>(), 0);
}

TEST_F(Lit, RefusesAClassifierThatDoesNotFit) {
  const auto other = changeable();
  other->add("classes.keys", {6, 24});
  EXPECT_NE(complaint(other).find("classes.keys"), std::string::npos);
  const auto absent = changeable();
  absent->texts["lit.classifier"] = "_fc.elsewhere";
  EXPECT_NE(complaint(absent).find("_fc.elsewhere"), std::string::npos);
  const auto mean = changeable();
  mean->add("classes.mean", {15});
  EXPECT_NE(complaint(mean).find("classes.mean"), std::string::npos);
}

TEST_F(Lit, PlacesATextThatIsAConceptByThatConceptsPictures) {
  const auto weights = changeable("concepts");
  const at::Tensor text = load(weights)->embed_texts({"a cat"})[0];
  const at::Tensor second = text.narrow(0, text.size(0) - 16, 16),
                   rows = weights->tensors.at("concepts.rows");
  EXPECT_EQ(at::matmul(rows / rows.norm(2, 1, true), second).argmax().item<std::int64_t>(), 0);
}

TEST_F(Lit, LeavesATextThatIsLikeNoConceptWhereItWas) {
  const auto weights = changeable("concepts");
  weights->tensors["concepts.keys"].neg_();
  const std::vector<std::string> texts = {"a cat"};
  EXPECT_TRUE(
      at::allclose(load(weights)->embed_texts(texts), load(changeable())->embed_texts(texts), 0, 1e-6));
}

TEST_F(Lit, IsNoMoreFamiliarWithAConcept) {
  // How much the classes know of a text is what `familiarity()` says.
  const auto with = load(changeable("concepts")), without = load(changeable());
  EXPECT_EQ(extension_of<Familiarity>(*with)->familiarity("a cat"),
            extension_of<Familiarity>(*without)->familiarity("a cat"));
}

TEST_F(Lit, RefusesConceptsThatDoNotFit) {
  const auto said = [&](const std::function<void(ToyWeights&)>& change) {
    const auto weights = changeable("concepts");
    change(*weights);
    return complaint(weights);
  };
  const auto has = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos ? "" : "'" + text + "'";
  };
  EXPECT_EQ(has(said([](ToyWeights& w) {
                  w.add("concepts.keys", {5, 23});
                }),
                "'concepts.keys' is not a matrix of 5 x 24"),
            "");
  EXPECT_EQ(has(said([](ToyWeights& w) { w.add("concepts.keys", {5}); }), "'concepts.keys' is not a matrix"),
            "");
  EXPECT_EQ(has(said([](ToyWeights& w) {
                  w.add("concepts.rows", {4, 16});
                }),
                "'concepts.rows' is not a matrix of 5 x 16"),
            "");
  EXPECT_EQ(has(said([](ToyWeights& w) {
                  w.add("concepts.rows", {5, 15});
                }),
                "'concepts.rows' is not a matrix of 5 x 16"),
            "");
  EXPECT_EQ(
      has(said([](ToyWeights& w) { w.tensors["concepts.share"].fill_(1.5); }), "'concepts.share' is 1.5"),
      "");
  EXPECT_EQ(has(said([](ToyWeights& w) { w.tensors.erase("concepts.keys"); }), "concepts.keys"), "");
  EXPECT_EQ(
      has(said([](ToyWeights& w) { w.texts.erase("lit.classifier"); }), "no 'lit.classifier' is declared"),
      "");
}

TEST_F(Lit, TakesTheFilesThatDeclareATrunkAndNoOthers) {
  const auto accepts = [&](const std::string& plugin, const Weights& weights) {
    return registry_.find(Perceptor::kKind, plugin).load().accepts(&weights);
  };
  const auto weights = changeable();
  EXPECT_TRUE(accepts("lit", *weights));
  EXPECT_FALSE(accepts("clip", *weights));
  weights->texts.erase("lit.trunk");
  EXPECT_FALSE(accepts("lit", *weights));
}

TEST_F(Lit, NamesTheMissingTrunkAndHowToGetIt) {
  const auto weights = changeable();
  weights->texts["lit.trunk"] = "trunks/elsewhere.pth";
  const std::string said = complaint(weights);
  EXPECT_NE(said.find("trunks/elsewhere.pth"), std::string::npos) << said;
  EXPECT_NE(said.find("tools/setup.sh"), std::string::npos) << said;
}

TEST_F(Lit, RefusesHeadsThatDoNotFitTheTrunk) {
  const auto weights = changeable();
  weights->add("heads.1.weight", {6, 21});
  EXPECT_NE(complaint(weights).find("heads.1"), std::string::npos);
}

TEST_F(Lit, RefusesADeclarationThatIsIncomplete) {
  for (const char* key :
       {"lit.strides", "lit.taps", "lit.input_size", "lit.mean", "lit.heads", "lit.merges"}) {
    const auto weights = changeable();
    weights->texts.erase(key);
    EXPECT_NE(complaint(weights).find(key), std::string::npos) << key;
  }
}

TEST_F(Lit, RefusesDepthsAndBlocksThatAreNotThere) {
  const auto deep = changeable();
  deep->texts["lit.taps"] = "1 4";
  EXPECT_NE(complaint(deep).find("lit.taps"), std::string::npos);
  const auto few = changeable();
  few->texts["lit.strides"] = "1 2 1";
  EXPECT_NE(complaint(few).find("blocks"), std::string::npos);
}

TEST_F(Lit, QuotesATextThatIsTooLong) {
  const auto perceptor = load(changeable());
  std::string words = "cats";
  for (int i = 0; i < 20; ++i) words += " cats";
  try {
    perceptor->embed_texts({"a cat", words});
    FAIL() << "38 tokens is the most";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("38"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("cats cats"), std::string::npos) << error.what();
  }
}

/// The share of a list's texts that tiny_lit is familiar with.
double familiar_share(Perceptor& perceptor, const std::string& list) {
  std::ifstream lines(std::string(REVERIE_SOURCE) + "/tools/" + list);
  int known = 0, all = 0;
  for (std::string line; std::getline(lines, line); ++all)
    known += extension_of<Familiarity>(perceptor)->familiarity(line.substr(0, line.find('\t'))) > 0.5;
  return static_cast<double>(known) / all;
}

class ShippedLit : public Lit {
 protected:
  void SetUp() override {
    try {
      host_.resolve_asset("trunks/efficientnet-lite0.pth");
    } catch (const Error&) {
      GTEST_SKIP() << "set-up could not get its trunk";
    }
    perceptor = create<Perceptor>(plugin(), host_, default_params(plugin()),
                                  {"tiny_lit", host_.load_weights("tiny_lit")});
  }
  std::shared_ptr<Perceptor> perceptor;
};

TEST_F(ShippedLit, KnowsWhatItsTrunkHasClassesFor) {
  EXPECT_GT(familiar_share(*perceptor, "sixty_nouns.txt"), 0.95);
  EXPECT_LT(familiar_share(*perceptor, "forty_prompts.txt"), 0.15);
}

/// [1, 3, H, W] of a PNG file, 0..1.
at::Tensor read_picture(const std::string& path) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  EXPECT_TRUE(png_image_begin_read_from_file(&header, path.c_str())) << path << ": " << header.message;
  header.format = PNG_FORMAT_RGB;
  const at::Tensor pixels =
      at::empty({std::int64_t(header.height), std::int64_t(header.width), 3}, at::kByte);
  EXPECT_TRUE(png_image_finish_read(&header, nullptr, pixels.mutable_data_ptr(), 0, nullptr))
      << header.message;
  return pixels.permute({2, 0, 1}).unsqueeze(0).to(at::kFloat) / 255;
}

TEST_F(ShippedLit, SeesWhatPicturesShow) {
  const std::vector<std::string> texts = {"a goldfish", "a tiger", "a sunset over the sea"};
  const std::vector<std::string> files = {"paint/goldfish.png", "paint/tiger.png", "first_light.png"};
  const at::Tensor wanted = perceptor->embed_texts(texts);
  for (std::size_t i = 0; i < files.size(); ++i) {
    const at::Tensor picture = read_picture(std::string(REVERIE_SOURCE) + "/docs/pictures/" + files[i]);
    const at::Tensor seen = perceptor->embed_images(at::adaptive_avg_pool2d(picture, {128, 128}));
    EXPECT_EQ(at::matmul(wanted, seen.t()).argmax().item<std::int64_t>(), static_cast<std::int64_t>(i))
        << files[i];
  }
}

}  // namespace
}  // namespace reverie::test
