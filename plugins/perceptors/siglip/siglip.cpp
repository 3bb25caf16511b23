/// SigLIP and SigLIP 2: pictures and texts in one space, trained with a sigmoid for each pair (Zhai et al.
/// 2023, Tschannen et al. 2025).
///
/// Understands transformers' and open_clip's files of the networks with a fixed resolution. The tokenizer is
/// a SentencePiece model beside the weights (spiece.model, tokenizer.model), or the file that
/// `siglip_tokenizer` names. The scale and the bias of the training's sigmoid do not change directions and
/// are not used.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "image_tower.h"
#include "inference_tower.h"
#include "reverie/features.h"
#include "reverie/perceptor.h"
#include "reverie/plugin.h"
#include "reverie/text_check.h"
#include "sentence_tokenizer.h"
#include "text_tower.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    text("siglip_tokenizer", "")
        .help("SentencePiece model of SigLIP models; empty: spiece.model or tokenizer.model beside the "
              "weights"),
    choice("siglip_activation", "gelu_tanh", "gelu_tanh|gelu")
        .help("activation of SigLIP models; gelu: the exact one, which open_clip computes some of them with"),
};

constexpr clip::Normalisation kNormalisation = {{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}};

class SentenceCheck final : public TextCheck {
 public:
  SentenceCheck(const std::filesystem::path& model, std::int64_t context, std::string name)
      : tokenizer_(model), context_(context), name_(std::move(name)) {}
  void check(const std::string& text) const override {
    static_cast<void>(tokenizer_.encode(text, context_, name_));
  }

 private:
  siglip::SentenceTokenizer tokenizer_;
  std::int64_t context_;
  std::string name_;
};

class Siglip final : public Perceptor, public Features {
 public:
  static bool accepts(const Weights& weights) { return siglip::Layout::recognises(weights); }

  Siglip(Host& host, const Params& params, const Setup& setup) : name_(setup.name), device_(host.device()) {
    const auto tokenizer = params.get<std::string>("siglip_tokenizer");
    const auto activation = params.get<std::string>("siglip_activation") == "gelu"
                                ? clip::Activation::gelu
                                : clip::Activation::gelu_tanh;
    if (!setup.weights)
      throw Error(ErrorKind::settings, "the perceptor 'siglip' needs weights",
                  "name a weights file in the setting 'perceptors'");
    const siglip::Layout layout(*setup.weights);
    shape_ = layout.shape();
    tokenizer_ =
        std::make_unique<siglip::SentenceTokenizer>(find_tokenizer(host, tokenizer, *setup.weights, name_));
    if (tokenizer_->vocabulary() > shape_.vocabulary)
      throw Error(ErrorKind::model,
                  "'" + setup.weights->origin() + "': the tokenizer has " +
                      std::to_string(tokenizer_->vocabulary()) + " tokens, the network " +
                      std::to_string(shape_.vocabulary),
                  "use the tokenizer that is published with the weights");
    const at::ScalarType precision = host.precision();
    const clip::TensorSource rounded = [&](const std::string& tensor) {
      return layout.tensor(tensor).to(device_, precision);
    };
    image_ = clip::framed(std::make_unique<siglip::ImageTower>(shape_, rounded, activation), kNormalisation,
                          precision);
    text_ = std::make_unique<siglip::TextTower>(
        shape_, [&](const std::string& tensor) { return layout.tensor(tensor).to(device_, at::kFloat); },
        activation);
  }

  static std::unique_ptr<TextCheck> text_check(Host& host, const Params& params, const Setup& setup) {
    if (!setup.weights) return nullptr;
    return std::make_unique<SentenceCheck>(
        find_tokenizer(host, params.get<std::string>("siglip_tokenizer"), *setup.weights, setup.name),
        siglip::Layout(*setup.weights).shape().context, setup.name);
  }

  std::int64_t input_size() const override { return shape_.image_size; }
  std::int64_t embedding_size() const override { return shape_.embedding; }

  at::Tensor embed_images(const at::Tensor& images) override { return (*image_)(images); }

  at::Tensor embed_texts(const std::vector<std::string>& texts) override {
    if (!text_) throw Error(ErrorKind::plugin, "the text encoder of '" + name_ + "' was released");
    at::NoGradGuard no_grad;
    std::vector<std::vector<std::int64_t>> ids;
    for (const std::string& text : texts) ids.push_back(tokenizer_->encode(text, shape_.context, name_));
    return (*text_)(clip::token_rows(ids, shape_.context).to(device_));
  }

  void release_text_encoder() override { text_.reset(); }

  void* extension(std::string_view id) override {
    return id == Features::kId ? static_cast<Features*>(this) : nullptr;
  }
  std::vector<at::Tensor> features(const at::Tensor& images) override { return image_->features(images); }

 private:
  static std::filesystem::path find_tokenizer(Host& host, const std::string& setting, const Weights& weights,
                                              const std::string& name) {
    if (!setting.empty()) return host.resolve_asset(setting);
    const std::filesystem::path folder = std::filesystem::path(weights.origin()).parent_path();
    std::string tried;
    for (const char* file : {"spiece.model", "tokenizer.model", "sentencepiece.model"}) {
      std::error_code ignored;
      if (std::filesystem::is_regular_file(folder / file, ignored)) return folder / file;
      tried += (tried.empty() ? "'" : ", '") + (folder / file).string() + "'";
    }
    throw Error(
        ErrorKind::file, "the tokenizer of '" + name + "' is missing; tried " + tried,
        "put spiece.model (SigLIP) or tokenizer.model (SigLIP 2), which is published with the weights, "
        "beside them, or name it with siglip_tokenizer");
  }

  std::string name_;
  at::Device device_;
  siglip::Shape shape_{};
  std::unique_ptr<siglip::SentenceTokenizer> tokenizer_;
  std::unique_ptr<clip::VisionTower> image_;
  std::unique_ptr<siglip::TextTower> text_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Siglip, Perceptor, "siglip", "1.0", "SigLIP and SigLIP 2 image and text encoders",
                      kParams);
REVERIE_EXPORT_TEXT_CHECK(Siglip);

}  // namespace reverie
