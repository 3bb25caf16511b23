// Values and gradients of the built-in losses against PyTorch's and kornia's operators.

#include <json/json.h>

#include <fstream>
#include <sstream>

#include "losses/loss_under_test.h"
#include "support/numbers.h"
#include "support/process.h"

namespace reverie::test {
namespace {

Json::Value rows(const at::Tensor& tensor) {
  if (tensor.dim() == 0) return tensor.item<double>();
  Json::Value result(Json::arrayValue);
  for (std::int64_t i = 0; i < tensor.size(0); ++i) result.append(rows(tensor[i]));
  return result;
}

TEST(LossParity, ValuesAndGradientsOfEveryLoss) {
  constexpr std::int64_t width = 20, height = 12;
  // Away from black, where the saturation's slope has a limit that kornia's has not.
  const auto picture = [](std::uint64_t seed) {
    return at::rand({1, 3, height, width}, seeded(seed)) * 0.9 + 0.05;
  };
  const at::Tensor image = picture(1), target = picture(2);
  // One mask must grow in one direction and shrink in the other.
  const at::Tensor mask = at::rand({1, 1, 50, 7}, seeded(3));

  const Scratch scratch;
  Json::Value given;
  given["image"] = rows(image[0]);
  given["target"] = rows(target[0]);
  given["mask"] = rows(mask[0][0]);
  std::ofstream(scratch / "given.json") << given;
  const Outcome outcome =
      run({"/bin/sh", "-c",
           "'" REVERIE_TEST_PYTHON "' '" REVERIE_TEST_FOLDER "/losses_reference.py' < given.json"},
          scratch.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  Json::Value expected;
  std::istringstream(outcome.out) >> expected;

  for (const char* name : {"direct", "edge", "latent", "smoothing"})
    for (const bool masked : {false, true}) {
      const std::string which = std::string(name) + (masked ? " masked" : "");
      ASSERT_TRUE(expected.isMember(which));
      const auto loss = make_loss(name, {width, height});
      loss->set_target(target);
      if (masked) loss->set_mask(mask);
      PictureModel model(image.clone().set_requires_grad(true));
      const at::Tensor value = evaluate(*loss, model.decode(), model);
      value.backward();
      const double theirs = expected[which]["value"].asDouble();
      EXPECT_NEAR(value.item<double>(), theirs, 1e-5 * theirs) << which;
      const at::Tensor gradient = model.picture.grad().view(-1);
      ASSERT_EQ(expected[which]["gradient"].size(), static_cast<Json::ArrayIndex>(gradient.numel()));
      double worst = 0;
      for (std::int64_t i = 0; i < gradient.numel(); ++i)
        worst = std::max(worst, std::abs(gradient[i].item<double>() -
                                         expected[which]["gradient"][static_cast<int>(i)].asDouble()));
      EXPECT_LT(worst, 1e-4 * largest(gradient)) << which;
    }
}

}  // namespace
}  // namespace reverie::test
