// The image model strokes: its gradients against differences, its coverage against areas, and its SVG as
// librsvg draws it (the program rsvg-convert, of Debian's librsvg2-bin).

#include <ATen/Parallel.h>

#include <fstream>

#include "cli/real_program.h"
#include "model_under_test.h"
#include "raster.h"
#include "reverie/vector_drawing.h"
#include "support/numbers.h"
#include "support/scratch.h"

namespace reverie::test {
namespace {

using strokes::Drawing;
using strokes::Kind;

constexpr Kind kKinds[] = {Kind::line, Kind::quadratic, Kind::cubic, Kind::filled};

/// A drawing and the numbers that it consists of, one behind the other.
struct Numbers {
  Kind kind;
  std::int64_t count;
  at::Tensor points, widths, colours, opacities, background;

  Numbers(Kind kind, std::int64_t count, double width, double height, std::uint64_t seed)
      : kind(kind), count(count) {
    const at::Generator chance = seeded(seed);
    const auto random = [&](at::IntArrayRef sizes) { return at::rand(sizes, chance, at::kDouble); };
    points = random({count, strokes::points_of(kind), 2}) * at::tensor({width, height}, at::kDouble);
    widths = random({count}) * 4 + 0.5;
    colours = random({count, 3});
    opacities = random({count}) * 0.6 + 0.3;
    background = random({3});
  }
  Drawing<double> drawing() const {
    const auto data = [](const at::Tensor& tensor) { return tensor.const_data_ptr<double>(); };
    return {kind, count, data(points), data(widths), data(colours), data(opacities), data(background)};
  }
  at::Tensor picture(std::int64_t width, std::int64_t height) const {
    const at::Tensor result = at::zeros({3, height, width}, at::kDouble);
    strokes::paint(drawing(), width, height, result.mutable_data_ptr<double>());
    return result;
  }
};

TEST(StrokesRaster, GradientsAreDifferences) {
  constexpr std::int64_t kWidth = 24, kHeight = 18;
  for (const Kind kind : kKinds) {
    SCOPED_TRACE("kind " + std::to_string(static_cast<int>(kind)));
    Numbers numbers(kind, 5, kWidth, kHeight, 1);
    const at::Tensor weight = at::randn({3, kHeight, kWidth}, seeded(2), at::kDouble);
    const strokes::Gradients<double> found =
        strokes::paint_backward(numbers.drawing(), kWidth, kHeight, weight.const_data_ptr<double>());
    const auto compare = [&](const char* what, at::Tensor& values, const std::vector<double>& gradient) {
      ASSERT_EQ(static_cast<std::size_t>(values.numel()), gradient.size());
      double most = 0;
      for (std::size_t i = 0; i < gradient.size(); ++i) {
        constexpr double kStep = 1e-6;
        double* value = values.mutable_data_ptr<double>() + i;
        const double kept = *value;
        const auto loss = [&](double at) {
          *value = at;
          return (numbers.picture(kWidth, kHeight) * weight).sum().item<double>();
        };
        const double difference = (loss(kept + kStep) - loss(kept - kStep)) / (2 * kStep);
        *value = kept;
        EXPECT_NEAR(gradient[i], difference, 1e-5 * (1 + std::abs(difference))) << what << " " << i;
        most = std::max(most, std::abs(difference));
      }
      const bool counts = kind != Kind::filled || std::string(what) != "widths";
      EXPECT_EQ(most > 0.01, counts) << what;
    };
    compare("points", numbers.points, found.points);
    compare("widths", numbers.widths, found.widths);
    compare("colours", numbers.colours, found.colours);
    compare("opacities", numbers.opacities, found.opacities);
    compare("background", numbers.background, found.background);
  }
}

/// A white drawing on black.
Numbers white(Kind kind, std::int64_t count, const std::vector<double>& points, double width) {
  Numbers numbers(kind, count, 1, 1, 1);
  numbers.points = at::tensor(points, at::kDouble).view({count, strokes::points_of(kind), 2});
  numbers.widths.fill_(width);
  numbers.colours.fill_(1);
  numbers.opacities.fill_(1);
  numbers.background.zero_();
  return numbers;
}

TEST(StrokesRaster, ALineCoversItsWidth) {
  // An edge is symmetric about its middle: where it falls on a border of pixels, or in a pixel's middle, the
  // coverage of a column is the line's width exactly; elsewhere nearly, also of lines thinner than a pixel.
  for (const double width : {0.5, 1.0, 2.0, 5.0, 6.5})
    for (const double y : {10.0, 10.5, 10.3}) {
      const at::Tensor picture = white(Kind::line, 1, {-20, y, 60, y}, width).picture(32, 20);
      EXPECT_NEAR(picture[0].sum(0)[16].item<double>(), width, 0.06 * std::max(width, 1.0))
          << width << " " << y;
      EXPECT_LT(largest(picture[0].select(1, 3) - picture[0].select(1, 20)), 1e-12) << "all columns alike";
    }
  const at::Tensor exact = white(Kind::line, 1, {-20, 10, 60, 10}, 6).picture(32, 20)[0].select(1, 9);
  const double t = (0.5 + 0.75) / 1.5, inner = t * t * (3 - 2 * t);
  const at::Tensor expected = at::zeros({20}, at::kDouble);
  expected.slice(0, 8, 12).fill_(1);
  expected[7] = expected[12] = inner;
  expected[6] = expected[13] = 1 - inner;
  EXPECT_LT(largest(exact - expected), 1e-12);
}

TEST(StrokesRaster, AFilledShapeCoversItsArea) {
  // Points of a square, and one more in the middle of a side. The curve's area by Green's theorem, from many
  // points of its pieces.
  const std::vector<double> points = {10, 8, 50, 8, 54, 24, 50, 40, 10, 40};
  double area = 0;
  std::vector<double> xs, ys;
  for (int i = 0; i < 5; ++i)
    for (int k = 0; k < 1000; ++k) {
      const double t = k / 1000.0, s = 1 - t;
      const auto along = [&](int axis) {
        const double a = points[static_cast<std::size_t>(2 * i + axis)],
                     b = points[static_cast<std::size_t>(2 * ((i + 1) % 5) + axis)],
                     c = points[static_cast<std::size_t>(2 * ((i + 2) % 5) + axis)];
        return s * s * (a + b) / 2 + 2 * s * t * b + t * t * (b + c) / 2;
      };
      xs.push_back(along(0));
      ys.push_back(along(1));
    }
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const std::size_t next = (i + 1) % xs.size();
    area += (xs[i] * ys[next] - xs[next] * ys[i]) / 2;
  }
  const at::Tensor picture = white(Kind::filled, 1, points, 1).picture(64, 48)[0];
  EXPECT_NEAR(picture.sum().item<double>(), std::abs(area), 0.01 * std::abs(area));
  EXPECT_EQ(picture[24][30].item<double>(), 1);
  EXPECT_EQ(picture[24][2].item<double>(), 0);
}

TEST(StrokesRaster, LaterStrokesLieAbove) {
  Numbers numbers = white(Kind::line, 2, {-9, 10, 40, 10, -9, 10, 40, 10}, 8);
  numbers.colours.copy_(at::tensor({1.0, 0.0, 0.0, 0.0, 0.0, 1.0}).view({2, 3}));
  EXPECT_LT(
      largest(numbers.picture(20, 20).select(1, 10).select(1, 10) - at::tensor({0.0, 0.0, 1.0}, at::kDouble)),
      1e-12);
  numbers.opacities[1] = 0.25;
  EXPECT_LT(largest(numbers.picture(20, 20).select(1, 10).select(1, 10) -
                    at::tensor({0.75, 0.0, 0.25}, at::kDouble)),
            1e-12);
}

TEST(StrokesRaster, GradientsDoNotDependOnThreads) {
  const Numbers numbers(Kind::cubic, 40, 64, 48, 3);
  const at::Tensor weight = at::randn({3, 48, 64}, seeded(4), at::kDouble);
  const auto gradients = [&](int threads) {
    at::set_num_threads(threads);
    return strokes::paint_backward(numbers.drawing(), 64, 48, weight.const_data_ptr<double>()).points;
  };
  const int before = at::get_num_threads();
  const std::vector<double> one = gradients(1), three = gradients(3);
  at::set_num_threads(before);
  EXPECT_EQ(one, three);
}

/// What librsvg makes of a document, [3, H, W] 0..1.
at::Tensor drawn(const std::string& svg, const Scratch& folder) {
  std::ofstream(folder / "drawing.svg") << svg;
  const Outcome outcome = run({"/usr/bin/rsvg-convert", "drawing.svg", "-o", "drawing.png"}, folder.path());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  const Picture picture = read_png(folder / "drawing.png");
  return at::tensor(std::vector<float>(picture.pixels.begin(), picture.pixels.end()))
      .view({picture.height, picture.width, 3})
      .permute({2, 0, 1})
      .div(255);
}

TEST(Strokes, TheSvgIsThePicture) {
  if (!fs::exists("/usr/bin/rsvg-convert")) GTEST_SKIP() << "rsvg-convert is not installed";
  const Scratch folder;
  ModelUnderTest strokes("strokes");
  for (const char* shape : {"line", "quadratic", "cubic", "filled"}) {
    const auto model = strokes.make(256, 192, {{"strokes", 128}}, {{"stroke_shape", shape}});
    model->randomise();
    assign(model->parameters()[3], at::rand({128}, seeded(5)));  // opacities
    auto* drawing = extension_of<VectorDrawing>(*model);
    ASSERT_NE(drawing, nullptr);
    const at::Tensor picture = model->decode_final()[0];
    EXPECT_LT((drawn(drawing->svg(), folder) - picture).abs().mean().item<double>(), 0.01) << shape;
    EXPECT_GT(picture.std().item<double>(), 0.1) << shape;
  }
}

TEST(Strokes, ARunLeavesTheDrawingBesideThePicture) {
  if (!fs::exists("/usr/bin/rsvg-convert")) GTEST_SKIP() << "rsvg-convert is not installed";
  const Scratch folder;
  const Outcome outcome = render(
      folder.path(), tiny("a red heart", {"image_model=strokes", "save_every=2", "file_namespace=heart"}));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  for (const std::string name : {"heart_1", "heart_2"}) {
    const Picture picture = read_png(folder / ("images_out/heart/" + name + ".png"));
    const at::Tensor pixels = at::tensor(std::vector<float>(picture.pixels.begin(), picture.pixels.end()))
                                  .view({64, 64, 3})
                                  .permute({2, 0, 1})
                                  .div(255);
    const at::Tensor vectors = drawn(read_bytes(folder / ("images_out/heart/" + name + ".svg")), folder);
    EXPECT_LT((vectors - pixels).abs().mean().item<double>(), 0.01) << name;
  }
}

TEST(Strokes, FitAPictureThatIsADrawing) {
  ModelUnderTest strokes("strokes");
  const auto model = strokes.make(64, 48, {{"strokes", 100}}, {{"stroke_shape", "filled"}});
  at::Tensor picture = at::full({1, 3, 48, 64}, 0.2);
  picture.slice(3, 20, 44).slice(2, 12, 36).fill_(0.9);
  const double before = (model->decode_final() - picture).square().mean().item<double>();
  model->encode(picture);
  EXPECT_LT((model->decode_final() - picture).square().mean().item<double>(), before / 10);
}

}  // namespace
}  // namespace reverie::test
