/// Strokes: the picture is a drawing of lines, Bézier curves or filled shapes, and what is optimised are
/// their points, widths, colours and opacities.
///
/// How a drawing becomes pixels, with a gradient: raster.h. It is computed on the CPU, whatever the device:
/// a drawing is small, and so is the picture. The order of the strokes stays: later ones lie above. The
/// picture is also an SVG document. Along an axis that joins itself each stroke is drawn three times, a
/// picture's size apart, so that what leaves at one edge comes in at the opposite one.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "raster.h"
#include "reverie/adam.h"
#include "reverie/image_model.h"
#include "reverie/ops.h"
#include "reverie/plugin.h"
#include "reverie/resize.h"
#include "reverie/state.h"
#include "reverie/tiling.h"
#include "reverie/vector_drawing.h"
#include "svg.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    choice("stroke_shape", "cubic", "line|quadratic|cubic|filled")
        .help("straight lines, Bézier curves of three or four points, or filled shapes"),
    integer("strokes", 128)
        .range(1, 20000)
        .fixed("what the image model optimises has this shape")
        .help("lines or shapes in the picture"),
    number("stroke_width", 8)
        .range(1, 1024)
        .unit("pixels")
        .fixed("it bounds the widths that are optimised")
        .help("the widest that a line may be"),
    number("stroke_length", 0.3)
        .range(0.01, 2)
        .fixed("it is about the beginning alone")
        .help("how long a line, or how large a shape, is at the beginning, as a part of the longer side"),
    kTile,
};

constexpr double kThinnest = 0.5;  // pixels
constexpr double kFirstOpacity = 0.8;
// How a picture is fitted: steps of Adam, with rates that fall along half a cosine.
constexpr int kFittingSteps = 80;
constexpr double kColourRate = 0.05, kShapeRate = 0.005;

strokes::Kind kind_of(const std::string& name) {
  return name == "line"        ? strokes::Kind::line
         : name == "quadratic" ? strokes::Kind::quadratic
         : name == "cubic"     ? strokes::Kind::cubic
                               : strokes::Kind::filled;
}

/// Tensors on the CPU as a drawing, which they must outlive.
strokes::Drawing<float> drawing_of(strokes::Kind kind, const std::vector<at::Tensor>& parts) {
  const auto data = [&](std::size_t i) { return parts[i].const_data_ptr<float>(); };
  return {kind, parts[0].size(0), data(0), data(1), data(2), data(3), data(4)};
}

/// Points [N, P, 2] and widths [N] in pixels, colours [N, 3], opacities [N] and the background's colour [3]
/// to a picture [1, 3, height, width].
struct Painting : torch::autograd::Function<Painting> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& points,
                            const at::Tensor& widths, const at::Tensor& colours, const at::Tensor& opacities,
                            const at::Tensor& background, std::int64_t kind, std::int64_t width,
                            std::int64_t height) {
    std::vector<at::Tensor> parts;
    bool finite = true;
    for (const at::Tensor& part : {points, widths, colours, opacities, background}) {
      parts.push_back(part.detach().to(at::kCPU, at::kFloat).contiguous());
      finite = finite && std::isfinite(parts.back().sum().item<float>());
    }
    context->save_for_backward(parts);
    context->saved_data["kind"] = kind;
    // The host says what is wrong where the picture has no numbers.
    const at::Tensor picture =
        at::full({1, 3, height, width}, std::numeric_limits<float>::quiet_NaN(), at::kFloat);
    if (finite)
      strokes::paint(drawing_of(static_cast<strokes::Kind>(kind), parts), width, height,
                     picture.mutable_data_ptr<float>());
    return picture.to(points.device());
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list gradients) {
    const std::vector<at::Tensor> parts = context->get_saved_variables();
    const at::Tensor of_picture = gradients[0].to(at::kCPU, at::kFloat).contiguous();
    const strokes::Gradients<float> found = strokes::paint_backward(
        drawing_of(static_cast<strokes::Kind>(context->saved_data["kind"].toInt()), parts),
        of_picture.size(3), of_picture.size(2), of_picture.const_data_ptr<float>());
    torch::autograd::tensor_list result;
    for (const std::vector<float>* values :
         {&found.points, &found.widths, &found.colours, &found.opacities, &found.background}) {
      const at::Tensor gradient = at::empty_like(parts[result.size()]);
      std::memcpy(gradient.mutable_data_ptr(), values->data(), values->size() * sizeof(float));
      result.push_back(gradient.to(gradients[0].device()));
    }
    result.resize(8);  // none of kind and size
    return result;
  }
};

class Strokes final : public ImageModel, public VectorDrawing {
 public:
  Strokes(Host& host, const Params& params, const Setup& setup)
      : host_(host),
        width_(setup.width),
        height_(setup.height),
        kind_(kind_of(params.get<std::string>("stroke_shape"))),
        widest_(params.get<double>("stroke_width")),
        length_(params.get<double>("stroke_length")),
        tiling_(params) {
    const std::int64_t count = params.get<std::int64_t>("strokes");
    const at::TensorOptions options(host.device());
    const auto leaf = [&](at::IntArrayRef sizes) {
      return at::zeros(sizes, options).set_requires_grad(true);
    };
    points_ = leaf({count, strokes::points_of(kind_), 2});
    widths_ = leaf({count});
    colours_ = leaf({count, 3});
    opacities_ = leaf({count});
    background_ = leaf({3});
    randomise();
  }

