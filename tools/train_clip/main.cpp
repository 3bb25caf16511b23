// Trains one of the small CLIP models that ship in models/, on the towers that plugins/perceptors/clip
// renders with.
//
//   train_clip --model vit|resnet --data FOLDER --out models/NAME.safetensors
//              [--steps N] [--batch N] [--seed N] [--init FILE]
//   train_clip --evaluate FILE --data FOLDER      zero-shot figures of a finished model
//
// FOLDER is made by tools/prepare_pictures.py. See models/README.md for the recipe and its figures.

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/autocast_mode.h>
#include <torch/optim/adamw.h>

#include <boost/program_options.hpp>
#include <chrono>
#include <cmath>
#include <iostream>
#include <unordered_map>

#include "pictures.h"
#include "tokenizer.h"
#include "towers.h"
#include "weights/safetensors.h"

namespace reverie::train_clip {
namespace {

constexpr double kEmaDecay = 0.999;
constexpr double kChannelMean[] = {0.48145466, 0.4578275, 0.40821073};
constexpr double kChannelStd[] = {0.26862954, 0.26130258, 0.27577711};

at::Tensor normalise(const at::Tensor& images) {
  const auto channel = [](const double(&v)[3]) {
    return at::tensor({v[0], v[1], v[2]}, at::kFloat).view({1, 3, 1, 1});
  };
  return (images - channel(kChannelMean)) / channel(kChannelStd);
}

/// The tensors of a network under training. Buffers (batch norm statistics) need no gradient.
struct Network final : Weights {
  std::map<std::string, at::Tensor> tensors;
  std::map<std::string, std::string> data;

  std::vector<std::string> names() const override {
    std::vector<std::string> result;
    for (const auto& [name, tensor] : tensors) result.push_back(name);
    return result;
  }
  bool contains(const std::string& name) const override { return tensors.count(name) > 0; }
  at::Tensor tensor(const std::string& name) const override { return tensors.at(name); }
  const std::map<std::string, std::string>& metadata() const override { return data; }
  std::string origin() const override { return "network under training"; }
};

/// Fills a Network with the initial values that Radford et al. (2021) describe in their code and paper.
class Initialiser {
 public:
  Initialiser(Network& network, std::uint64_t seed)
      : network_(network), generator_(at::make_generator<at::CPUGeneratorImpl>(seed)) {}

  void normal(const std::string& name, at::IntArrayRef shape, double deviation) {
    network_.tensors[name] = at::randn(shape, generator_) * deviation;
  }
  void constant(const std::string& name, at::IntArrayRef shape, double value) {
    network_.tensors[name] = at::full(shape, value, at::kFloat);
  }
  void norm(const std::string& prefix, std::int64_t width, double weight = 1) {
    constant(prefix + ".weight", {width}, weight);
    constant(prefix + ".bias", {width}, 0);
  }
  void batch_norm(const std::string& prefix, std::int64_t width, double weight = 1) {
    norm(prefix, width, weight);
    constant(prefix + ".running_mean", {width}, 0);
    constant(prefix + ".running_var", {width}, 1);
  }
  void linear(const std::string& prefix, std::int64_t out, std::int64_t in, double deviation) {
    normal(prefix + ".weight", {out, in}, deviation);
    constant(prefix + ".bias", {out}, 0);
  }
  void convolution(const std::string& name, std::int64_t out, std::int64_t in, std::int64_t side) {
    normal(name, {out, in, side, side}, std::sqrt(2.0 / double(in * side * side)));
  }
  void transformer(const std::string& prefix, std::int64_t layers, std::int64_t width) {
    const double out = std::pow(width, -0.5) * std::pow(2.0 * double(layers), -0.5);
    for (std::int64_t i = 0; i < layers; ++i) {
      const std::string p = prefix + "resblocks." + std::to_string(i) + ".";
      norm(p + "ln_1", width);
      norm(p + "ln_2", width);
      normal(p + "attn.in_proj_weight", {3 * width, width}, std::pow(width, -0.5));
      constant(p + "attn.in_proj_bias", {3 * width}, 0);
      linear(p + "attn.out_proj", width, width, out);
      linear(p + "mlp.c_fc", 4 * width, width, std::pow(2.0 * double(width), -0.5));
      linear(p + "mlp.c_proj", width, 4 * width, out);
    }
  }

