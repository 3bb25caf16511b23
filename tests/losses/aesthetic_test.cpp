// The loss aesthetic against PyTorch's modules, on files that PyTorch has written.

#include "conformance/tensors.h"
#include "losses/perceptors.h"
#include "support/numbers.h"
#include "support/process.h"
#include "support/scratch.h"

namespace reverie::test {
namespace {

class Aesthetic : public testing::Test {
 protected:
  /// PyTorch's rating of the picture, by a head that it writes into `file`.
  double rating(const std::string& layout, const std::string& file) {
    Words words = {REVERIE_TEST_PYTHON, REVERIE_TEST_FOLDER "/aesthetic_reference.py", layout, file};
    const at::Tensor embedding = sense_.embed_images(picture_)[0];
    for (std::int64_t i = 0; i < 12; ++i) words.push_back(std::to_string(embedding[i].item<double>()));
    const Outcome outcome = run(words, folder_.path());
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return std::stod(outcome.out);
  }
  std::string path(const std::string& file) const { return (folder_ / file).string(); }
  at::Tensor value(Loss& loss, const at::Tensor& image) {
    PictureModel model(image);
    return evaluate(loss, image, model);
  }

  Scratch folder_;
  PixelSense sense_{8};
  at::Tensor picture_ = random_picture(8, 8, 1);
};

TEST_F(Aesthetic, RatesAsPyTorchDoes) {
  for (const auto& [layout, activation] :
       {std::pair("linear", "none"), {"several", "none"}, {"relu", "relu"}}) {
    const std::string file = std::string(layout) + ".pth";
    const double expected = rating(layout, file);
    const auto loss = looking_through(
        sense_, "aesthetic", {{"aesthetic_weights", path(file)}, {"aesthetic_activation", activation}});
    EXPECT_NEAR(value(*loss, picture_).item<double>(), 1 - expected / 10, 1e-6) << layout;
    // Without it the result is another one: the activation counts.
    if (std::string(activation) == "relu") {
      const auto without = looking_through(sense_, "aesthetic", {{"aesthetic_weights", path(file)}});
      EXPECT_GT(std::abs(value(*without, picture_).item<double>() - (1 - expected / 10)), 1e-5);
    }
  }
}

TEST_F(Aesthetic, LeadsToBetterRatings) {
  rating("several", "head.pth");
  const auto loss = looking_through(sense_, "aesthetic", {{"aesthetic_weights", path("head.pth")}});
  const at::Tensor picture = picture_.clone().set_requires_grad(true);
  const at::Tensor before = value(*loss, picture);
  before.backward();
  const at::Tensor better = picture.detach() - 0.5 * picture.grad() / picture.grad().norm();
  EXPECT_LT(value(*loss, better).item<double>(), before.item<double>());
}

// The suite's own perceptor has embeddings of twelve numbers, too. Without a head, it leaves this loss out.
TEST_F(Aesthetic, KeepsThePromisesOfItsInterface) {
  rating("several", "head.pth");
  const Outcome outcome =
      run({REVERIE_PROGRAM, "plugins", "test", (kBuild / "lib/reverie/plugins/losses/aesthetic.so").string(),
           "aesthetic_weights=" + path("head.pth")},
          folder_.path());
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  EXPECT_NE(outcome.out.find("promises kept"), std::string::npos) << outcome.out;
}

TEST_F(Aesthetic, RefusesWhatDoesNotFit) {
  rating("several", "head.pth");
  struct Short final : Perceptor {
    std::int64_t input_size() const override { return 8; }
    std::int64_t embedding_size() const override { return 5; }
    at::Tensor embed_images(const at::Tensor&) override { return {}; }
    at::Tensor embed_texts(const std::vector<std::string>&) override { return {}; }
  } other;
  const Error error = error_of([&] {
    looking_through(other, "aesthetic", {{"aesthetic_weights", path("head.pth")}});
  });
  EXPECT_EQ(error.kind(), ErrorKind::settings);
  EXPECT_NE(std::string(error.what()).find("12 numbers"), std::string::npos) << error.what();
  const std::string model = (kModels / "tiny_vit.safetensors").string();
  const Error foreign = error_of([&] {
    looking_through(sense_, "aesthetic", {{"aesthetic_weights", model}});
  });
  EXPECT_EQ(foreign.kind(), ErrorKind::model) << foreign.what();
  const Error absent = error_of([&] {
    looking_through(sense_, "aesthetic", {{"aesthetic_weights", path("none.pth")}});
  });
  EXPECT_EQ(absent.kind(), ErrorKind::file) << absent.what();
}

}  // namespace
}  // namespace reverie::test
