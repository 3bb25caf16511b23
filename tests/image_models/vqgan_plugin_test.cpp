// The VQGAN image model around its network: what is optimised, averaged, rounded and refused.

#include <ATen/ATen.h>

#include "engine/host_services.h"
#include "image_models/vqgan_cases.h"
#include "network.h"
#include "plugins/registry.h"
#include "reverie/image_model.h"
#include "reverie/ops.h"
#include "reverie/resizable.h"
#include "reverie/resize.h"
#include "settings/settings.h"
#include "support/numbers.h"
#include "tiles.h"

namespace reverie::test {
namespace {

const VqganCase& find_case(const std::string& name) {
  for (const VqganCase& one : vqgan_cases())
    if (one.name == name) return one;
  throw std::runtime_error("there is no case " + name);
}

class VqganModel : public testing::Test {
 protected:
  VqganModel() : registry_({REVERIE_PLUGINS}), host_(options("fp32")) {}

  static engine::HostServices::Options options(const char* precision) {
    engine::HostServices::Options options{"cpu", 1, "/nowhere", "/nowhere"};
    options.precision = precision;
    return options;
  }
  std::shared_ptr<ImageModel> model(const std::string& weights, std::int64_t width, std::int64_t height,
                                    std::int64_t pixel_size = 1, engine::HostServices* host = nullptr,
                                    std::int64_t tile = 0) {
    const PluginFile& plugin = registry_.find(ImageModel::kKind, "VQGAN");
    Settings settings = default_params(plugin);
    SettingValue name = *settings.find("vqgan_model"), scale = *settings.find("pixel_size");
    name.text = weights;
    scale.number = static_cast<double>(pixel_size);
    SettingValue tiles = *settings.find("vqgan_tile");
    tiles.number = static_cast<double>(tile);
    settings.set("vqgan_tile", tiles);
    settings.set("vqgan_model", name);
    settings.set("pixel_size", scale);
    return create<ImageModel>(plugin, host ? *host : host_, settings, {width, height});
  }
  std::shared_ptr<ImageModel> model(const VqganCase& one, std::int64_t width, std::int64_t height,
                                    std::int64_t pixel_size = 1) {
    return model(one.checkpoint, width, height, pixel_size);
  }
  /// Of the size of the case's own pictures.
  std::shared_ptr<ImageModel> model(const VqganCase& one, engine::HostServices* host = nullptr) {
    const at::Tensor image = one.expected->tensor("image");
    return model(one.checkpoint, image.size(3), image.size(2), 1, host);
  }
  Error error_of(const std::string& weights, std::int64_t width = 64, std::int64_t height = 64,
                 std::int64_t pixel_size = 1) {
    try {
      model(weights, width, height, pixel_size);
    } catch (const Error& error) {
      return error;
    }
    return Error(ErrorKind::usage, "no error");
  }

