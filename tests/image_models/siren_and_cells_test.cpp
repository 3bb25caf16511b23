// The image models siren and cells against closed forms.

#include <numeric>

#include "model_under_test.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

TEST(Siren, IsSinesOfPlacesLayerByLayer) {
  ModelUnderTest siren("siren");
  const auto model = siren.make(6, 4, {{"siren_layers", 2}, {"siren_width", 5}, {"siren_frequency", 7}});
  const std::vector<at::Tensor> parameters = model->parameters();
  ASSERT_EQ(parameters.size(), 6u);
  const at::Tensor picture = model->decode_final();
  const auto layer = [&](std::size_t number, const std::vector<double>& inputs) {
    std::vector<double> result;
    for (std::int64_t row = 0; row < parameters[2 * number].size(0); ++row) {
      double sum = parameters[2 * number + 1][row].item<double>();
      for (std::size_t i = 0; i < inputs.size(); ++i)
        sum += parameters[2 * number][row][static_cast<std::int64_t>(i)].item<double>() * inputs[i];
      result.push_back(number == 2 ? 1 / (1 + std::exp(-sum)) : std::sin(7 * sum));
    }
    return result;
  };
  for (std::int64_t y = 0; y < 4; ++y)
    for (std::int64_t x = 0; x < 6; ++x) {
      // Pixels' middles, -1..1 from the left edge to the right one.
      const std::vector<double> colour =
          layer(2, layer(1, layer(0, {(2 * x + 1) / 6.0 - 1, (2 * y + 1 - 4) / 6.0})));
      for (std::int64_t c = 0; c < 3; ++c)
        ASSERT_NEAR(picture[0][c][y][x].item<double>(), colour[static_cast<std::size_t>(c)], 1e-5);
    }
}

TEST(Siren, TheGradientIsThatOfTheWholePicture) {
  // More pixels than are computed at a time.
  ModelUnderTest siren("siren");
  const auto model = siren.make(260, 150, {{"siren_layers", 2}, {"siren_width", 6}, {"siren_frequency", 5}});
  const std::vector<at::Tensor> parameters = model->parameters();
  const at::Tensor weights = random_picture(260, 150, 4);
  const auto value = [&] { return (model->decode_final() * weights).to(at::kDouble).sum().item<double>(); };
  (model->decode() * weights).sum().backward();
  for (const at::Tensor& parameter : parameters) {
    const at::Tensor before = parameter.detach().clone(), direction = at::randn(before.sizes(), seeded(6));
    constexpr double kStep = 1e-3;
    assign(parameter, before + direction * kStep);
    const double above = value();
    assign(parameter, before - direction * kStep);
    const double below = value();
    assign(parameter, before);
    const double slope = (parameter.grad() * direction).sum().item<double>();
    EXPECT_NEAR((above - below) / (2 * kStep), slope, 0.01 * std::abs(slope) + 0.5);
  }
}

TEST(Siren, BeginsAsThePaperDoes) {
  ModelUnderTest siren("siren");
  const auto model = siren.make(4, 4, {{"siren_layers", 3}, {"siren_width", 200}, {"siren_frequency", 20}});
  model->randomise();
  const std::vector<at::Tensor> parameters = model->parameters();
  const auto draws = [](const at::Tensor& tensor) {
    const at::Tensor flat = tensor.detach().to(at::kDouble).flatten().contiguous();
    return std::vector<double>(flat.const_data_ptr<double>(), flat.const_data_ptr<double>() + flat.numel());
  };
  expect_uniform(draws(parameters[0]), -0.5, 0.5);
  const double hidden = std::sqrt(6.0 / 200) / 20;
  for (const std::size_t layer : {1, 2, 3}) expect_uniform(draws(parameters[2 * layer]), -hidden, hidden);
  // Its purpose: before each sine, activations are nearly normal with a deviation of 1, biases aside.
  const at::Tensor places = at::rand({4000, 2}, seeded(1)) * 2 - 1;
  at::Tensor values = (at::matmul(places, parameters[0].detach().t()) * 20).sin();
  for (const std::size_t layer : {1, 2}) {
    const at::Tensor before = at::matmul(values, parameters[2 * layer].detach().t()) * 20;
    EXPECT_NEAR(before.std().item<double>(), 1, 0.15);
    values = before.sin();
  }
}

TEST(Siren, TakesAPicture) {
  ModelUnderTest siren("siren");
  const at::Tensor picture = smooth_picture(64, 48);
  const auto model = siren.make(64, 48);
  model->encode(picture);
  const double error = (model->decode_final() - picture).square().mean().sqrt().item<double>();
  EXPECT_LT(error, 0.02);
  for (const at::Tensor& parameter : model->parameters()) EXPECT_FALSE(parameter.grad().defined());
  // A picture with more pixels than are looked at in a step.
  const auto large = siren.make(110, 90);
  large->encode(smooth_picture(110, 90));
  EXPECT_LT((large->decode_final() - smooth_picture(110, 90)).square().mean().sqrt().item<double>(), 0.03);
}

