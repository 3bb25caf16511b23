#include "trainer.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <chrono>
#include <cmath>
#include <iostream>

#include "codebook.h"
#include "network.h"
#include "perceptual.h"
#include "weights/safetensors.h"

namespace reverie::train_vqgan {
namespace {

using namespace train;
constexpr at::ScalarType kPrecision = at::kBFloat16;
constexpr double kAverage = 0.998;    // decay of the averaged weights
constexpr double kCommitment = 0.25;  // van den Oord et al. 2017
constexpr double kPerceptual = 0.5;
constexpr std::int64_t kPlain = 400;    // steps without codebook, to begin with
constexpr std::int64_t kGathered = 24;  // batches whose latents the codebook begins with
constexpr double kAdversaryFrom = 0.5;  // share of the steps without a discriminator
constexpr std::int64_t kReport = 50, kSave = 250, kRevive = 20;

struct State {
  Tensors network, average, discriminator;
  Adam optimiser{0.9, 0.98}, adversary{0.5, 0.95};
  std::unique_ptr<Codebook> codebook;
  std::int64_t step = 0;
};

/// Every tensor of the state by name; new ones where `optimisers` have none yet.
Tensors all_tensors(State& state) {
  Tensors all{{"codebook.counts", state.codebook->counts}, {"codebook.sums", state.codebook->sums}};
  const auto add = [&](const std::string& prefix, Tensors& tensors) {
    for (auto& [name, tensor] : tensors) all[prefix + name] = tensor;
  };
  add("network/", state.network);
  add("average/", state.average);
  add("discriminator/", state.discriminator);
  add("network.means/", state.optimiser.means);
  add("network.squares/", state.optimiser.squares);
  add("discriminator.means/", state.adversary.means);
  add("discriminator.squares/", state.adversary.squares);
  return all;
}

void save_checkpoint(State& state, const Options& options) {
  std::vector<std::pair<std::string, at::Tensor>> list;
  for (const auto& [name, tensor] : all_tensors(state)) list.emplace_back(name, tensor.detach().contiguous());
  weights::write_safetensors(options.checkpoint, list, {{"step", std::to_string(state.step)}});
}

void load_checkpoint(State& state, const Options& options) {
  const auto file = weights::read_safetensors(options.checkpoint);
  state.step = std::stoll(file->metadata().at("step"));
  at::NoGradGuard no_grad;
  for (const std::string& name : file->names())  // Adam makes its tensors as it needs them
    for (auto [prefix, tensors, like] :
         {std::tuple{"network.means/", &state.optimiser.means, &state.network},
          std::tuple{"network.squares/", &state.optimiser.squares, &state.network},
          std::tuple{"discriminator.means/", &state.adversary.means, &state.discriminator},
          std::tuple{"discriminator.squares/", &state.adversary.squares, &state.discriminator}})
      if (name.rfind(prefix, 0) == 0) {
        const std::string own = name.substr(std::string(prefix).size());
        (*tensors)[own] = at::zeros_like(like->at(own).detach());
      }
  for (auto& [name, tensor] : all_tensors(state)) tensor.detach().copy_(file->tensor(name));
  std::cout << "continues from step " << state.step << "\n";
}

/// Scales the latents so that the codes' elements have a root mean square of 1, which changes no picture:
/// optimising latents then has one scale, whatever came out of the training.
void save_model(const State& state, const Options& options) {
  at::NoGradGuard no_grad;
  const double scale = 1 / state.average.at(kCodebook).square().mean().sqrt().item<double>();
  std::vector<std::pair<std::string, at::Tensor>> list;
  for (const auto& [name, tensor] : state.average) {
    const bool grows = name == kCodebook || name.rfind("quant_conv.", 0) == 0;
    const double factor = grows ? scale : name == "post_quant_conv.weight" ? 1 / scale : 1;
    list.emplace_back(name, (tensor * factor).contiguous().to(at::kHalf));
  }
  weights::write_safetensors(
      options.out, list,
      {{"reverie.image_model", "vqgan"},
       {"description", "VQGAN, f = 8, trained for Reverie by tools/train_vqgan; see models/README.md"},
       {"steps", std::to_string(state.step)},
       {"licence", "Apache-2.0"}});
}

/// The cosine from 1 to 0.02, behind 100 steps of warming up.
double pace(std::int64_t step, std::int64_t steps) {
  return std::min(1.0, double(step + 1) / 100) *
         (0.02 + 0.98 * 0.5 * (1 + std::cos(M_PI * std::min(1.0, double(step) / double(steps)))));
}

at::Tensor rows(const at::Tensor& z) { return z.detach().permute({0, 2, 3, 1}).reshape({-1, z.size(1)}); }

class Trainer {
 public:
  Trainer(State& state, const Options& options, const Pictures& pictures, const Weights& resnet)
      : state_(state),
        options_(options),
        composer_(pictures.training, options.seed + std::uint64_t(state.step) + 1),
        perceptual_(resnet, kPrecision),
        generator_(at::make_generator<at::CPUGeneratorImpl>(options.seed + 2)) {}