 private:
  Network& network_;
  at::Generator generator_;
};

constexpr std::int64_t kEmbedding = 256, kTextWidth = 192, kContext = 32;

void initialise_text(Initialiser& init, std::int64_t vocabulary, std::int64_t layers) {
  init.normal("token_embedding.weight", {vocabulary, kTextWidth}, 0.02);
  init.normal("positional_embedding", {kContext, kTextWidth}, 0.01);
  init.transformer("transformer.", layers, kTextWidth);
  init.norm("ln_final", kTextWidth);
  init.normal("text_projection", {kTextWidth, kEmbedding}, std::pow(kTextWidth, -0.5));
  init.constant("logit_scale", {}, std::log(1 / 0.07));
}

void initialise_vit(Initialiser& init) {
  constexpr std::int64_t width = 192, layers = 6, patch = 8, grid = kSide / patch;
  init.convolution("visual.conv1.weight", width, 3, patch);
  init.normal("visual.class_embedding", {width}, std::pow(width, -0.5));
  init.normal("visual.positional_embedding", {grid * grid + 1, width}, std::pow(width, -0.5));
  init.norm("visual.ln_pre", width);
  init.transformer("visual.transformer.", layers, width);
  init.norm("visual.ln_post", width);
  init.normal("visual.proj", {width, kEmbedding}, std::pow(width, -0.5));
}

void initialise_resnet(Initialiser& init) {
  constexpr std::int64_t width = 24, features = 32 * width, grid = kSide / 32;
  constexpr std::int64_t blocks[] = {2, 2, 2, 2};
  const std::int64_t stem[] = {3, width / 2, width / 2, width};
  for (int i = 0; i < 3; ++i) {
    init.convolution("visual.conv" + std::to_string(i + 1) + ".weight", stem[i + 1], stem[i], 3);
    init.batch_norm("visual.bn" + std::to_string(i + 1), stem[i + 1]);
  }
  std::int64_t in = width;
  for (int layer = 0; layer < 4; ++layer) {
    const std::int64_t planes = width << layer;
    for (std::int64_t i = 0; i < blocks[layer]; ++i) {
      const std::string p = "visual.layer" + std::to_string(layer + 1) + "." + std::to_string(i) + ".";
      init.convolution(p + "conv1.weight", planes, in, 1);
      init.convolution(p + "conv2.weight", planes, planes, 3);
      init.convolution(p + "conv3.weight", 4 * planes, planes, 1);
      init.batch_norm(p + "bn1", planes);
      init.batch_norm(p + "bn2", planes);
      init.batch_norm(p + "bn3", 4 * planes, 0);  // each block starts as the identity
      if (i == 0) {
        init.convolution(p + "downsample.0.weight", 4 * planes, in, 1);
        init.batch_norm(p + "downsample.1", 4 * planes);
      }
      in = 4 * planes;
    }
  }
  const double deviation = std::pow(features, -0.5);
  init.normal("visual.attnpool.positional_embedding", {grid * grid + 1, features}, deviation);
  for (const char* part : {"q_proj", "k_proj", "v_proj"})
    init.linear(std::string("visual.attnpool.") + part, features, features, deviation);
  init.linear("visual.attnpool.c_proj", kEmbedding, features, deviation);
}

bool is_buffer(const std::string& name) { return name.find("running_") != std::string::npos; }

class Model {
 public:
  Model(const Weights& weights, const std::string& merges, bool training)
      : shape(clip::infer_shape(weights)), tokenizer(merges) {
    const clip::TensorSource get = [&](const std::string& name) { return weights.tensor(name); };
    vision = clip::make_vision_tower(shape, get, clip::Activation::gelu, training);
    text = std::make_unique<clip::TextTower>(shape, get, clip::Activation::gelu);
  }

  at::Tensor tokens(const std::vector<std::string>& captions) {
    at::Tensor result = at::zeros({std::int64_t(captions.size()), shape.context}, at::kLong);
    auto rows = result.accessor<std::int64_t, 2>();
    std::int64_t longest = 0;
    for (std::size_t i = 0; i < captions.size(); ++i) {
      auto [found, isnew] = cache_.try_emplace(captions[i]);
      if (isnew) found->second = tokenizer.encode(captions[i]);
      std::vector<std::int64_t> ids = found->second;
      if (std::int64_t(ids.size()) > shape.context) {
        ids.resize(std::size_t(shape.context));
        ids.back() = tokenizer.vocabulary() - 1;
      }
      longest = std::max(longest, std::int64_t(ids.size()));
      for (std::size_t k = 0; k < ids.size(); ++k) rows[std::int64_t(i)][std::int64_t(k)] = ids[k];
    }
    return result.narrow(1, 0, longest);
  }

  clip::Shape shape;
  clip::Tokenizer tokenizer;
  std::unique_ptr<clip::VisionTower> vision;
  std::unique_ptr<clip::TextTower> text;

