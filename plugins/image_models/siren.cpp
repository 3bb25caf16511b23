/// SIREN: the picture is a small network from places to colours, and what is optimised is the network.
///
/// Sitzmann et al., "Implicit Neural Representations with Periodic Activation Functions" (2020): x and y,
/// -1..1 along the longer side, pass through layers whose activation is sin(frequency * x), with that paper's
/// initialisation, which keeps the distribution of activations from layer to layer. The last layer is linear,
/// and a sigmoid leads to 0..1. Every weight changes the picture everywhere, so shapes flow, and nothing is
/// finer than the sines are. Along an axis that joins itself the place is one on a circle, two numbers, and
/// so both edges are the same place.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

#include "pixel_size.h"
#include "reverie/adam.h"
#include "reverie/image_model.h"
#include "reverie/ops.h"
#include "reverie/plugin.h"
#include "reverie/resize.h"
#include "reverie/tiling.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    integer("siren_layers", 4)
        .range(1, 16)
        .fixed("what the image model optimises has this shape")
        .help("layers of sines"),
    integer("siren_width", 64)
        .range(1, 1024)
        .fixed("what the image model optimises has this shape")
        .help("sines in a layer"),
    number("siren_frequency", 30)
        .above(0)
        .fixed("the network's first weights are drawn for it")
        .help("how quickly the sines change: lower for broad and smooth shapes, higher for fine ones"),
    kPixelSize,
    kTile,
};

// How a picture is fitted: steps of Adam on a choice of the pixels.
constexpr int kFittingSteps = 200;
constexpr std::int64_t kFittedPixels = 2048;
constexpr double kFittingRate = 2e-3;
// Fitted pictures are kept half a level of 8 bits away from 0 and 1, which a sigmoid never reaches.
constexpr double kMargin = 0.5 / 255;

constexpr double kPi = 3.14159265358979323846;

/// [height * width, C]: x and y of the pixels' middles, one number for each axis, or two where it joins
/// itself: a circle along which pixels are as far apart as otherwise.
at::Tensor coordinates(std::int64_t width, std::int64_t height, const Tiling& tiling,
                       const at::Device& device) {
  const double longer = static_cast<double>(std::max(width, height));
  std::vector<at::Tensor> numbers;
  const auto add = [&](std::int64_t size, bool joined, at::IntArrayRef shape) {
    const at::Tensor line = (at::arange(size, at::kDouble) * 2 - static_cast<double>(size - 1)) / longer;
    const double radius = static_cast<double>(size) / longer / kPi;
    for (const at::Tensor& number :
         joined ? std::vector{(line / radius).sin() * radius, (line / radius).cos() * radius}
                : std::vector{line})
      numbers.push_back(number.view(shape).expand({height, width}));
  };
  add(width, tiling.x, {1, width});
  add(height, tiling.y, {height, 1});
  return at::stack(numbers, 2).flatten(0, 1).to(device, at::kFloat);
}

/// Places [P, C] to colours [P, 3], 0..1. `parameters` are weights and biases of each layer.
at::Tensor colours_at(const at::Tensor& places, at::TensorList parameters, double frequency) {
  at::Tensor values = places;
  for (std::size_t i = 0; i < parameters.size(); i += 2) {
    values = at::linear(values, parameters[i], parameters[i + 1]);
    values = i + 2 < parameters.size() ? (values * frequency).sin() : values.sigmoid();
  }
  return values;
}

/// The same for a whole picture, without keeping all layers of all pixels for the gradient: they are computed
/// again, for a part of the pixels at a time (Chen et al., "Training Deep Nets with Sublinear Memory Cost",
/// 2016).
struct WholePicture : torch::autograd::Function<WholePicture> {
  static constexpr std::int64_t kPart = 32768;

  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& places,
                            double frequency, at::TensorList parameters) {
    torch::autograd::variable_list saved = {places};
    saved.insert(saved.end(), parameters.begin(), parameters.end());
    context->save_for_backward(saved);
    context->saved_data["frequency"] = frequency;
    std::vector<at::Tensor> parts;
    for (const at::Tensor& part : places.split(kPart))
      parts.push_back(colours_at(part, parameters, frequency));
    return at::cat(parts);
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list gradients) {
    const auto saved = context->get_saved_variables();
    const double frequency = context->saved_data["frequency"].toDouble();
    std::vector<at::Tensor> parameters;
    for (std::size_t i = 1; i < saved.size(); ++i) parameters.push_back(saved[i].detach().requires_grad_());
    torch::autograd::tensor_list result(saved.size() + 1);  // none of places and frequency
    const std::vector<at::Tensor> places = saved[0].split(kPart), of_colours = gradients[0].split(kPart);
    const at::AutoGradMode with_gradients(true);
    for (std::size_t i = 0; i < places.size(); ++i) {
      const auto part =
          torch::autograd::grad({colours_at(places[i], parameters, frequency)}, parameters, {of_colours[i]});
      for (std::size_t k = 0; k < part.size(); ++k)
        result[k + 2] = i == 0 ? part[k] : result[k + 2].add_(part[k]);
    }
    return result;
  }
};

