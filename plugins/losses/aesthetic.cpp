/// Aesthetic: what a published head says of how much people like the picture.
///
/// A head is a small network over CLIP's embedding of a picture, brought to unit length, which was trained on
/// ratings of 1 to 10. Two layouts of LAION's are understood: one linear layer, `weight` and `bias`
/// (LAION-AI/aesthetic-predictor, sa_0_4_vit_b_32_linear.pth and its like), and several, `layers.N.weight`
/// and `layers.N.bias`, one behind the other in the order of N (christophschuhmann/
/// improved-aesthetic-predictor, sac+logos+ava1-l14-linearMSE.pth, which has nothing between them). Such
/// files hold tensors; nothing in them is executed. The value is 1 - rating / 10.

#include <ATen/ATen.h>

#include <charconv>
#include <map>

#include "reverie/loss.h"
#include "reverie/network_tensor.h"
#include "reverie/plugin.h"
#include "windows.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    text("aesthetic_weights", "sac+logos+ava1-l14-linearMSE.pth")
        .names_weights()
        .help("the file of the head"),
    text("aesthetic_perceptor", "")
        .help("the one of 'perceptors' that the head was trained with; empty: the first whose embeddings are "
              "as long as the head takes"),
    choice("aesthetic_activation", "none", "none|relu").help("between the layers of a head that has several"),
};

struct Layer {
  at::Tensor weight, bias;  // [out, in], [out]
};

class Aesthetic final : public Loss, public UsesPerceptors {
 public:
  Aesthetic(Host& host, const Params& params, const Setup&)
      : name_(params.get<std::string>("aesthetic_perceptor")),
        relu_(params.get<std::string>("aesthetic_activation") == "relu") {
    read(*host.load_weights(params.get<std::string>("aesthetic_weights")), host.device());
  }

  void* extension(std::string_view id) override {
    return id == UsesPerceptors::kId ? static_cast<UsesPerceptors*>(this) : nullptr;
  }
  void set_perceptors(const std::vector<Named>& perceptors) override {
    const std::int64_t length = layers_.front().weight.size(1);
    perceptor_ = &choose_perceptor(
        perceptors, "aesthetic_perceptor", name_,
        "embeddings of " + std::to_string(length) + " numbers, which the head of 'aesthetic_weights' takes",
        [&](Perceptor& each) { return each.embedding_size() == length; });
  }

  at::Tensor evaluate(const Context& context) override {
    if (!perceptor_) throw Error(ErrorKind::plugin, "it was given no perceptor");
    at::Tensor x = perceptor_->embed_images(windows_of(context.image, perceptor_->input_size(), 1));
    x = x / x.norm(2, 1, true).clamp_min(1e-12);
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      if (i > 0 && relu_) x = at::relu(x);
      x = at::linear(x, layers_[i].weight, layers_[i].bias);
    }
    return 1 - x.mean() / 10;
  }

 private:
  void read(const Weights& weights, const at::Device& device) {
    std::map<std::int64_t, std::string> names;  // of layers, by their number
    for (const std::string& name : weights.names()) {
      const std::string begin = "layers.", end = ".weight";
      if (name == "weight") names[0] = "";
      if (name.size() <= begin.size() + end.size() || !name.starts_with(begin) || !name.ends_with(end))
        continue;
      std::int64_t number = -1;
      const char *from = name.data() + begin.size(), *to = name.data() + name.size() - end.size();
      if (std::from_chars(from, to, number).ptr == to)
        names[number] = name.substr(0, name.size() - end.size()) + ".";
    }
    for (const auto& [number, prefix] : names) {
      const auto get = [&, &prefix = prefix](const char* part) {
        return network_tensor(weights, prefix + part).to(device, at::kFloat).contiguous();
      };
      layers_.push_back({get("weight"), get("bias")});
      const Layer& layer = layers_.back();
      const bool fits =
          layer.weight.dim() == 2 && layer.bias.dim() == 1 && layer.bias.size(0) == layer.weight.size(0) &&
          (layers_.size() == 1 || layer.weight.size(1) == layers_[layers_.size() - 2].bias.size(0));
      if (!fits)
        throw Error(ErrorKind::model, "'" + weights.origin() + "': '" + prefix +
                                          "weight' does not fit its bias, or the layer before it");
    }
    if (layers_.empty() || layers_.back().bias.size(0) != 1)
      throw Error(ErrorKind::model,
                  "'" + weights.origin() +
                      "' is no head that gives one rating: it needs 'weight' and 'bias', or "
                      "'layers.0.weight' and so on, the last with one output",
                  "name a file of LAION's aesthetic predictors");
  }

  std::string name_;
  bool relu_;
  std::vector<Layer> layers_;
  Perceptor* perceptor_ = nullptr;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(Aesthetic, Loss, "aesthetic", "1.0",
                      "how much people like such pictures, by a head over CLIP's embedding", kParams);

}  // namespace reverie
