/// CLIP: pictures and texts in one space (Radford et al. 2021).
///
/// Understands OpenAI's, open_clip's and transformers' files with OpenAI's networks, vision transformers and
/// modified ResNets, and open_clip's with EVA02's. The vocabulary is OpenAI's unless the file brings its own
/// merges (metadata `clip.merges`). How activation and normalisation are found out: conventions.h.

#include <ATen/ATen.h>

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <set>

#include "conventions.h"
#include "inference_tower.h"
#include "length_check.h"
#include "reverie/features.h"
#include "reverie/network_tensor.h"
#include "reverie/perceptor.h"
#include "reverie/plugin.h"
#include "vocabulary.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    choice("clip_activation", "auto", "auto|quick_gelu|gelu")
        .help("activation of CLIP models whose files state it wrongly; auto: as the file says or "
              "suggests"),
    choice("clip_normalisation", "auto", "auto|openai|half")
        .help("mean and deviation that CLIP models expect of pictures; half: 0.5 for every channel"),
};

class Clip final : public Perceptor, public Features {
 public:
  /// Relatives of CLIP are accepted too, for the sake of a message that says why they cannot be used.
  static bool accepts(const Weights& weights) { return clip::recognise(weights) != clip::Naming::none; }

  Clip(Host& host, const Params& params, const Setup& setup) : name_(setup.name), device_(host.device()) {
    if (!setup.weights)
      throw Error(ErrorKind::settings, "the perceptor 'clip' needs weights",
                  "name a model or a weights file in the setting 'perceptors'");
    const std::unique_ptr<const Weights> weights = clip::with_openai_names(*setup.weights);
    shape_ = clip::infer_shape(*weights);
    tokenizer_ = make_tokenizer(host, *weights, shape_, name_);
    const clip::Activation activation = choose_activation(host, params, *setup.weights);
    const clip::Normalisation normal = choose_normalisation(host, params, *setup.weights);
    std::set<std::string> used;
    const clip::TensorSource get = [&](const std::string& tensor) {
      used.insert(tensor);
      return network_tensor(*weights, tensor).to(device_, at::kFloat);
    };
    vision_ = clip::make_inference_tower(shape_, get, activation, normal, device_, host.precision());
    text_ = std::make_unique<clip::TextTower>(shape_, get, activation);
    refuse_unknown_parts(*weights, used);
  }

  static std::unique_ptr<TextCheck> text_check(Host& host, const Params&, const Setup& setup) {
    if (!setup.weights) return nullptr;
    const std::unique_ptr<const Weights> weights = clip::with_openai_names(*setup.weights);
    const clip::Shape shape = clip::infer_shape(*weights);
    return std::make_unique<clip::LengthCheck>(make_tokenizer(host, *weights, shape, setup.name),
                                               shape.context, setup.name);
  }

  std::int64_t input_size() const override { return shape_.image_size; }
  std::int64_t embedding_size() const override { return shape_.embedding; }

  at::Tensor embed_images(const at::Tensor& images) override { return (*vision_)(images); }

  at::Tensor embed_texts(const std::vector<std::string>& texts) override {
    if (!text_) throw Error(ErrorKind::plugin, "the text encoder of '" + name_ + "' was released");
    at::NoGradGuard no_grad;
    std::vector<std::vector<std::int64_t>> ids;
    for (const std::string& text : texts)
      ids.push_back(tokenizer_->encode_within(shape_.context, text, name_));
    return (*text_)(clip::token_rows(ids, shape_.context).to(device_)).to(at::kFloat);
  }

  void release_text_encoder() override { text_.reset(); }

  void* extension(std::string_view id) override {
    // A transformer's last block has none, see VisionTower::features().
    const bool resnet = !shape_.vision_transformer && !shape_.eva,
               some = resnet || shape_.vision_layers[0] > 1;
    return id == Features::kId && some ? static_cast<Features*>(this) : nullptr;
  }
  std::vector<at::Tensor> features(const at::Tensor& images) override { return vision_->features(images); }