/// How much of the picture each cell is: [cells], in pixels.
std::vector<double> areas(ImageModel& model) {
  const at::Tensor colours = model.parameters().at(0);
  assign(colours, at::full_like(colours.detach(), 0.5));
  model.decode()[0][0].sum().backward();
  std::vector<double> result;
  for (std::int64_t i = 0; i < colours.size(0); ++i) result.push_back(colours.grad()[i][0].item<double>());
  colours.mutable_grad() = at::Tensor();
  return result;
}

TEST(Cells, HaveTheAreaOfTheirShape) {
  ModelUnderTest cells("cells");
  // Of width 20: a hexagon's, a triangle's, a diamond's and a brick's area.
  for (const auto& [shape, area] : {std::pair{"hexagon", std::sqrt(3) / 2 * 400},
                                    {"triangle", std::sqrt(3) / 4 * 400},
                                    {"diamond", 200.0},
                                    {"brick", 200.0}}) {
    const auto model = cells.make(200, 160, {{"cell_size", 20}}, {{"cell_shape", shape}});
    const double pixels = 200 * 160, count = static_cast<double>(model->parameters().at(0).size(0));
    // Those that the edge cuts are too many by half of a row at each side, about.
    EXPECT_GT(count, pixels / area) << shape;
    EXPECT_LT(count, 1.45 * pixels / area) << shape;
    // A quarter of the cells, at least, are whole.
    std::vector<double> sorted = areas(*model);
    std::sort(sorted.begin(), sorted.end());
    EXPECT_NEAR(sorted[sorted.size() * 3 / 4], area, 0.04 * area) << shape;
    EXPECT_NEAR(sorted.back(), area, 0.06 * area) << shape;
    EXPECT_NEAR(std::accumulate(sorted.begin(), sorted.end(), 0.0), pixels, 0.1) << shape;
  }
}

TEST(Cells, AreConvexAndNoLargerThanTheirShape) {
  ModelUnderTest cells("cells");
  // Width and height of a cell of width 20, and the neighbours of one inside: shapes of that many sides.
  struct Shape {
    const char* name;
    double width, height;
  };
  for (const Shape& shape : {Shape{"hexagon", 20, 40 / std::sqrt(3)},
                             {"triangle", 20, 10 * std::sqrt(3)},
                             {"diamond", 20, 20},
                             {"brick", 20, 10}}) {
    const auto model = cells.make(100, 100, {{"cell_size", 20}}, {{"cell_shape", shape.name}});
    const at::Tensor colours = model->parameters().at(0);
    int whole = 0;
    for (std::int64_t i = 0; i < colours.size(0); ++i) {
      at::Tensor one = at::zeros_like(colours.detach());
      one[i].fill_(1);
      assign(colours, one);
      const at::Tensor shown = model->decode_final()[0][0], where = (shown > 0.5).nonzero();
      if (where.size(0) == 0) continue;
      const at::Tensor first = std::get<0>(where.min(0)), last = std::get<0>(where.max(0));
      const double top = first[0].item<double>(), left = first[1].item<double>();
      const double height = last[0].item<double>() - top + 1, width = last[1].item<double>() - left + 1;
      EXPECT_LE(width, shape.width + 1) << shape.name;
      EXPECT_LE(height, shape.height + 1) << shape.name;
      if (top == 0 || left == 0 || top + height == 100 || left + width == 100) continue;
      ++whole;
      EXPECT_GE(width, shape.width - 3) << shape.name;
      EXPECT_GE(height, shape.height - 3) << shape.name;
      // Every row of it is in one piece.
      for (std::int64_t y = 0; y < 100; ++y) {
        const at::Tensor row = (shown[y] > 0.5).to(at::kInt);
        EXPECT_LE(row.diff().abs().sum().item<int>(), 2) << shape.name;
      }
    }
    EXPECT_GT(whole, 5) << shape.name;
  }
}

TEST(Cells, TakeTheMeanOfAPicture) {
  ModelUnderTest cells("cells");
  for (const char* shape : {"hexagon", "triangle", "diamond", "brick"}) {
    const auto model = cells.make(48, 40, {{"cell_size", 9}}, {{"cell_shape", shape}});
    // What consists of cells comes back exactly, but for the pixels on borders.
    const at::Tensor colours = at::rand(model->parameters().at(0).sizes(), seeded(3));
    assign(model->parameters().at(0), colours);
    const at::Tensor picture = model->decode_final().clone();
    model->encode(at::full({1, 3, 40, 48}, 0.3));
    EXPECT_LT(largest_difference(model->decode_final(), at::full({1, 3, 40, 48}, 0.3)), 1e-6) << shape;
    model->encode(picture);
    EXPECT_LT((model->decode_final() - picture).abs().mean().item<double>(), 0.06) << shape;
    EXPECT_NEAR(model->decode_final().mean().item<double>(), picture.mean().item<double>(), 0.002) << shape;
  }
}

}  // namespace
}  // namespace reverie::test
