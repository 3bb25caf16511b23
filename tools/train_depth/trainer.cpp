#include "trainer.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>

#include <chrono>
#include <cmath>
#include <iostream>
#include <optional>

#include "batches.h"
#include "network.h"
#include "train_vqgan/tensors.h"
#include "weights/safetensors.h"

namespace reverie::train_depth {
namespace {

using namespace train;
using tiny_depth::kLayers;
using tiny_depth::Layer;

constexpr at::ScalarType kPrecision = at::kBFloat16;
constexpr double kAverage = 0.998;  // decay of the averaged weights
constexpr double kNormEpsilon = 1e-5, kNormMomentum = 0.05;
constexpr std::int64_t kSmall = 128;  // longer side of the pictures to begin with
constexpr double kSmallUntil = 0.38;  // share of the steps
constexpr double kGradient = 0.25;    // weight of the differences between neighbours
constexpr std::int64_t kStored = 320, kReport = 50, kSave = 250;

struct State {
  Tensors network, average;
  Adam optimiser{0.9, 0.98};
  std::int64_t step = 0;
};

bool normalised(const Layer& layer) { return layer.name != "depth"; }
/// Moving statistics of a norm, which no gradient reaches.
bool measured(const std::string& name) { return name.ends_with(".mean") || name.ends_with(".variance"); }

/// As He et al. (2015) propose for rectifiers; blocks begin as the identity.
Tensors first_tensors(at::Generator generator) {
  Tensors tensors;
  for (const Layer& layer : kLayers) {
    const std::string name(layer.name);
    tensors[name + ".weight"] = at::randn({layer.out, layer.in, 3, 3}, generator) *
                                std::sqrt((normalised(layer) ? 2.0 : 0.1) / double(9 * layer.in));
    tensors[name + ".bias"] = at::zeros({layer.out});
    if (!normalised(layer)) continue;
    const bool last_of_block = name.starts_with("block") && name.ends_with(".1");
    tensors[name + ".gain"] = at::full({layer.out}, last_of_block ? 0.1 : 1.0);
    tensors[name + ".mean"] = at::zeros({layer.out});
    tensors[name + ".variance"] = at::ones({layer.out});
  }
  return tensors;
}

/// Convolution and batch normalisation (Ioffe & Szegedy 2015).
tiny_depth::Convolve in_training(const Tensors& tensors) {
  return [&tensors](const Layer& layer, const at::Tensor& x) {
    const auto get = [&](const char* part) { return tensors.at(std::string(layer.name) + part); };
    const at::Tensor input = x.to(kPrecision).contiguous(at::MemoryFormat::ChannelsLast),
                     weight = get(".weight").to(kPrecision).contiguous(at::MemoryFormat::ChannelsLast);
    if (!normalised(layer))
      return at::conv2d(input, weight, get(".bias").to(kPrecision), layer.stride, /*padding=*/1);
    return at::batch_norm(at::conv2d(input, weight, std::nullopt, layer.stride, /*padding=*/1), get(".gain"),
                          get(".bias"), get(".mean"), get(".variance"), /*training=*/true, kNormMomentum,
                          kNormEpsilon, /*cudnn_enabled=*/false);
  };
}

/// Norms become part of their convolutions.
weights::NamedTensors folded(const Tensors& tensors) {
  weights::NamedTensors result;
  for (const Layer& layer : kLayers) {
    const std::string name(layer.name);
    at::Tensor weight = tensors.at(name + ".weight").detach(), bias = tensors.at(name + ".bias").detach();
    if (normalised(layer)) {
      const at::Tensor scale =
          tensors.at(name + ".gain").detach() / (tensors.at(name + ".variance") + kNormEpsilon).sqrt();
      weight = weight * scale.view({-1, 1, 1, 1});
      bias = bias - tensors.at(name + ".mean") * scale;
    }
    result.emplace_back(name + ".weight", weight.contiguous().to(at::kHalf));
    result.emplace_back(name + ".bias", bias.contiguous().to(at::kHalf));
  }
  return result;
}

void save_model(const State& state, const Options& options) {
  weights::write_safetensors(
      options.out, folded(state.average),
      {{"reverie.depth_estimator", "tiny_depth"},
       {"description", "depth of a picture, trained for Reverie by tools/train_depth; see models/README.md"},
       {"steps", std::to_string(state.step)},
       {"licence", "Apache-2.0"}});
}

void save_checkpoint(const State& state, const Options& options) {
  weights::NamedTensors list;
  for (const auto& [prefix, tensors] : {std::pair{"network/", &state.network},
                                        {"average/", &state.average},
                                        {"means/", &state.optimiser.means},
                                        {"squares/", &state.optimiser.squares}})
    for (const auto& [name, tensor] : *tensors)
      list.emplace_back(prefix + name, tensor.detach().contiguous());
  weights::write_safetensors(options.checkpoint, list, {{"step", std::to_string(state.step)}});
}

void load_checkpoint(State& state, const Options& options) {
  const auto file = weights::read_safetensors(options.checkpoint);
  state.step = std::stoll(file->metadata().at("step"));
  for (const auto& [prefix, tensors] : {std::pair{std::string("network/"), &state.network},
                                        {"average/", &state.average},
                                        {"means/", &state.optimiser.means},
                                        {"squares/", &state.optimiser.squares}})
    for (const std::string& name : file->names())
      if (name.starts_with(prefix)) (*tensors)[name.substr(prefix.size())] = file->tensor(name).clone();
  std::cout << "continues from step " << state.step << "\n";
}

/// The cosine from 1 to 0.01, behind 100 steps of warming up.
double pace(std::int64_t step, std::int64_t steps) {
  return std::min(1.0, double(step + 1) / 100) *
         (0.01 + 0.99 * 0.5 * (1 + std::cos(M_PI * std::min(1.0, double(step) / double(steps)))));
}

/// How far logarithms of depths are from the truth, and, at three scales, how far their differences between
/// neighbours are (Li & Snavely 2018, equation 4), which makes edges sharp and planes flat.
at::Tensor loss_of(const at::Tensor& estimates, const at::Tensor& depths) {
  at::Tensor off = estimates.log() - depths.log();
  at::Tensor loss = off.abs().mean();
  for (int scale = 0; scale < 3; ++scale) {
    loss = loss + kGradient * (at::diff(off, 1, 2).abs().mean() + at::diff(off, 1, 3).abs().mean());
    off = off.slice(2, 0, std::nullopt, 2).slice(3, 0, std::nullopt, 2);
  }
  return loss;
}

double step(State& state, Store& store, const Options& options) {
  const Batch batch = store.batch(options.batch, options.fresh);
  const at::Tensor logits = tiny_depth::depth_logits(batch.pictures, in_training(state.network));
  const at::Tensor loss =
      loss_of(tiny_depth::depth_of_logits(logits, batch.depths.size(2), batch.depths.size(3)), batch.depths);
  loss.backward();
  state.optimiser.update(state.network, options.rate * pace(state.step, options.steps), state.step + 1);

  at::NoGradGuard no_grad;
  const double decay = std::min(kAverage, (1.0 + double(state.step)) / (10.0 + double(state.step)));
  for (auto& [name, tensor] : state.average) tensor.lerp_(state.network.at(name), 1 - decay);
  ++state.step;
  return loss.item<double>();
}

std::unique_ptr<Weights> as_weights(const weights::NamedTensors& tensors) {
  return std::make_unique<TensorWeights>(Tensors(tensors.begin(), tensors.end()));
}

}  // namespace

Figures compare(const at::Tensor& estimates, const at::Tensor& depths) {
  const at::Tensor off = (estimates / depths).log();
  return {(estimates / depths - 1).abs().mean().item<double>(), off.square().mean().sqrt().item<double>(),
          (off.abs() < std::log(1.25)).to(at::kDouble).mean().item<double>()};
}

Estimate trained(const Weights& weights) {
  const auto network = std::make_shared<tiny_depth::Network>(weights, at::kCPU, at::kFloat);
  return [network](const at::Tensor& pictures) {
    at::NoGradGuard no_grad;
    std::vector<at::Tensor> parts;
    for (const at::Tensor& some : pictures.split(8)) parts.push_back((*network)(some));
    return at::cat(parts);
  };
}

Guesses guesses(std::int64_t scenes) {
  const at::Tensor logarithms = views(kGuessSeeds, scenes, kSmall).depths.log();
  const at::Tensor constant = logarithms.mean(),
                   rows = logarithms.mean(at::IntArrayRef{0, 3}, /*keepdim=*/true);
  const auto guess = [](const at::Tensor& shown) {
    return [shown](const at::Tensor& pictures) {
      const at::Tensor all = at::upsample_bilinear2d(shown, {pictures.size(2), pictures.size(3)}, false);
      return all.exp().expand({pictures.size(0), -1, -1, -1});
    };
  };
  return {guess(constant.view({1, 1, 1, 1})), guess(rows)};
}

void train(const Options& options) {
  State state;
  state.network = first_tensors(at::make_generator<at::CPUGeneratorImpl>(options.seed));
  for (const auto& [name, tensor] : state.network) state.average[name] = tensor.clone();
  if (std::filesystem::exists(options.checkpoint)) load_checkpoint(state, options);
  std::int64_t count = 0;
  for (auto& [name, tensor] : state.network) {
    count += tensor.numel();
    tensor.set_requires_grad(!measured(name));
  }
  std::cout << count << " parameters" << std::endl;

  const Batch held_out = views(kHeldOutSeeds, 48, tiny_depth::kSide);
  std::optional<Store> store;
  std::int64_t stored_side = 0;
  double loss = 0;
  auto start = std::chrono::steady_clock::now();
  while (state.step < options.steps) {
    const bool small = double(state.step) < kSmallUntil * double(options.steps);
    const std::int64_t side = small ? kSmall : tiny_depth::kSide;
    if (side != stored_side) {
      store.emplace(side, kStored, (options.seed << 16) + std::uint64_t(state.step) + 1);
      stored_side = side;
      start = std::chrono::steady_clock::now();
    }
    loss += step(state, *store, options);
    if (state.step % kReport == 0) {
      const auto now = std::chrono::steady_clock::now();
      std::cout << "step " << state.step << "/" << options.steps << "  loss " << loss / double(kReport)
                << "  " << std::chrono::duration<double>(now - start).count() / double(kReport) << " s/step"
                << std::endl;
      loss = 0;
      start = now;
    }
    if (state.step % kSave == 0 || state.step == options.steps) {
      save_checkpoint(state, options);
      save_model(state, options);
      const Figures f =
          compare(trained(*as_weights(folded(state.average)))(held_out.pictures), held_out.depths);
      std::cout << "held out: AbsRel " << f.relative << "  RMSE(log) " << f.logarithmic << "  within 1.25 "
                << f.within << std::endl;
    }
  }
  std::filesystem::remove(options.checkpoint);
}

}  // namespace reverie::train_depth