 private:
  std::unordered_map<std::string, std::vector<std::int64_t>> cache_;
};

at::Tensor unit(const at::Tensor& x) { return x / x.norm(2, -1, true).clamp_min(1e-6); }

std::string with_article(const std::string& noun) {
  return (std::string("aeiou").find(noun[0]) != std::string::npos ? "an " : "a ") + noun;
}

/// Zero-shot top-1 and top-5 over the nouns on held-out pictures.
std::pair<double, double> evaluate(const Weights& weights, const Collection& data) {
  at::NoGradGuard no_grad;
  Model model(weights, data.merges, false);
  auto [images, labels] = Composer(data, 1).labelled_held_out();
  std::vector<std::string> plain, drawn;
  for (const std::string& noun : data.nouns) {
    plain.push_back(with_article(noun));
    drawn.push_back("a picture of " + with_article(noun));
  }
  const at::Tensor words =
      unit(unit((*model.text)(model.tokens(plain))) + unit((*model.text)(model.tokens(drawn))));
  const at::Tensor seen = unit((*model.vision)(normalise(images)));
  const at::Tensor best = std::get<1>(at::topk(at::matmul(seen, words.t()), 5, 1));
  const at::Tensor hit = best == at::tensor(labels).view({-1, 1});
  return {hit.select(1, 0).to(at::kFloat).mean().item<double>(),
          hit.any(1).to(at::kFloat).mean().item<double>()};
}

/// Symmetric cross-entropy (Radford et al. 2021, figure 3). Two pictures of one group are not negatives.
at::Tensor contrastive_loss(const at::Tensor& images, const at::Tensor& texts, const at::Tensor& scale,
                            const std::vector<std::int64_t>& groups) {
  at::Tensor logits = at::matmul(unit(images.to(at::kFloat)), unit(texts.to(at::kFloat)).t()) * scale.exp();
  const at::Tensor group = at::tensor(groups);
  const at::Tensor same = group.view({-1, 1}) == group.view({1, -1});
  const at::Tensor excluded = same.logical_and(at::eye(group.size(0), at::kBool).logical_not());
  logits = logits.masked_fill(excluded, -1e4);
  const at::Tensor target = at::arange(group.size(0));
  return (at::cross_entropy_loss(logits, target) + at::cross_entropy_loss(logits.t(), target)) / 2;
}

struct Options {
  std::string model, data, out, init, evaluate;
  std::int64_t steps = 0, batch = 0;
  std::uint64_t seed = 0;
  double rate = 0;
};

void save(const Options& options, const std::map<std::string, at::Tensor>& tensors, const Collection& data) {
  std::vector<std::pair<std::string, at::Tensor>> list;
  for (const auto& [name, tensor] : tensors) list.emplace_back(name, tensor.to(at::kHalf));
  // reverie.perceptor names the plugin that understands the file; see plugins/perceptors/clip/clip.cpp.
  weights::write_safetensors(
      options.out, list,
      {{"reverie.perceptor", "clip"}, {"clip.activation", "gelu"}, {"clip.merges", data.merges}});
}

void train(const Options& options) {
  const Collection data = load_collection(options.data);
  std::cout << data.training.size() << " training pictures, " << data.held_out.size() << " held out, "
            << data.nouns.size() << " nouns\n";
  Network network;
  Initialiser init(network, options.seed);
  // The ResNet's image tower is the larger one; a smaller text tower keeps the file under 12 MB.
  initialise_text(init, clip::Tokenizer(data.merges).vocabulary(), options.model == "vit" ? 3 : 2);
  options.model == "vit" ? initialise_vit(init) : initialise_resnet(init);
  if (!options.init.empty()) {
    const auto start = weights::read_safetensors(options.init);
    for (auto& [name, tensor] : network.tensors) tensor = start->tensor(name).to(at::kFloat).clone();
  }

  std::vector<at::Tensor> decayed, plain;
  std::int64_t count = 0;
  for (auto& [name, tensor] : network.tensors) {
    count += tensor.numel();
    if (is_buffer(name)) continue;
    if (tensor.dim() == 4) tensor = tensor.contiguous(at::MemoryFormat::ChannelsLast);
    tensor.set_requires_grad(true);
    (tensor.dim() >= 2 ? decayed : plain).push_back(tensor);
  }
  std::cout << count << " parameters\n";
  Model model(network, data.merges, /*training=*/true);
  // The batch norm statistics move with the towers' own copies, which share these tensors' storage.
  std::map<std::string, at::Tensor> average;
  for (const auto& [name, tensor] : network.tensors) average[name] = tensor.detach().clone();

  using torch::optim::AdamWOptions;
  std::vector<torch::optim::OptimizerParamGroup> groups;
  for (const bool decay : {true, false}) {
    auto group = std::make_unique<AdamWOptions>(options.rate);
    group->betas({0.9, 0.98}).weight_decay(decay ? 0.1 : 0.0);
    groups.emplace_back(decay ? decayed : plain, std::move(group));
  }
  torch::optim::AdamW optimiser(groups, AdamWOptions(options.rate));

  Composer composer(data, options.seed + 1);
  const auto start = std::chrono::steady_clock::now();
  double mean_loss = 0;
  for (std::int64_t step = 0; step < options.steps; ++step) {
    const double warmup = std::min(1.0, double(step + 1) / 200);
    const double rate = options.rate * warmup *
                        (0.02 + 0.98 * 0.5 * (1 + std::cos(M_PI * double(step) / double(options.steps))));
    for (auto& group : optimiser.param_groups()) static_cast<AdamWOptions&>(group.options()).lr(rate);

    const Batch batch = composer.training_batch(options.batch);
    at::autocast::set_autocast_enabled(at::kCPU, true);
    // A network that rebuilds fused weights on each step (attention pooling) is rebuilt to keep its graph
    // fresh.
    if (options.model == "resnet")
      model.vision = clip::make_vision_tower(
          model.shape, [&](const std::string& name) { return network.tensor(name); }, clip::Activation::gelu,
          true);
    const at::Tensor images =
        (*model.vision)(normalise(batch.images).contiguous(at::MemoryFormat::ChannelsLast));
    const at::Tensor texts = (*model.text)(model.tokens(batch.captions));
    at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(at::kCPU, false);
    const at::Tensor loss = contrastive_loss(images, texts, network.tensors["logit_scale"], batch.groups);
    optimiser.zero_grad();
    loss.backward();
    optimiser.step();
    {
      at::NoGradGuard no_grad;
      network.tensors["logit_scale"].clamp_(0, std::log(100.0));
      const double decay = std::min(kEmaDecay, (1.0 + double(step)) / (10.0 + double(step)));
      for (auto& [name, tensor] : average) tensor.lerp_(network.tensors[name].detach(), 1 - decay);
    }
    mean_loss += loss.item<double>();
    if ((step + 1) % 100 == 0) {
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      std::cout << "step " << step + 1 << "/" << options.steps << "  loss " << mean_loss / 100 << "  scale "
                << network.tensors["logit_scale"].exp().item<double>() << "  " << seconds / double(step + 1)
                << " s/step" << std::endl;
      mean_loss = 0;
    }
    if ((step + 1) % 1000 == 0 || step + 1 == options.steps) {
      Network snapshot;
      snapshot.tensors = average;
      const auto [top1, top5] = evaluate(snapshot, data);
      std::cout << "held out: top-1 " << top1 << "  top-5 " << top5 << std::endl;
      save(options, average, data);
    }
  }
}

}  // namespace
}  // namespace reverie::train_clip