class Siren final : public ImageModel {
 public:
  Siren(Host& host, const Params& params, const Setup& setup)
      : host_(host),
        width_(setup.width),
        height_(setup.height),
        frequency_(params.get<double>("siren_frequency")),
        pixel_size_(params.get<std::int64_t>("pixel_size")),
        coordinates_(coordinates(setup.width, setup.height, Tiling(params), host.device())) {
    const std::int64_t layers = params.get<std::int64_t>("siren_layers"),
                       sines = params.get<std::int64_t>("siren_width");
    const at::TensorOptions options(host.device());
    for (std::int64_t i = 0; i <= layers; ++i) {
      const std::int64_t from = i == 0 ? coordinates_.size(1) : sines, to = i == layers ? 3 : sines;
      parameters_.push_back(at::zeros({to, from}, options).set_requires_grad(true));
      parameters_.push_back(at::zeros({to}, options).set_requires_grad(true));
    }
    randomise();
  }

  void randomise() override {
    const at::NoGradGuard no_grad;
    for (std::size_t i = 0; i < parameters_.size(); i += 2) {
      const auto inputs = static_cast<double>(parameters_[i].size(1));
      // The paper's sections 3.2 and 1.5 of its supplement; biases as its code leaves them.
      const double weights = i == 0 ? 1 / inputs : std::sqrt(6 / inputs) / frequency_;
      fill_uniformly(parameters_[i], weights);
      fill_uniformly(parameters_[i + 1], 1 / std::sqrt(inputs));
    }
  }

  /// Begins with the present network: the next frame of a video is nearly what it shows already.
  void encode(const at::Tensor& image) override {
    const at::Tensor picture =
        resize_to_pixels(image.detach().to(coordinates_.device(), at::kFloat), height_, width_);
    const at::Tensor target = picture.clamp(kMargin, 1 - kMargin)[0].flatten(1).t();  // [P, 3]
    const std::int64_t pixels = coordinates_.size(0);
    Adam adam(parameters_);
    const at::AutoGradMode with_gradients(true);
    for (int step = 0; step < kFittingSteps; ++step) {
      at::Tensor places = coordinates_, colours = target;
      if (pixels > kFittedPixels) {
        const at::Tensor some =
            at::randint(pixels, {kFittedPixels}, host_.cpu_generator(), at::kLong).to(places.device());
        places = places.index_select(0, some);
        colours = colours.index_select(0, some);
      }
      const at::Tensor loss = (colours_at(places, parameters_, frequency_) - colours).square().mean();
      const double rate =
          kFittingRate * 0.5 * (1 + std::cos(kPi * static_cast<double>(step) / kFittingSteps));
      adam.step(torch::autograd::grad({loss}, parameters_), rate);
    }
  }

  std::vector<at::Tensor> parameters() override { return parameters_; }
  double learning_rate() const override { return 5e-4; }

  at::Tensor decode() override {
    return upscale_nearest(picture().t().reshape({1, 3, height_, width_}), pixel_size_);
  }
  at::Tensor decode_final() override {
    const at::NoGradGuard no_grad;
    return decode();
  }

  std::map<std::string, at::Tensor> state() const override {
    std::map<std::string, at::Tensor> result;
    for (std::size_t i = 0; i < parameters_.size(); ++i) result[name_of(i)] = parameters_[i].detach().clone();
    return result;
  }
  void load_state(const std::map<std::string, at::Tensor>& state) override {
    std::map<std::string, at::Tensor> own;
    for (std::size_t i = 0; i < parameters_.size(); ++i) own[name_of(i)] = parameters_[i];
    load_tensors(own, state, "the image model siren's");
  }

 private:
  static std::string name_of(std::size_t parameter) {
    return (parameter % 2 ? "biases_" : "weights_") + std::to_string(parameter / 2);
  }

  /// [height * width, 3].
  at::Tensor picture() const {
    return WholePicture::apply(coordinates_, frequency_, at::TensorList(parameters_));
  }

  /// Uniform numbers of -limit..limit.
  void fill_uniformly(const at::Tensor& parameter, double limit) {
    parameter.copy_(at::rand(parameter.sizes(), host_.generator(), parameter.detach().options())
                        .mul_(2)
                        .sub_(1)
                        .mul_(limit));
  }

  Host& host_;
  std::int64_t width_, height_;
  double frequency_;
  std::int64_t pixel_size_;
  at::Tensor coordinates_;              // [height * width, C]
  std::vector<at::Tensor> parameters_;  // weights [to, from] and biases [to] of each layer
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Siren, ImageModel, "siren", "1.0",
                      "a small network of sines from places to colours is optimised", kParams, "SIREN");

}  // namespace reverie
