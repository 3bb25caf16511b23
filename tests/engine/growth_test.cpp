// Stills that are begun small.

#include "engine/growth.h"
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

INSTANTIATE_TEST_SUITE_P(All, GrowthOf,
                         testing::Values("unlimited_palette", "limited_palette", "fourier", "pyramid"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace reverie::test