 private:
  static std::unique_ptr<clip::Tokenizer> make_tokenizer(Host& host, const Weights& weights,
                                                         const clip::Shape& shape, const std::string& name) {
    const auto merges = weights.metadata().find("clip.merges");
    auto tokenizer = std::make_unique<clip::Tokenizer>(
        merges != weights.metadata().end() ? merges->second
                                           : clip::read_openai_merges(find_vocabulary(host, name)));
    if (tokenizer->vocabulary() != shape.vocabulary)
      throw Error(ErrorKind::model, "'" + weights.origin() + "': the vocabulary has " +
                                        std::to_string(tokenizer->vocabulary()) + " tokens, the network " +
                                        std::to_string(shape.vocabulary));
    return tokenizer;
  }

  static std::filesystem::path find_vocabulary(Host& host, const std::string& name) {
    try {
      return host.resolve_asset(clip::kVocabularyAsset);
    } catch (const Error& error) {
      throw Error(error.kind(), "the vocabulary of '" + name + "' is missing: " + error.what(),
                  "reverie models fetch clip-vocabulary downloads it (1.3 MB)");
    }
  }

  clip::Activation choose_activation(Host& host, const Params& params, const Weights& weights) const {
    const auto setting = params.get<std::string>("clip_activation");
    if (setting != "auto") return setting == "gelu" ? clip::Activation::gelu : clip::Activation::quick_gelu;
    const auto found = clip::find_activation(weights);
    if (found.assumed)
      host.log(LogLevel::info, name_ + ": the activation is taken to be " +
                                   (found.value == clip::Activation::gelu ? "gelu" : "quick_gelu") +
                                   ", because " + found.reason + "; set clip_activation if that is wrong");
    return found.value;
  }

  clip::Normalisation choose_normalisation(Host& host, const Params& params, const Weights& weights) const {
    const auto setting = params.get<std::string>("clip_normalisation");
    if (setting != "auto") return setting == "half" ? clip::kHalfNormalisation : clip::kOpenaiNormalisation;
    const auto found = clip::find_normalisation(weights);
    if (found.assumed && found.value.mean != clip::kOpenaiNormalisation.mean)
      host.log(LogLevel::info, name_ + ": pictures are normalised with mean and deviation 0.5, because " +
                                   found.reason + "; set clip_normalisation if that is wrong");
    return found.value;
  }

  /// A network with further parts would compute something else than this one does without them.
  static void refuse_unknown_parts(const Weights& weights, const std::set<std::string>& used) {
    const auto matters = [](const std::string& name) {
      const std::string last = name.substr(name.rfind('.') + 1);
      if (last == "num_batches_tracked" || last == "attn_mask" || last == "position_ids") return false;
      if (name.rfind("visual.trunk.rope.", 0) == 0) return false;  // computed, not trained
      const auto roots = {"visual", "transformer.", "vision_model.", "text_model.", "text_projection"};
      return std::any_of(roots.begin(), roots.end(),
                         [&](const char* root) { return name.rfind(root, 0) == 0; });
    };
    std::vector<std::string> unknown;
    for (const std::string& name : weights.names())
      if (matters(name) && used.count(name) == 0) unknown.push_back(name);
    if (unknown.empty()) return;
    throw Error(ErrorKind::unsupported, "'" + weights.origin() + "' holds " + std::to_string(unknown.size()) +
                                            (unknown.size() == 1 ? " tensor" : " tensors") +
                                            " that CLIP's networks have no place for, such as '" +
                                            unknown.front() + "': its network is another one");
  }

  std::string name_;
  at::Device device_;
  clip::Shape shape_;
  std::unique_ptr<clip::Tokenizer> tokenizer_;
  std::unique_ptr<clip::VisionTower> vision_;
  std::unique_ptr<clip::TextTower> text_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Clip, Perceptor, "clip", "1.1", "CLIP image and text encoders, ViT and ResNet",
                      kParams);
REVERIE_EXPORT_TEXT_CHECK(Clip);

}  // namespace reverie