int main(int argc, char** argv) {
  namespace po = boost::program_options;
  reverie::train_clip::Options o;
  po::options_description help("train_clip");
  help.add_options()("help", "show this")("model", po::value(&o.model), "vit or resnet")(
      "data", po::value(&o.data)->required(), "folder made by prepare_pictures.py")(
      "out", po::value(&o.out), "safetensors file to write")("init", po::value(&o.init),
                                                             "continue from this file")(
      "steps", po::value(&o.steps)->default_value(6000), "optimisation steps")(
      "batch", po::value(&o.batch)->default_value(256), "pictures per step")(
      "rate", po::value(&o.rate)->default_value(1e-3), "peak learning rate")(
      "seed", po::value(&o.seed)->default_value(1), "seed of everything random")(
      "evaluate", po::value(&o.evaluate), "report the figures of this model instead of training");
  try {
    po::variables_map given;
    po::store(po::parse_command_line(argc, argv, help), given);
    if (given.count("help")) {
      std::cout << help;
      return 0;
    }
    po::notify(given);
    at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
    if (!o.evaluate.empty()) {
      const auto weights = reverie::weights::read_safetensors(o.evaluate);
      reverie::train_clip::Network network;
      for (const auto& name : weights->names()) network.tensors[name] = weights->tensor(name).to(at::kFloat);
      const auto [top1, top5] =
          reverie::train_clip::evaluate(network, reverie::train_clip::load_collection(o.data));
      std::cout << "top-1 " << top1 << "  top-5 " << top5 << "\n";
      return 0;
    }
    if (o.out.empty() || (o.model != "vit" && o.model != "resnet"))
      throw reverie::Error(reverie::ErrorKind::usage, "train_clip needs --model vit|resnet and --out FILE");
    reverie::train_clip::train(o);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "train_clip: " << error.what() << "\n";
    return 1;
  }
}
