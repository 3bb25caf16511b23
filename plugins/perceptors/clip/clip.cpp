/// CLIP: pictures and texts in one space (Radford et al. 2021).
///
/// Understands files in OpenAI's naming of the tensors, both vision transformers and modified ResNets. The
/// tokenizer's merges travel in the file's metadata (`clip.merges`), as does the activation
/// (`clip.activation`: quick_gelu, the default, or gelu).

#include <ATen/ATen.h>

#include <ATen/core/grad_mode.h>

#include "reverie/perceptor.h"
#include "reverie/plugin.h"
#include "tokenizer.h"
#include "towers.h"

namespace reverie {
namespace {

// Of the pictures OpenAI trained on, by channel; every published CLIP expects these.
constexpr double kMean[] = {0.48145466, 0.4578275, 0.40821073};
constexpr double kDeviation[] = {0.26862954, 0.26130258, 0.27577711};

/// For messages: a text's beginning, cut between characters of UTF-8.
std::string shortened(const std::string& text) {
  std::size_t end = 200;
  if (text.size() <= end) return text;
  while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + " ...";
}

class Clip final : public Perceptor {
 public:
  static bool accepts(const Weights& weights) {
    return weights.contains("token_embedding.weight") && weights.contains("visual.conv1.weight");
  }

  Clip(Host& host, const Params&, const Setup& setup) : name_(setup.name), device_(host.device()) {
    if (!setup.weights)
      throw Error(ErrorKind::settings, "the perceptor 'clip' needs weights",
                  "name a model or a weights file in the setting 'perceptors'");
    const Weights& weights = *setup.weights;
    shape_ = clip::infer_shape(weights);
    const auto merges = weights.metadata().find("clip.merges");
    if (merges == weights.metadata().end())
      throw Error(ErrorKind::unsupported,
                  "'" + weights.origin() + "' carries no vocabulary (metadata 'clip.merges')",
                  "weights without their own vocabulary cannot be used yet");
    tokenizer_ = std::make_unique<clip::Tokenizer>(merges->second);
    if (tokenizer_->vocabulary() != shape_.vocabulary)
      throw Error(ErrorKind::model, "'" + weights.origin() + "': the vocabulary has " +
                                        std::to_string(tokenizer_->vocabulary()) + " tokens, the network " +
                                        std::to_string(shape_.vocabulary));
    const auto activation = weights.metadata().find("clip.activation");
    const bool gelu = activation != weights.metadata().end() && activation->second == "gelu";
    const auto kind = gelu ? clip::Activation::gelu : clip::Activation::quick_gelu;
    const clip::TensorSource get = [&](const std::string& tensor) {
      return weights.tensor(tensor).to(device_, at::kFloat, /*non_blocking=*/false, /*copy=*/true);
    };
    vision_ = clip::make_vision_tower(shape_, get, kind);
    text_ = std::make_unique<clip::TextTower>(shape_, get, kind);
    const auto channel = [&](const double(&values)[3]) {
      return at::tensor({values[0], values[1], values[2]}, at::kFloat).view({1, 3, 1, 1}).to(device_);
    };
    mean_ = channel(kMean);
    deviation_ = channel(kDeviation);
  }

  std::int64_t input_size() const override { return shape_.image_size; }
  std::int64_t embedding_size() const override { return shape_.embedding; }

  at::Tensor embed_images(const at::Tensor& images) override {
    return (*vision_)((images - mean_) / deviation_);
  }

  at::Tensor embed_texts(const std::vector<std::string>& texts) override {
    if (!text_) throw Error(ErrorKind::plugin, "the text encoder of '" + name_ + "' was released");
    at::NoGradGuard no_grad;
    at::Tensor tokens = at::zeros({static_cast<std::int64_t>(texts.size()), shape_.context}, at::kLong);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::vector<std::int64_t> ids = tokenizer_->encode(texts[i]);
      if (static_cast<std::int64_t>(ids.size()) > shape_.context)
        throw Error(ErrorKind::settings,
                    "the prompt '" + shortened(texts[i]) + "' is too long for '" + name_ +
                        "': " + std::to_string(ids.size() - 2) + " tokens, at most " +
                        std::to_string(shape_.context - 2),
                    "shorten it or split it at '|'");
      tokens[static_cast<std::int64_t>(i)]
          .narrow(0, 0, static_cast<std::int64_t>(ids.size()))
          .copy_(at::tensor(ids));
    }
    return (*text_)(tokens.to(device_)).to(at::kFloat);
  }

  void release_text_encoder() override { text_.reset(); }

 private:
  std::string name_;
  at::Device device_;
  clip::Shape shape_;
  std::unique_ptr<clip::Tokenizer> tokenizer_;
  std::unique_ptr<clip::VisionTower> vision_;
  std::unique_ptr<clip::TextTower> text_;
  at::Tensor mean_, deviation_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Clip, Perceptor, "clip", "1.0", "CLIP image and text encoders, ViT and ResNet",
                      kNoParams);

}  // namespace reverie