  void step();

  double l1 = 0, perceived = 0, committed = 0, fooled = 0,
         discriminated = 0;  // sums since they were last cleared
  std::int64_t revived = 0;

 private:
  at::Tensor quantised(const vqgan::Network& network, const at::Tensor& z, at::Tensor& loss);
  at::Tensor adversarial_gradient(const at::Tensor& images, const at::Tensor& made,
                                  const at::Tensor& gradient);

  State& state_;
  const Options& options_;
  Composer composer_;
  Perceptual perceptual_;
  at::Generator generator_;
  std::vector<at::Tensor> gathered_;
};

/// The codes of a latent, through which gradients pass as if it had not been rounded; adds to the loss how
/// far they are from it. To begin with, the latent itself.
at::Tensor Trainer::quantised(const vqgan::Network& network, const at::Tensor& z, at::Tensor& loss) {
  if (state_.step < kPlain) {
    if (state_.step >= kPlain - kGathered) gathered_.push_back(rows(z));
    loss = loss + 1e-3 * z.square().mean();
    return z;
  }
  if (!gathered_.empty()) {
    state_.codebook->start(at::cat(gathered_), generator_);
    gathered_.clear();
  }
  const at::Tensor codes = network.nearest_codes(z);
  const at::Tensor near = network.embed(codes);
  const at::Tensor commitment = (z - near).square().mean();
  committed += commitment.item<double>();
  loss = loss + kCommitment * commitment;
  const at::Tensor result = z + (near - z).detach();
  state_.codebook->follow(rows(z), codes.flatten());
  if (state_.step % kRevive == 0) revived += state_.codebook->revive(rows(z), generator_);
  return result;
}

/// Trains the discriminator (hinge loss) and returns what it adds to the gradient of the reconstruction.
/// Weighted by the gradients' norms, as Esser et al. (2021, equation 7) do, taken at the picture.
at::Tensor Trainer::adversarial_gradient(const at::Tensor& images, const at::Tensor& made,
                                         const at::Tensor& gradient) {
  Tensors& discriminator = state_.discriminator;
  const std::int64_t begun = state_.step - std::int64_t(kAdversaryFrom * double(options_.steps));
  const at::Tensor both = discriminate(discriminator, at::cat({images, made.detach()}), kPrecision);
  const auto scores = both.chunk(2);
  const at::Tensor loss = (at::relu(1 - scores[0]).mean() + at::relu(1 + scores[1]).mean()) / 2;
  discriminated += loss.item<double>();
  loss.backward();
  state_.adversary.update(discriminator, 0.5 * options_.rate, begun + 1);

  const at::Tensor leaf = made.detach().requires_grad_(true);
  const at::Tensor score = discriminate(discriminator, leaf, kPrecision).mean();
  fooled += score.item<double>();
  const at::Tensor wish = torch::autograd::grad({-score}, {leaf})[0];
  const double weight = std::min(1e4, gradient.norm().item<double>() / (wish.norm().item<double>() + 1e-12));
  const double ramp = std::min(1.0, double(begun) / 400);  // the discriminator learns first
  return wish * (options_.adversary * ramp * weight);
}

void Trainer::step() {
  // Most pictures are small, for variety; every fourth batch has large ones, as renders are.
  const bool large = state_.step % 4 == 3;
  const at::Tensor images = composer_.batch(large ? options_.batch / 4 : options_.batch, large ? 128 : 64);
  // Rebuilt because conversion to lower precision is part of the graph.
  const vqgan::Network network(TensorWeights(state_.network), at::kCPU, kPrecision);
  at::Tensor loss = at::zeros({});
  const at::Tensor z = network.encode(images);
  const at::Tensor made = network.decode(quantised(network, z, loss));
  const at::Tensor leaf = made.detach().requires_grad_(true);
  const at::Tensor difference = at::l1_loss(leaf, images), seen = perceptual_(leaf, images);
  l1 += difference.item<double>();
  perceived += seen.item<double>();
  at::Tensor gradient = torch::autograd::grad({difference + kPerceptual * seen}, {leaf})[0];
  if (options_.adversary > 0 && double(state_.step) >= kAdversaryFrom * double(options_.steps))
    gradient = gradient + adversarial_gradient(images, leaf, gradient);
  torch::autograd::backward({made, loss}, {gradient, at::ones({})});
  state_.optimiser.update(state_.network, options_.rate * pace(state_.step, options_.steps), state_.step + 1);

  at::NoGradGuard no_grad;
  const double decay = std::min(kAverage, (1.0 + double(state_.step)) / (10.0 + double(state_.step)));
  for (auto& [name, tensor] : state_.average)
    name == kCodebook ? tensor.copy_(state_.network.at(name))
                      : tensor.lerp_(state_.network.at(name), 1 - decay);
  ++state_.step;
}

}  // namespace

Figures evaluate(const Weights& weights, const at::Tensor& pictures, at::Tensor* result) {
  at::NoGradGuard no_grad;
  const vqgan::Network network(weights, at::kCPU, at::kFloat, /*fixed=*/true);
  std::vector<at::Tensor> made, codes;
  for (const at::Tensor& part : pictures.split(8)) {
    codes.push_back(network.choose_codes(network.encode(part)));
    made.push_back(network.decode(network.embed(codes.back())).clamp(-1, 1));
  }
  const at::Tensor all = at::cat(made), difference = (all - pictures) / 2, indexes = at::cat(codes);
  if (result) *result = all;
  Figures figures;
  figures.l1 = difference.abs().mean().item<double>();
  figures.psnr = (difference.square().mean({1, 2, 3}).clamp_min(1e-9).log10() * -10).mean().item<double>();
  figures.perplexity = perplexity(indexes, network.shape().codes);
  figures.used = (at::bincount(indexes.flatten()) > 0).sum().item<std::int64_t>();
  return figures;
}

void train(const Options& options) {
  const Pictures pictures = load_pictures(options.data);
  State state;
  const auto generator = at::make_generator<at::CPUGeneratorImpl>(options.seed);
  state.network = first_values({}, generator);
  state.discriminator = first_discriminator(generator);
  for (const auto& [name, tensor] : state.network) state.average[name] = tensor.clone();
  state.codebook = std::make_unique<Codebook>(state.network.at(kCodebook));
  if (std::filesystem::exists(options.checkpoint)) load_checkpoint(state, options);
  std::int64_t count = 0;
  for (auto& [name, tensor] : state.network) {
    count += tensor.numel();
    tensor.set_requires_grad(name != kCodebook);
  }
  for (auto& [name, tensor] : state.discriminator) tensor.set_requires_grad(true);
  std::cout << count << " parameters" << std::endl;

  const at::Tensor held_out = samples(pictures.held_out, 24);
  const auto resnet = weights::read_safetensors(options.resnet);
  Trainer trainer(state, options, pictures, *resnet);
  auto start = std::chrono::steady_clock::now();
  while (state.step < options.steps) {
    trainer.step();
    if (state.step % kReport == 0) {
      const auto now = std::chrono::steady_clock::now();
      const double n = double(kReport);
      std::cout << "step " << state.step << "/" << options.steps << "  L1 " << trainer.l1 / n
                << "  perceptual " << trainer.perceived / n << "  commitment " << trainer.committed / n
                << "  discriminator " << trainer.discriminated / n << "  score " << trainer.fooled / n
                << "  revived " << trainer.revived << "  "
                << std::chrono::duration<double>(now - start).count() / n << " s/step" << std::endl;
      trainer.l1 = trainer.perceived = trainer.committed = trainer.discriminated = trainer.fooled = 0;
      trainer.revived = 0;
      start = now;
    }
    if (state.step % kSave == 0 || state.step == options.steps) {
      save_checkpoint(state, options);
      if (state.step <= kPlain) continue;
      save_model(state, options);
      const Figures figures = evaluate(TensorWeights(state.average), held_out);
      std::cout << "held out: L1 " << figures.l1 << "  PSNR " << figures.psnr << " dB  perplexity "
                << figures.perplexity << "  codes used " << figures.used << std::endl;
    }
  }
  std::filesystem::remove(options.checkpoint);
}

}  // namespace reverie::train_vqgan
