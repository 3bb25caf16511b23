#include "reverie/cutout_method.h"

#include <ATen/ATen.h>

#include "conformance/promise.h"
#include "conformance/tensors.h"
#include "fixtures/plugins_under_test.h"
#include "reverie/varying_parameters.h"

namespace reverie::test {
namespace {

class CutoutMethodConformance : public testing::TestWithParam<std::string> {
 protected:
  CutoutMethodConformance() : host_(host_options()) {}

  const PluginFile& plugin() const { return plugins().find(CutoutMethod::kKind, GetParam()); }
  std::shared_ptr<CutoutMethod> method(engine::HostServices& host) {
    return create<CutoutMethod>(plugin(), host, usual_params(plugin()), {6});
  }
  std::shared_ptr<CutoutMethod> method() { return method(host_); }
  static at::Tensor picture(std::int64_t width, std::int64_t height) {
    return random_tensor({1, 3, height, width}, 5).sigmoid();
  }

  engine::HostServices host_;
};

TEST_P(CutoutMethodConformance, PicturesOfEverySizeBecomeSquaresOfTheSideAskedFor) {
  promise("take()", "count cutouts [N, 3, side, side] of a picture of any size, with a place for each");
  const auto it = method();
  for (const auto& [width, height, side] : {std::tuple{64, 48, 32}, {20, 90, 64}, {1, 1, 8}, {7, 5, 1}}) {
    const CutoutMethod::Batch batch = it->take(picture(width, height), 6, side);
    EXPECT_EQ(batch.images.sizes(), at::IntArrayRef({6, 3, side, side}));
    EXPECT_EQ(batch.images.scalar_type(), at::kFloat);
    EXPECT_TRUE(batch.images.isfinite().all().item<bool>());
    ASSERT_EQ(batch.places.size(), 6u);
    for (const CutoutPlace& place : batch.places) {
      EXPECT_GT(place.width, 0);
      EXPECT_GT(place.height, 0);
      // Some of it lies on the picture.
      EXPECT_LT(place.x - place.width / 2, 1);
      EXPECT_GT(place.x + place.width / 2, 0);
      EXPECT_LT(place.y - place.height / 2, 1);
      EXPECT_GT(place.y + place.height / 2, 0);
    }
  }
}

TEST_P(CutoutMethodConformance, GradientsFlowBackToThePicture) {
  promise("take()", "differentiable: a change of the picture changes the cutouts as the gradient says");
  const at::Tensor image = picture(24, 20).set_requires_grad(true);
  const at::Tensor seen = method()->take(image, 6, 16).images;
  ASSERT_TRUE(seen.requires_grad());
  seen.sum().backward();
  const at::Tensor gradient = image.grad();
  ASSERT_TRUE(gradient.defined());
  EXPECT_TRUE(gradient.isfinite().all().item<bool>());
  EXPECT_GT(gradient.abs().sum().item<double>(), 0);
}

TEST_P(CutoutMethodConformance, APictureWithoutGradientGivesCutoutsWithoutOne) {
  promise("take()", "no gradient where the picture has none");
  EXPECT_FALSE(method()->take(picture(24, 20), 6, 16).images.requires_grad());
}

TEST_P(CutoutMethodConformance, ThePictureIsLeftAsItIs) {
  promise("take()", "the picture is not changed");
  const at::Tensor image = picture(24, 20), before = image.clone();
  method()->take(image, 6, 16);
  EXPECT_TRUE(at::equal(image, before));
}

TEST_P(CutoutMethodConformance, AllChanceComesFromTheHostsGenerators) {
  promise("take()", "all randomness from the host's generators: the same again for the same seed");
  const at::Tensor image = picture(24, 20);
  std::vector<at::Tensor> first;
  for (int run = 0; run < 2; ++run) {
    engine::HostServices host(host_options());
    const auto it = method(host);
    for (std::size_t call = 0; call < 3; ++call) {
      const at::Tensor images = it->take(image, 6, 16).images;
      if (run == 0)
        first.push_back(images);
      else
        EXPECT_TRUE(at::equal(images, first[call])) << call;
    }
  }
}

TEST_P(CutoutMethodConformance, AnInstanceThatBeginsLaterGoesOnAlike) {
  promise("take()", "an instance keeps nothing from call to call, so that a restored run goes on exactly");
  const at::Tensor image = picture(24, 20);
  engine::HostServices one(host_options()), other(host_options());
  const auto whole = method(one);
  method(other)->take(image, 6, 16);
  whole->take(image, 6, 16);
  EXPECT_TRUE(at::equal(whole->take(image, 6, 16).images, method(other)->take(image, 6, 16).images));
}

TEST_P(CutoutMethodConformance, TakesParametersThatVary) {
  promise("set_parameters()",
          "a method that declares is_animatable() has VaryingParameters, and works on with what it is told");
  FrameContext now = defaults_of(plugin());
  if (now.parameters.empty()) return;
  engine::HostServices one(host_options()), other(host_options());
  const auto told = method(one), untold = method(other);
  auto* varying = extension_of<VaryingParameters>(*told);
  ASSERT_NE(varying, nullptr);
  varying->set_parameters(now);
  EXPECT_TRUE(
      at::equal(told->take(picture(24, 20), 6, 16).images, untold->take(picture(24, 20), 6, 16).images))
      << "the same as at the start";
}

INSTANTIATE_TEST_SUITE_P(All, CutoutMethodConformance, testing::ValuesIn(names_of(CutoutMethod::kKind)),
                         name_as_is);

}  // namespace
}  // namespace reverie::test