  PluginRegistry registry_;
  engine::HostServices host_;
};

/// What decode() gives for a latent [1, embedding, h, w] of codes.
at::Tensor picture_of(const vqgan::Network& network, const at::Tensor& quantised) {
  return clamp_with_gradient((network.decode(quantised) + 1) / 2, 0, 1);
}

at::Tensor quantised(const vqgan::Network& network, const at::Tensor& z) {
  return network.embed(network.nearest_codes(z));
}

/// The model's one parameter in the network's layout [1, embedding, h, w].
at::Tensor latent_of(ImageModel& model) { return model.parameters().at(0).permute({0, 3, 1, 2}); }

void set_latent(ImageModel& model, const at::Tensor& z) {
  at::NoGradGuard no_grad;
  model.parameters().at(0).copy_(z.permute({0, 2, 3, 1}));
}

TEST_F(VqganModel, EncodesAndDecodesAsTheReferenceDoes) {
  for (const VqganCase& one : vqgan_cases()) {
    SCOPED_TRACE(one.name);
    const auto it = model(one);
    const auto first = [&](const char* name) { return one.expected->tensor(name).narrow(0, 0, 1); };
    it->encode(((first("image") + 1) / 2).to(at::kFloat));
    const vqgan::Network network(*one.weights);
    EXPECT_TRUE(at::equal(latent_of(*it), network.embed(first("codes"))));
    EXPECT_TRUE(at::equal(it->decode(), it->decode_final()));
    set_latent(*it, first("z").to(at::kFloat));
    EXPECT_LT(relative_difference(it->decode(), ((first("decoded") + 1) / 2).clamp(0, 1)), 1e-4);
    EXPECT_LT(relative_difference(*it->latent(), first("quantised")), 1e-6);
    EXPECT_TRUE(at::equal(*it->encode_latent(((first("image") + 1) / 2).to(at::kFloat)),
                          network.embed(first("codes"))));
    EXPECT_EQ(it->learning_rate(), network.shape().gumbel ? 0.15 : 0.1);
    EXPECT_EQ(it->latent_strength(), 1);
    EXPECT_FALSE(it->canvas()) << "moves go through the picture";
  }
}

TEST_F(VqganModel, WorksInBfloat16) {
  engine::HostServices host(options("bf16"));
  for (const char* name : {"lightning", "gumbel"}) {
    const VqganCase& one = find_case(name);
    const auto it = model(one, &host);
    set_latent(*it, one.expected->tensor("z").narrow(0, 0, 1).to(at::kFloat));
    const at::Tensor picture = it->decode();
    EXPECT_EQ(picture.scalar_type(), at::kFloat);
    const at::Tensor expected = ((one.expected->tensor("decoded").narrow(0, 0, 1) + 1) / 2).clamp(0, 1);
    EXPECT_LT((picture - expected).square().mean().sqrt().item<double>(), 0.05);
    picture.sum().backward();
    EXPECT_GT(largest(it->parameters()[0].grad()), 0);
  }
}

TEST_F(VqganModel, GradientsPassStraightThroughTheCodebook) {
  const VqganCase& one = find_case("lightning");
  const vqgan::Network network(*one.weights);
  const auto it = model(one);
  const at::Tensor z = one.expected->tensor("z").narrow(0, 0, 1).to(at::kFloat);
  set_latent(*it, z);
  const at::Tensor picture = it->decode(), mix = at::randn(picture.sizes(), seeded(3));
  (picture * mix).sum().backward();
  // The decoder sees codes and nothing else; their gradient is the latent's.
  const at::Tensor codes = quantised(network, z).detach().set_requires_grad(true);
  const at::Tensor expected = picture_of(network, codes);
  EXPECT_LT(largest(picture - expected), 1e-5);
  (expected * mix).sum().backward();
  EXPECT_LT(relative_difference(it->parameters()[0].grad().permute({0, 3, 1, 2}), codes.grad()), 1e-4);
  // The same for what latent losses compare.
  it->parameters()[0].mutable_grad() = at::Tensor();
  const at::Tensor direction = at::randn(codes.sizes(), seeded(4));
  (*it->latent() * direction).sum().backward();
  EXPECT_TRUE(at::equal(it->parameters()[0].grad().permute({0, 3, 1, 2}), direction));
}

TEST_F(VqganModel, ShowsTheBiasCorrectedAverage) {
  const VqganCase& one = find_case("lightning_legacy");
  const vqgan::Network network(*one.weights);
  const auto it = model(one, 20, 12);
  const at::Generator generator = seeded(9);
  std::vector<at::Tensor> history = {latent_of(*it).detach().clone()};
  const auto expect_average = [&] {
    // Weights 0.99^age, made to sum to one.
    at::Tensor sum = at::zeros(history[0].sizes(), at::kDouble);
    double weights = 0;
    for (std::size_t i = 0; i < history.size(); ++i) {
      const double weight = std::pow(0.99, static_cast<double>(history.size() - 1 - i));
      sum = sum + history[i].to(at::kDouble) * weight;
      weights += weight;
    }
    const at::Tensor average = (sum / weights).to(at::kFloat);
    EXPECT_LT(largest(it->decode_final() - picture_of(network, quantised(network, average)).detach()), 1e-4)
        << history.size();
    EXPECT_LT(largest(it->decode() - picture_of(network, quantised(network, history.back()))), 1e-4);
  };
  expect_average();
  for (int i = 0; i < 120; ++i) {
    set_latent(*it, at::randn(history[0].sizes(), generator) * 3);
    history.push_back(latent_of(*it).detach().clone());
    it->after_step();
    if (i < 3 || i % 40 == 39) expect_average();
  }
  // Neither a new picture nor a new start remembers the old ones.
  it->randomise();
  history = {latent_of(*it).detach().clone()};
  expect_average();
  it->after_step();
  it->encode(at::rand({1, 3, 12, 20}, generator));
  history = {latent_of(*it).detach().clone()};
  expect_average();
}

TEST_F(VqganModel, SizesAreRoundedDownToWholeCodes) {
  const VqganCase &f16 = find_case("lightning"), &f2 = find_case("lightning_legacy");
  const auto size = [](const std::shared_ptr<ImageModel>& it) {
    const at::Tensor picture = it->decode_final();
    return std::pair(picture.size(3), picture.size(2));
  };
  EXPECT_EQ(size(model(f16, 47, 33)), std::pair(32L, 32L));
  EXPECT_EQ(size(model(f16, 16, 16)), std::pair(16L, 16L));
  EXPECT_EQ(size(model(f16, 16, 79)), std::pair(16L, 64L));
  EXPECT_EQ(size(model(f2, 37, 23)), std::pair(36L, 22L));
  // pixel_size multiplies before that.
  EXPECT_EQ(size(model(f16, 11, 8, 3)), std::pair(32L, 16L));
  EXPECT_EQ(size(model(f2, 5, 1, 2)), std::pair(10L, 2L));
  // Pictures of any size are encoded.
  const auto it = model(f16, 40, 20);
  for (const auto& [width, height] : {std::pair{40, 20}, {1, 1}, {3, 100}, {200, 7}}) {
    it->encode(at::rand({1, 3, height, width}, seeded(2)));
    EXPECT_EQ(size(it), std::pair(32L, 16L));
  }
}

TEST_F(VqganModel, TooSmallPicturesAreRefusedByTheSettingsToChange) {
  const std::string f16 = find_case("lightning").checkpoint;
  for (const auto& [width, height] : {std::pair{15, 64}, {64, 15}, {1, 1}}) {
    const Error error = error_of(f16, width, height);
    EXPECT_EQ(error.kind(), ErrorKind::settings);
    for (const std::string word : {"'width'", "'height'", "16"})
      EXPECT_NE(std::string(error.what()).find(word), std::string::npos) << error.what();
    EXPECT_NE(error.advice().find("at least 16"), std::string::npos) << error.advice();
  }
  EXPECT_NE(error_of(f16, 5, 64, 3).advice().find("at least 6"), std::string::npos);
  EXPECT_EQ(std::string(error_of(f16, 6, 64, 3).what()), "no error");
}

TEST_F(VqganModel, StartsFromRandomEntriesOfTheCodebook) {
  const VqganCase& one = find_case("lightning_legacy");
  const vqgan::Network network(*one.weights);
  const auto it = model(one, 64, 64);
  const at::Tensor codes = network.nearest_codes(latent_of(*it));
  EXPECT_TRUE(at::equal(latent_of(*it), network.embed(codes)));
  // 1024 draws of 33 codes: all appear, but for one time in 10^12.
  EXPECT_EQ(std::get<0>(at::_unique(codes)).numel(), 33);
}

TEST_F(VqganModel, MissingWeightsComeWithTheCommand) {
  const Error error = error_of("sflickr");
  EXPECT_EQ(error.kind(), ErrorKind::file);
  EXPECT_NE(std::string(error.what()).find("/nowhere/vqgan/sflckr.ckpt"), std::string::npos) << error.what();
  EXPECT_NE(error.advice().find("reverie models fetch sflckr"), std::string::npos) << error.advice();
}

/// The network that is installed with the program.
std::string tiny_network() { return REVERIE_SOURCE "/models/vqgan/tiny.safetensors"; }

at::Tensor broad(std::int64_t width, std::int64_t height) {
  const at::Tensor x = at::linspace(0, 5, width).view({1, 1, 1, width}),
                   y = at::linspace(0, 4, height).view({1, 1, height, 1});
  return at::cat({(x + y).sin(), (x - y).cos(), (x * 0.7).sin() * y.cos()}, 1) * 0.3 + 0.5;
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).square().mean().sqrt().item<double>();
}

// Each tile is a picture of its own to the network, whose norms and attention look at all of it: pictures
// differ a little everywhere, but not at the borders of tiles.
TEST_F(VqganModel, TilesMakeThePictureOfTheWhole) {
  const auto whole = model(tiny_network(), 384, 256), tiles = model(tiny_network(), 384, 256, 1, nullptr, 24);
  whole->encode(broad(384, 256));
  set_latent(*tiles, latent_of(*whole).detach());
  const at::Tensor expected = whole->decode().detach(), made = tiles->decode().detach();
  ASSERT_EQ(made.sizes(), expected.sizes());
  EXPECT_LT(difference(made, expected), 0.03);
  // 48 x 32 codes are two by two tiles, with borders at the columns 192 and rows 128.
  const at::Tensor across = (made - made.roll(1, 3)).abs().mean(std::vector<std::int64_t>{0, 1, 2}),
                   usual = (expected - expected.roll(1, 3)).abs().mean(std::vector<std::int64_t>{0, 1, 2});
  EXPECT_LT(across.narrow(0, 160, 64).max().item<double>(),
            1.5 * usual.narrow(0, 160, 64).max().item<double>());
  // So is the gradient, nearly.
  const at::Tensor wanted = broad(384, 256).flip(3);
  for (const auto& it : {whole, tiles}) (it->decode() - wanted).square().sum().backward();
  const at::Tensor one = whole->parameters()[0].grad(), other = tiles->parameters()[0].grad();
  EXPECT_GT(((one * other).sum() / (one.norm() * other.norm())).item<double>(), 0.9);
}

// What is done to each pixel alone knows nothing of tiles.
TEST(VqganTiles, AreOfNoConsequenceToPixelsAlone) {
  const at::Tensor latent = at::rand({1, 3, 37, 50}, seeded(1), at::kDouble).set_requires_grad(true);
  int tiles = 0;
  const auto squares = [&](const at::Tensor& part) {
    ++tiles;
    EXPECT_LE(part.size(2), 16 + 2 * vqgan::kReach);
    EXPECT_LE(part.size(3), 16 + 2 * vqgan::kReach);
    return at::upsample_nearest2d(part.square(), {part.size(2) * 2, part.size(3) * 2});
  };
  const at::Tensor made = vqgan::in_tiles(latent, 16, {1, 2}, squares);
  EXPECT_EQ(tiles, 3 * 4);
  const at::Tensor expected = at::upsample_nearest2d(latent.detach().square(), {74, 100});
  EXPECT_LT(largest(made.detach() - expected), 1e-6);
  const at::Tensor weights = at::rand({1, 3, 74, 100}, seeded(2), at::kDouble);
  (made * weights).sum().backward();
  EXPECT_LT(largest(latent.grad() - latent.detach() * 2 * at::avg_pool2d(weights, 2) * 4), 1e-6);
}

TEST_F(VqganModel, OneTileIsTheWhole) {
  const auto whole = model(tiny_network(), 128, 96), tile = model(tiny_network(), 128, 96, 1, nullptr, 16);
  whole->encode(broad(128, 96));
  tile->encode(broad(128, 96));
  EXPECT_TRUE(at::equal(whole->decode(), tile->decode()));
}

TEST_F(VqganModel, TilesAreNotTooSmall) {
  try {
    model(tiny_network(), 128, 96, 1, nullptr, 15);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::settings);
    EXPECT_NE(std::string(error.what()).find("'vqgan_tile' is 15"), std::string::npos);
  }
}

// A still that grows: the picture is enlarged and encoded again.
TEST_F(VqganModel, KeepsItsPictureWhenItGrows) {
  const auto it = model(tiny_network(), 128, 96);
  it->encode(broad(128, 96));
  const at::Tensor before = it->decode_final();
  auto* resizes = extension_of<Resizable>(*it);
  ASSERT_TRUE(resizes);
  resizes->resize({256, 192});
  const at::Tensor after = it->decode_final();
  ASSERT_EQ(after.size(2), 192);
  ASSERT_EQ(after.size(3), 256);
  EXPECT_LT(difference(at::avg_pool2d(after, 2), before), 0.05);
  EXPECT_TRUE(it->parameters()[0].requires_grad());
  it->decode().sum().backward();
  EXPECT_TRUE(it->parameters()[0].grad().defined());
  // What is saved at this size is loaded at this size.
  const auto other = model(tiny_network(), 256, 192);
  other->load_state(it->state());
  EXPECT_TRUE(at::equal(other->decode_final(), after));
  EXPECT_THROW(model(tiny_network(), 128, 96)->load_state(it->state()), Error);
}

}  // namespace
}  // namespace reverie::test
