#include "reverie/perceptor.h"

#include <torch/csrc/autograd/autograd.h>

#include "conformance/promise.h"
#include "conformance/tensors.h"
#include "fixtures/plugins_under_test.h"
#include "plugins/text_check.h"
#include "reverie/features.h"

namespace reverie::test {
namespace {

/// Weights that no network understands.
class ForeignWeights final : public Weights {
 public:
  std::vector<std::string> names() const override { return {"layer.bias", "layer.weight"}; }
  bool contains(const std::string& name) const override {
    return name == "layer.bias" || name == "layer.weight";
  }
  at::Tensor tensor(const std::string& name) const override {
    if (!contains(name)) throw Error(ErrorKind::model, "no tensor '" + name + "'");
    return at::zeros({2, 2});
  }
  const std::map<std::string, std::string>& metadata() const override { return metadata_; }
  std::string origin() const override { return "foreign"; }

 private:
  std::map<std::string, std::string> metadata_;
};

/// A plugin and a model that it accepts; none where it needs none.
struct Pair {
  std::string plugin, model;
  friend std::ostream& operator<<(std::ostream& out, const Pair& pair) {
    return out << pair.plugin << " with " << pair.model;
  }
};

std::vector<Pair> pairs() {
  engine::HostServices host(host_options());
  std::vector<Pair> result;
  for (const PluginFile* plugin : plugins().usable(Perceptor::kKind)) {
    if (!is_tested(*plugin)) continue;
    for (const std::string& model : models_to_try())
      if (plugin->load().accepts && plugin->load().accepts(host.load_weights(model).get()))
        result.push_back({plugin->name, model});
    if (starts_without_weights(*plugin, host)) result.push_back({plugin->name, ""});
  }
  return result;
}

class PerceptorConformance : public testing::TestWithParam<Pair> {
 protected:
  PerceptorConformance() : host_(services()) {
    // Loading takes longer than most tests.
    static std::map<std::string, std::shared_ptr<Perceptor>> loaded;
    std::shared_ptr<Perceptor>& perceptor = loaded[GetParam().plugin + "/" + GetParam().model];
    if (!perceptor) perceptor = fresh();
    perceptor_ = perceptor;
  }

  static engine::HostServices& services() {
    static engine::HostServices host(host_options());
    return host;
  }
  std::shared_ptr<Perceptor> fresh() {
    if (GetParam().model.empty())
      return create<Perceptor>(plugin(), host_, usual_params(plugin()), {GetParam().plugin, nullptr});
    return create<Perceptor>(plugin(), host_, usual_params(plugin()),
                             {GetParam().model, host_.load_weights(GetParam().model)});
  }
  const PluginFile& plugin() const { return plugins().find(Perceptor::kKind, GetParam().plugin); }

  /// [count, 3, S, S]: smooth, with some noise, each another.
  at::Tensor images(std::int64_t count, std::uint64_t seed = 1) {
    const std::int64_t side = perceptor_->input_size();
    return (smooth_picture(side, side) * 0.8 + random_tensor({count, 3, side, side}, seed) * 0.1).clamp(0, 1);
  }

