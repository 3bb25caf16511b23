/// Locked-image tuning (Zhai et al. 2022): a frozen network that knows pictures, with trained heads, and a
/// text tower that learnt where pictures lie.
///
/// A picture's embedding is made of parts, one for each depth of the trunk: colour and texture early, things
/// at the end. Each part is a linear map of the features there, brought to unit length and weighted. Where
/// the trunk has a classifier (`lit.classifier`), one more part are the last features themselves, less their
/// mean, so that texts can lie where the classifier's rows point to, or where pictures with such captions lie
/// (`concepts.keys`, `concepts.rows`, may be absent). The file holds heads and text tower, and
/// its metadata name and describe the trunk (`lit.trunk`, a file among the models), so another trunk is
/// another file and no other code.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <sstream>

#include "length_check.h"
#include "reverie/features.h"
#include "reverie/network_tensor.h"
#include "reverie/perceptor.h"
#include "reverie/plugin.h"
#include "text_head.h"
#include "text_tower.h"
#include "trunk.h"

namespace reverie {
namespace {

constexpr const char* kTrunkKey = "lit.trunk";
constexpr std::int64_t kGrid = 32, kLargestInput = 1024;  // trunks halve their input five times

/// What the file's metadata declare.
class Declared {
 public:
  explicit Declared(const Weights& weights) : weights_(weights) {}

  std::string text(const std::string& key) const {
    const auto found = weights_.metadata().find(key);
    if (found != weights_.metadata().end()) return found->second;
    throw Error(ErrorKind::model, "'" + weights_.origin() + "' does not declare '" + key + "'");
  }

  /// Numbers with spaces between them.
  std::vector<double> numbers(const std::string& key) const {
    std::istringstream words(text(key));
    std::vector<double> result;
    for (double number; words >> number;) result.push_back(number);
    if (!words.eof() || result.empty())
      throw Error(ErrorKind::model,
                  "'" + weights_.origin() + "': '" + key + "' is '" + text(key) + "', which are not numbers");
    return result;
  }

  double number(const std::string& key) const { return numbers(key).front(); }

  bool has(const std::string& key) const { return weights_.metadata().count(key) > 0; }

  std::vector<std::int64_t> counts(const std::string& key) const {
    constexpr double kMost = 1e6;
    std::vector<std::int64_t> result;
    for (const double value : numbers(key)) {
      if (!(value >= 0 && value <= kMost) || value != std::floor(value))
        throw Error(ErrorKind::model, "'" + weights_.origin() + "': '" + key + "' has " +
                                          std::to_string(value) +
                                          ", which is no whole number from 0 to a million");
      result.push_back(static_cast<std::int64_t>(value));
    }
    return result;
  }

 private:
  const Weights& weights_;
};

lit::Layout layout_of(const Declared& declared) {
  lit::Layout layout{declared.counts("lit.strides"), declared.counts("lit.taps"), declared.number("lit.mean"),
                     declared.number("lit.deviation")};
  for (std::size_t i = 1; i < layout.taps.size(); ++i)
    if (layout.taps[i] <= layout.taps[i - 1])
      throw Error(ErrorKind::model, "'lit.taps' names blocks that do not follow each other");
  for (const std::int64_t tap : layout.taps)
    if (tap < 0 || tap >= static_cast<std::int64_t>(layout.strides.size()))
      throw Error(ErrorKind::model, "'lit.taps' names the block " + std::to_string(tap) + ", but there are " +
                                        std::to_string(layout.strides.size()));
  return layout;
}

class Lit final : public Perceptor, public Familiarity, public Features {
 public:
  static bool accepts(const Weights& weights) { return weights.metadata().count(kTrunkKey) > 0; }

  Lit(Host& host, const Params&, const Setup& setup) : name_(setup.name) {
    if (!setup.weights)
      throw Error(ErrorKind::settings, "the perceptor 'lit' needs weights",
                  "name a model or a weights file in the setting 'perceptors'");
    const Weights& weights = *setup.weights;
    const Declared declared(weights);
    input_size_ = declared.counts("lit.input_size").front();
    if (input_size_ < kGrid || input_size_ > kLargestInput || input_size_ % kGrid != 0)
      throw Error(ErrorKind::model, "'" + weights.origin() + "': 'lit.input_size' is " +
                                        std::to_string(input_size_) +
                                        ", which is no multiple of 32 up to 1024");
    const lit::TensorSource get = [&](const std::string& tensor) {
      return network_tensor(weights, tensor).to(host.device(), at::kFloat);
    };
    const auto trunk_weights = host.load_weights(find_trunk(host, declared.text(kTrunkKey)).string());
    trunk_ =
        std::make_unique<lit::Trunk>(*trunk_weights, layout_of(declared), host.device(), host.precision());
    at::Tensor classifier;
    if (declared.has("lit.classifier")) {
      classifier =
          network_tensor(*trunk_weights, declared.text("lit.classifier")).to(host.device(), at::kFloat);
      class_share_ = declared.number("lit.class_share");
    }
    load_heads(get, weights.origin(), classifier);
    std::int64_t layers = 0;
    while (weights.contains("text.layers." + std::to_string(layers) + ".norm1.weight")) ++layers;
    text_ = std::make_unique<lit::TextTower>(get, layers, declared.counts("lit.heads").front());
    text_head_ = std::make_unique<lit::TextHead>(get, classifier, weights.contains("concepts.rows"));
    tokenizer_ = std::make_unique<clip::Tokenizer>(declared.text("lit.merges"));
    if (tokenizer_->vocabulary() != text_->vocabulary())
      throw Error(ErrorKind::model, "'" + weights.origin() + "': the vocabulary has " +
                                        std::to_string(tokenizer_->vocabulary()) + " tokens, the network " +
                                        std::to_string(text_->vocabulary()));
  }

