// Stills that are begun small.

#include "engine/growth.h"

#include <ATen/core/grad_mode.h>

#include "reverie/resized_gradients.h"
#include "studio.h"

namespace reverie::test {
namespace {

engine::Growth growth_of(const std::string& settings, std::int64_t width, std::int64_t height,
                         std::int64_t steps) {
  const Studio studio("scenes=red;cutouts=2;" + settings);
  return engine::Growth(studio.settings, {width, height}, steps);
}

std::string refusal(const std::string& settings, std::int64_t steps = 30) {
  try {
    growth_of(settings, 200, 100, steps);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::settings);
    EXPECT_FALSE(error.advice().empty());
    return error.what();
  }
  return "";
}

TEST(Growth, SaysWhatDoesNotFit) {
  EXPECT_EQ(refusal("upscale_from=[50, 100]"), "");
  EXPECT_NE(refusal("upscale_from=[50, 200]").find("longer side of the picture is 200"), std::string::npos);
  EXPECT_NE(refusal("upscale_from=[50, 40]").find("ascending"), std::string::npos);
  EXPECT_NE(refusal("upscale_from=[half]").find("'half'"), std::string::npos);
  EXPECT_NE(refusal("upscale_from=[50];upscale_at=[10, 20]").find("2 steps"), std::string::npos);
  EXPECT_NE(refusal("upscale_from=[50];upscale_at=[30]").find("30 steps"), std::string::npos);
}

struct Model {
  engine::HostServices host{host_options()};
  std::shared_ptr<ImageModel> made;
  Model(const std::string& name, std::int64_t width, std::int64_t height) {
    const PluginFile& plugin = plugins().find(ImageModel::kKind, name);
    made = create<ImageModel>(plugin, host, default_params(plugin), {width, height});
  }
};

at::Tensor smooth(std::int64_t width, std::int64_t height) {
  const at::Tensor x = at::linspace(0, 3, width).view({1, 1, 1, width}),
                   y = at::linspace(0, 2, height).view({1, 1, height, 1});
  return at::cat({(x + y).sin(), (x - y).cos(), (x * 0.7).sin() * y.cos()}, 1) * 0.3 + 0.5;
}

TEST(Growth, SizesComeInTheirSteps) {
  engine::Growth growth = growth_of("upscale_from=[40, 100];upscale_at=[7, 12]", 200, 100, 30);
  Model model("unlimited_palette", 200, 100);
  growth.begin(*model.made, 0);
  const auto width = [&](std::int64_t step) {
    growth.grow(*model.made, step);
    return model.made->decode().size(3);
  };
  EXPECT_EQ(width(0), 40);
  EXPECT_EQ(model.made->decode().size(2), 20);
  EXPECT_EQ(width(6), 40);
  EXPECT_EQ(width(7), 100);
  EXPECT_FALSE(growth.grow(*model.made, 11));
  EXPECT_FALSE(growth.is_full(11));
  EXPECT_EQ(width(12), 200);
  EXPECT_TRUE(growth.is_full(12));
  engine::Growth even = growth_of("upscale_from=[40, 100]", 200, 100, 30);
  EXPECT_FALSE(even.is_full(19));
  EXPECT_TRUE(even.is_full(20)) << "a third of the steps for each size";
}

class GrowthOf : public testing::TestWithParam<const char*> {};

TEST_P(GrowthOf, ShowsTheSameLarger) {
  Model model(GetParam(), 96, 64);
  engine::Growth growth = growth_of("upscale_from=[48]", 96, 64, 10);
  growth.begin(*model.made, 0);
  const at::Tensor picture = smooth(48, 32);
  model.made->encode(picture);
  const at::Tensor before = model.made->decode_final();
  ASSERT_EQ(before.size(3), 48);
  EXPECT_EQ(growth.shown(before).size(3), 96);
  EXPECT_TRUE(growth.grow(*model.made, 5));
  const at::Tensor after = model.made->decode_final();
  ASSERT_EQ(after.size(3), 96);
  ASSERT_EQ(after.size(2), 64);
  const double change = (at::avg_pool2d(after, 2) - before).square().mean().sqrt().item<double>();
  EXPECT_LT(change, 0.05) << "root of the mean square";
  for (const at::Tensor& parameter : model.made->parameters()) EXPECT_TRUE(parameter.requires_grad());
  model.made->decode().sum().backward();
  EXPECT_TRUE(model.made->parameters()[0].grad().defined());
  // What is saved at this size is loaded at this size, and at no other.
  const auto state = model.made->state();
  Model other(GetParam(), 96, 64);
  other.made->load_state(state);
  EXPECT_TRUE(at::equal(other.made->decode_final(), after));
  growth.begin(*model.made, 0);
  EXPECT_THROW(model.made->load_state(state), Error);
}

/// The gradients of how far the picture is from another one.
std::vector<at::Tensor> gradients(ImageModel& model, std::int64_t width, std::int64_t height) {
  const at::Tensor wanted = smooth(width, height).flip(3);
  for (const at::Tensor& parameter : model.parameters()) parameter.mutable_grad() = at::Tensor();
  (model.decode() - wanted).square().mean().backward();
  std::vector<at::Tensor> result;
  for (const at::Tensor& parameter : model.parameters()) result.push_back(parameter.grad().clone());
  return result;
}

TEST_P(GrowthOf, GoesOnWithGradientsThatAreAboutThoseOfTheLargerPicture) {
  Model model(GetParam(), 96, 64);
  engine::Growth growth = growth_of("upscale_from=[48]", 96, 64, 10);
  growth.begin(*model.made, 0);
  model.made->encode(smooth(48, 32));
  const std::vector<at::Tensor> before = gradients(*model.made, 48, 32);
  ASSERT_TRUE(growth.grow(*model.made, 5));
  const std::vector<at::Tensor> after = gradients(*model.made, 96, 64);
  auto* resizes = extension_of<ResizesGradients>(*model.made);
  ASSERT_TRUE(resizes);
  std::vector<at::Tensor> squares;
  for (const at::Tensor& one : before) squares.push_back(one.square());
  for (std::size_t i = 0; i < after.size(); ++i) {
    const at::Tensor guess = resizes->resize_gradients(i, before, 1),
                     square = resizes->resize_gradients(i, squares, 2);
    ASSERT_EQ(guess.sizes(), after[i].sizes()) << i;
    ASSERT_EQ(square.sizes(), after[i].sizes()) << i;
    const double norms = (guess.norm() / after[i].norm()).item<double>(),
                 cosine = ((guess * after[i]).sum() / (guess.norm() * after[i].norm())).item<double>();
    EXPECT_GT(cosine, 0.9) << i;
    EXPECT_NEAR(norms, 1, 0.25) << i;
    EXPECT_GE(square.min().item<double>(), 0) << i;
    EXPECT_NEAR((square.sum() / after[i].square().sum()).item<double>(), 1, 0.5) << i;
  }
}

/// Its means are those of the larger picture from its first step on; another one begins with none.
TEST(Growth, OfTheOptimiserKeepsWhatItKnows) {
  for (const char* name : {"adam", "adamw", "radam", "sgd"}) {
    const PluginFile& plugin = plugins().find(Optimiser::kKind, name);
    engine::HostServices host{host_options()};
    const auto made = [&](const at::Tensor& parameter) {
      return create<Optimiser>(plugin, host, default_params(plugin), Optimiser::Setup{{parameter}});
    };
    const auto pixels = [](std::int64_t side) {
      return at::zeros({1, 3, side, side}).set_requires_grad(true);
    };
    const at::Tensor small = pixels(4), large = pixels(8);
    const auto before = made(small);
    for (int step = 0; step < 3; ++step) {
      small.mutable_grad() = at::full({1, 3, 4, 4}, 0.5);
      const at::NoGradGuard no_grad;
      before->step(0.1);
    }
    const auto after = made(large);
    auto* goes_on = extension_of<GoesOnResized>(*after);
    ASSERT_TRUE(goes_on) << name;
    goes_on->go_on_from(before->state(), [](std::size_t, const std::vector<at::Tensor>& values, int power) {
      return spread_gradients(values[0], 8, 8, power);
    });
    // An even gradient of a quarter everywhere goes on as if it had always been so.
    const at::Tensor same = pixels(8);
    const auto always = made(same);
    for (int step = 0; step < 3; ++step) {
      same.mutable_grad() = at::full({1, 3, 8, 8}, 0.125);
      const at::NoGradGuard no_grad;
      always->step(0.1);
    }
    for (const auto& [part, tensor] : always->state())
      EXPECT_TRUE(at::allclose(tensor, after->state().at(part), 1e-5, 1e-10)) << name << " " << part;
  }
}

INSTANTIATE_TEST_SUITE_P(All, GrowthOf,
                         testing::Values("unlimited_palette", "limited_palette", "fourier", "pyramid"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace reverie::test