  /// Each stroke begins anywhere and goes on in steps of any direction; a shape lies around its middle.
  void randomise() override {
    const at::NoGradGuard no_grad;
    const auto random = [&](at::IntArrayRef sizes) {
      return at::rand(sizes, host_.generator(), points_.detach().options());
    };
    const std::int64_t count = points_.size(0), points = points_.size(1);
    const at::Tensor side = at::tensor({static_cast<float>(width_), static_cast<float>(height_)})
                                .div_(longer())
                                .to(points_.device());
    const at::Tensor start = (random({count, 1, 2}) * 2 - 1) * side;
    if (kind_ == strokes::Kind::filled) {
      constexpr double kTwoPi = 2 * 3.14159265358979323846;
      const at::Tensor angle =
          (at::arange(points, points_.detach().options()) + random({count, points}) * 0.5) *
          (kTwoPi / static_cast<double>(points));
      points_.copy_(start + at::stack({angle.cos(), angle.sin()}, 2) * random({count, 1, 1}) * length_);
    } else {
      const at::Tensor steps = (random({count, points - 1, 2}) * 2 - 1) * (2 * length_ / (points - 1));
      points_.copy_(at::cat({start, start + steps.cumsum(1)}, 1) - steps.sum(1, true) / 2);
    }
    widths_.copy_(random({count}) * 0.5 + 0.25);
    colours_.copy_(random({count, 3}));
    opacities_.fill_(kFirstOpacity);
    background_.fill_(1);
  }

  /// Begins with the present strokes: the next frame of a video is nearly what they show already.
  void encode(const at::Tensor& image) override {
    const at::Tensor target =
        resize_to_pixels(image.detach().to(points_.device(), at::kFloat), height_, width_);
    const std::vector<at::Tensor> of_colour = {colours_, opacities_, background_},
                                  of_shape = {points_, widths_};
    Adam colouring(of_colour), shaping(of_shape);
    const at::AutoGradMode with_gradients(true);
    for (int step = 0; step < kFittingSteps; ++step) {
      const double falling =
          0.5 * (1 + std::cos(3.14159265358979323846 * static_cast<double>(step) / kFittingSteps));
      const at::Tensor loss = (decode() - target).square().mean();
      auto gradients = torch::autograd::grad({loss}, parameters());
      colouring.step({gradients[2], gradients[3], gradients[4]}, kColourRate * falling);
      shaping.step({gradients[0], gradients[1]}, kShapeRate * falling);
    }
  }

  std::vector<at::Tensor> parameters() override {
    return {points_, widths_, colours_, opacities_, background_};
  }
  double learning_rate() const override { return 0.01; }

  at::Tensor decode() override {
    const std::vector<at::Tensor> parts = in_pixels();
    return Painting::apply(parts[0], parts[1], parts[2], parts[3], parts[4], static_cast<std::int64_t>(kind_),
                           width_, height_);
  }
  at::Tensor decode_final() override {
    const at::NoGradGuard no_grad;
    return decode();
  }

  void* extension(std::string_view id) override {
    return id == VectorDrawing::kId ? static_cast<VectorDrawing*>(this) : nullptr;
  }
  std::string svg() override {
    const at::NoGradGuard no_grad;
    std::vector<at::Tensor> parts;
    for (const at::Tensor& part : in_pixels()) parts.push_back(part.to(at::kCPU).contiguous());
    return strokes::svg_of(drawing_of(kind_, parts), width_, height_);
  }

  std::map<std::string, at::Tensor> state() const override {
    std::map<std::string, at::Tensor> result = tensors();
    for (auto& [name, tensor] : result) tensor = tensor.detach().clone();
    return result;
  }
  void load_state(const std::map<std::string, at::Tensor>& state) override {
    load_tensors(tensors(), state, "the image model strokes'");
  }

 private:
  double longer() const { return static_cast<double>(std::max(width_, height_)); }

  /// What drawing_of() takes. Points are counted from the picture's middle, -1..1 along its longer side.
  std::vector<at::Tensor> in_pixels() const {
    const at::Tensor middle =
        at::tensor({static_cast<float>(width_), static_cast<float>(height_)}).div_(2).to(points_.device());
    std::vector<at::Tensor> parts = {points_ * (longer() / 2) + middle,
                                     clamp_with_gradient(widths_, 0, 1) * (widest_ - kThinnest) + kThinnest,
                                     clamp_with_gradient(colours_, 0, 1),
                                     clamp_with_gradient(opacities_, 0, 1)};
    if (tiling_.x) repeat(parts, 0, width_);
    if (tiling_.y) repeat(parts, 1, height_);
    parts.push_back(clamp_with_gradient(background_, 0, 1));
    return parts;
  }

  /// Each stroke where its middle is in the picture, and a picture's size before and behind that.
  static void repeat(std::vector<at::Tensor>& parts, std::int64_t axis, std::int64_t size) {
    const auto whole = static_cast<double>(size);
    const at::Tensor middles = parts[0].detach().mean(1).select(1, axis);  // of [N, P, 2]
    const at::Tensor moves =
        (at::tensor({-1.0F, 0.0F, 1.0F}).to(middles.device()) - (middles / whole).floor().unsqueeze(1))
            .mul(whole)
            .view({-1, 1});
    for (at::Tensor& part : parts) part = part.repeat_interleave(3, 0);
    const at::Tensor none = at::zeros_like(moves);
    parts[0] = parts[0] + at::stack(axis == 0 ? std::vector{moves, none} : std::vector{none, moves}, 2);
  }

  std::map<std::string, at::Tensor> tensors() const {
    return {{"points", points_},
            {"widths", widths_},
            {"colours", colours_},
            {"opacities", opacities_},
            {"background", background_}};
  }

  Host& host_;
  std::int64_t width_, height_;
  strokes::Kind kind_;
  double widest_, length_;
  Tiling tiling_;
  at::Tensor points_, widths_, colours_, opacities_, background_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Strokes, ImageModel, "strokes", "1.0",
                      "a drawing of lines, curves or filled shapes, also written as SVG", kParams);

}  // namespace reverie