  static std::unique_ptr<TextCheck> text_check(Host&, const Params&, const Setup& setup) {
    if (!setup.weights) return nullptr;
    return std::make_unique<clip::LengthCheck>(
        std::make_unique<clip::Tokenizer>(Declared(*setup.weights).text("lit.merges")),
        setup.weights->tensor("text.position").size(0), setup.name);
  }

  std::int64_t input_size() const override { return input_size_; }
  std::int64_t embedding_size() const override { return embedding_; }

  at::Tensor embed_images(const at::Tensor& images) override {
    const std::vector<at::Tensor> rows = (*trunk_)(images);
    std::vector<at::Tensor> parts;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const at::Tensor part = at::linear(rows[i], heads_[i].weight, heads_[i].bias);
      parts.push_back(part * (heads_[i].length / part.norm(2, 1, true).clamp_min(1e-6)));
    }
    if (class_mean_.defined()) {
      const at::Tensor part = rows.back() - class_mean_;
      parts.push_back(part * (std::sqrt(class_share_) / part.norm(2, 1, true).clamp_min(1e-6)));
    }
    return at::cat(parts, 1);
  }

  at::Tensor embed_texts(const std::vector<std::string>& texts) override {
    at::NoGradGuard no_grad;
    std::vector<at::Tensor> rows;
    for (const std::string& text : texts) rows.push_back((*text_head_)(meaning(text)));
    return rows.empty() ? at::empty({0, embedding_}) : at::cat(rows);
  }

  void* extension(std::string_view id) override {
    if (id == Familiarity::kId) return static_cast<Familiarity*>(this);
    return id == Features::kId ? static_cast<Features*>(this) : nullptr;
  }

  std::vector<at::Tensor> features(const at::Tensor& images) override { return trunk_->features(images); }

  double familiarity(const std::string& text) override {
    at::NoGradGuard no_grad;
    return text_head_->class_share(meaning(text));
  }

  void release_text_encoder() override {
    text_.reset();
    text_head_.reset();
    tokenizer_.reset();
  }

 private:
  struct Head {
    at::Tensor weight, bias;
    double length;  // of the embedding's part
  };

  std::filesystem::path find_trunk(Host& host, const std::string& file) const {
    try {
      return host.resolve_asset(file);
    } catch (const Error& error) {
      throw Error(error.kind(),
                  "the network that '" + name_ + "' uses for pictures is missing: " + error.what(),
                  "tools/setup.sh downloads it (17 MB); or name other perceptors, such as tiny_vit");
    }
  }

  at::Tensor meaning(const std::string& text) const {
    if (!text_) throw Error(ErrorKind::plugin, "the text encoder of '" + name_ + "' was released");
    return (*text_)(tokenizer_->encode_within(text_->context(), text, name_));
  }

  void load_heads(const lit::TensorSource& get, const std::string& origin, const at::Tensor& classifier) {
    const at::Tensor shares = get("heads.shares").to(at::kCPU);
    const std::vector<std::int64_t> sizes = trunk_->sizes();
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const std::string p = "heads." + std::to_string(i);
      Head head{get(p + ".weight"), get(p + ".bias"), 0};
      if (head.weight.dim() != 2 || head.weight.size(1) != sizes[i] ||
          shares.numel() <= static_cast<std::int64_t>(i))
        throw Error(ErrorKind::model, "'" + origin + "': '" + p + "' does not fit the trunk, which has " +
                                          std::to_string(sizes[i]) + " features there");
      head.length = std::sqrt(shares[static_cast<std::int64_t>(i)].item<double>() * (1 - class_share_));
      embedding_ += head.weight.size(0);
      heads_.push_back(std::move(head));
    }
    if (!classifier.defined()) return;
    class_mean_ = get("classes.mean");
    if (classifier.dim() != 2 || classifier.size(1) != sizes.back() || class_mean_.numel() != sizes.back())
      throw Error(ErrorKind::model,
                  "'" + origin +
                      "': 'lit.classifier' and 'classes.mean' do not fit the trunk, whose last layer has " +
                      std::to_string(sizes.back()) + " features");
    embedding_ += sizes.back();
  }

  std::string name_;
  std::int64_t input_size_ = 0, embedding_ = 0;
  std::unique_ptr<lit::Trunk> trunk_;
  std::vector<Head> heads_;
  at::Tensor class_mean_;   // of the last features; undefined without a classifier
  double class_share_ = 0;  // of the last features' own part in the embedding's squared length
  std::unique_ptr<lit::TextTower> text_;
  std::unique_ptr<lit::TextHead> text_head_;
  std::unique_ptr<clip::Tokenizer> tokenizer_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Lit, Perceptor, "lit", "1.1",
                      "a frozen image network with trained heads, and a text tower", {});
REVERIE_EXPORT_TEXT_CHECK(Lit);

}  // namespace reverie