  engine::HostServices& host_;
  std::shared_ptr<Perceptor> perceptor_;
};

TEST_P(PerceptorConformance, EmbedsImages) {
  promise("embed_images()", "float32 [N, embedding_size], with a length above 0");
  EXPECT_GT(perceptor_->input_size(), 0);
  EXPECT_GT(perceptor_->embedding_size(), 0);
  for (const std::int64_t count : {1, 3}) {
    const at::Tensor embeddings = perceptor_->embed_images(images(count));
    EXPECT_TRUE(is_plane(embeddings, {count, perceptor_->embedding_size()}, -kUnbounded, kUnbounded));
    EXPECT_GT(embeddings.norm(2, 1).min().item<double>(), 0) << "an embedding needs a direction";
  }
}

TEST_P(PerceptorConformance, TakesValuesSlightlyOutsideTheRange) {
  promise("embed_images()", "pictures are nominally 0..1; noise may lead slightly outside");
  const at::Tensor embeddings = perceptor_->embed_images(images(2) * 1.4 - 0.2);
  EXPECT_TRUE(is_plane(embeddings, {2, perceptor_->embedding_size()}, -kUnbounded, kUnbounded));
}

TEST_P(PerceptorConformance, IsDeterministic) {
  promise("embed_images()", "the same pictures, the same embeddings");
  const at::Tensor batch = images(2);
  EXPECT_TRUE(at::equal(perceptor_->embed_images(batch), perceptor_->embed_images(batch.clone())));
}

TEST_P(PerceptorConformance, RowsDoNotDependOnEachOther) {
  promise("embed_images()", "one embedding for each picture, whatever else is in the batch");
  const at::Tensor batch = images(4);
  const at::Tensor together = perceptor_->embed_images(batch);
  const double scale = together.norm(2, 1).mean().item<double>();
  for (std::int64_t i = 0; i < 4; ++i) {
    const at::Tensor alone = perceptor_->embed_images(batch.narrow(0, i, 1));
    EXPECT_LT((alone[0] - together[i]).norm().item<double>() / scale, 1e-4) << "row " << i;
  }
  const at::Tensor turned = perceptor_->embed_images(batch.flip(0)).flip(0);
  EXPECT_LT((turned - together).norm(2, 1).max().item<double>() / scale, 1e-4);
}

TEST_P(PerceptorConformance, KnowsBeforehandWhichTextsAreTooLong) {
  promise("text_check()", "throws what embed_texts() would throw of the same text");
  const auto check = make_text_check(
      plugin(), host_, usual_params(plugin()),
      {GetParam().model, GetParam().model.empty() ? nullptr : host_.load_weights(GetParam().model)});
  if (!check) return;  // it does not say
  std::string long_text;
  for (int i = 0; i < 2000; ++i) long_text += "owl ";
  const auto trouble = [](const auto& work) -> std::string {
    try {
      work();
      return "";
    } catch (const Error& error) {
      return error.kind() == ErrorKind::settings ? "too long" : error.what();
    }
  };
  for (const std::string& text : {std::string("a red heart"), std::string(), long_text})
    EXPECT_EQ(trouble([&] { check->check(text); }), trouble([&] { perceptor_->embed_texts({text}); }))
        << text.substr(0, 40);
}

TEST_P(PerceptorConformance, TellsImagesApart) {
  promise("embed_images()", "closeness means likeness: two unlike pictures have two embeddings");
  const at::Tensor embeddings = perceptor_->embed_images(at::cat({images(1), images(1).flip({2, 3}) * 0.3}));
  EXPECT_GT((embeddings[0] - embeddings[1]).norm().item<double>(),
            1e-3 * embeddings[0].norm().item<double>());
}

TEST_P(PerceptorConformance, GradientIsThatOfFiniteDifferences) {
  promise("embed_images()", "differentiable with respect to the images");
  const at::Tensor at_images = images(2);
  const at::Tensor weights = random_tensor({2, perceptor_->embedding_size()}, 5);
  const auto value = [&](const at::Tensor& x) { return (perceptor_->embed_images(x) * weights).sum(); };

  const at::Tensor variable = at_images.clone().set_requires_grad(true);
  value(variable).backward();
  const at::Tensor gradient = variable.grad();
  ASSERT_TRUE(gradient.defined());
  ASSERT_TRUE(gradient.isfinite().all().item<bool>());
  ASSERT_GT(gradient.norm().item<double>(), 0);

  // A random direction alone is nearly orthogonal to the gradient, and float32 would drown the difference.
  const at::Tensor random = random_tensor(gradient.sizes(), 6);
  const at::Tensor direction = gradient / gradient.norm() + random / random.norm();
  const double predicted = (gradient * direction).sum().item<double>();
  const double h = 0.01;
  const double measured =
      (value(at_images + direction * h) - value(at_images - direction * h)).item<double>() / (2 * h);
  EXPECT_NEAR(measured, predicted, 0.03 * std::abs(predicted));
}

TEST_P(PerceptorConformance, WeightsAskForNoGradient) {
  promise("embed_images()", "no gradient where the images ask for none");
  const at::Tensor embeddings = perceptor_->embed_images(images(1));
  EXPECT_FALSE(embeddings.requires_grad())
      << "gradients of weights cost time and memory, and nothing uses them";
}

TEST_P(PerceptorConformance, EmbedsTexts) {
  promise("embed_texts()", "one row for each text: float32 [N, embedding_size], detached");
  const std::vector<std::string> texts = {"a red heart", "a blue square", "", "Ünïcödé 😀 文字",
                                          "a red heart"};
  const at::Tensor rows = perceptor_->embed_texts(texts);
  EXPECT_TRUE(is_plane(rows, {static_cast<std::int64_t>(texts.size()), perceptor_->embedding_size()},
                       -kUnbounded, kUnbounded));
  EXPECT_FALSE(rows.requires_grad());
  const double scale = rows.norm(2, 1).mean().item<double>();
  EXPECT_LT((rows[0] - rows[4]).norm().item<double>() / scale, 1e-4) << "the same text, the same row";
  EXPECT_GT((rows[0] - rows[1]).norm().item<double>() / scale, 1e-3);
  const at::Tensor alone = perceptor_->embed_texts({texts[1]});
  EXPECT_LT((alone[0] - rows[1]).norm().item<double>() / scale, 1e-4) << "rows do not depend on each other";
}

TEST_P(PerceptorConformance, NoTextsGiveNoRows) {
  promise("embed_texts()", "no texts, no rows");
  const at::Tensor rows = perceptor_->embed_texts({});
  EXPECT_EQ(rows.sizes(), at::IntArrayRef({0, perceptor_->embedding_size()}));
}

TEST_P(PerceptorConformance, TooLongATextIsAnErrorThatNamesIt) {
  promise("embed_texts()", "throws Error(settings), naming the text, when one is too long");
  std::string text = "an endless tale of";
  for (int i = 0; i < 2000; ++i) text += " and then";
  const Error error = error_of([&] { perceptor_->embed_texts({"short", text}); });
  EXPECT_EQ(error.kind(), ErrorKind::settings);
  EXPECT_NE(std::string(error.what()).find("an endless tale of and then"), std::string::npos) << error.what();
  EXPECT_LT(std::string(error.what()).size(), 2000u) << "the message must stay readable";
}

TEST_P(PerceptorConformance, ImagesOutliveTheTextEncoder) {
  promise("release_text_encoder()", "frees only what texts need: pictures are embedded as before");
  const at::Tensor batch = images(2);
  const auto it = fresh();
  const at::Tensor before = it->embed_images(batch);
  it->embed_texts({"a red heart"});
  it->release_text_encoder();
  it->release_text_encoder();
  EXPECT_TRUE(at::equal(it->embed_images(batch), before));
  try {  // asking all the same is a mistake, not a crash
    it->embed_texts({"a red heart"});
  } catch (const Error&) {
  }
}

TEST_P(PerceptorConformance, ForeignWeightsAreNotAccepted) {
  promise("accepts()", "false for weights that it does not understand");
  ASSERT_TRUE(plugin().load().accepts);
  const ForeignWeights foreign;
  EXPECT_FALSE(plugin().load().accepts(&foreign));
}

TEST_P(PerceptorConformance, FeaturesAreMapsWithAGradient) {
  promise("features()", "float32 [N, C, h, w] at several depths, always as many, differentiable");
  auto* part = extension_of<Features>(*perceptor_);
  if (!part) return;
  const at::Tensor batch = images(2).set_requires_grad(true);
  const std::vector<at::Tensor> two = part->features(batch), one = part->features(images(1));
  ASSERT_FALSE(two.empty());
  ASSERT_EQ(one.size(), two.size());
  for (std::size_t i = 0; i < two.size(); ++i) {
    ASSERT_EQ(two[i].dim(), 4) << i;
    EXPECT_TRUE(
        is_plane(two[i], {2, two[i].size(1), two[i].size(2), two[i].size(3)}, -kUnbounded, kUnbounded));
    EXPECT_EQ(one[i].sizes().slice(1), two[i].sizes().slice(1)) << i;
    const at::Tensor gradient =
        torch::autograd::grad({(two[i] * random_tensor(two[i].sizes(), i)).sum()}, {batch}, {}, true)[0];
    EXPECT_TRUE(gradient.isfinite().all().item<bool>()) << i;
    EXPECT_GT(gradient.abs().max().item<double>(), 0) << i;
  }
}

TEST_P(PerceptorConformance, MissingWeightsAreRefusedUnlessItNeedsNone) {
  promise("its constructor", "starts without weights, or throws Error(settings)");
  try {
    const auto perceptor =
        create<Perceptor>(plugin(), host_, usual_params(plugin()), {plugin().name, nullptr});
    EXPECT_GT(perceptor->input_size(), 0);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::settings) << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(All, PerceptorConformance, testing::ValuesIn(pairs()), [](const auto& info) {
  const std::string& model = info.param.model;
  return info.param.plugin + (model.empty() ? "" : "_with_" + fs::path(model).stem().string());
});

TEST(AllPerceptorConformance, EveryShippedModelIsAccepted) {
  std::set<std::string> accepted;
  for (const Pair& pair : pairs()) accepted.insert(pair.model);
  EXPECT_FALSE(accepted.empty());
  for (const std::string& model : shipped_models()) EXPECT_TRUE(accepted.count(model)) << model;
}

}  // namespace
}  // namespace reverie::test
