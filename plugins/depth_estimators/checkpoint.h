#pragma once
// A network's tensors in a published checkpoint, each with the shape that its place in the network implies.

#include <ATen/ATen.h>

#include <algorithm>
#include <string>

#include "reverie/network_tensor.h"
#include "reverie/weights.h"

namespace reverie::depth_estimators {

class Checkpoint {
 public:
  /// `network` is what messages call the network, `marker` a tensor that only it has. The prefix of the
  /// marker in the file is that of all names: checkpoints wrap networks in "model.", "module." and more.
  /// `advice` says where the right file comes from. Throws Error(model) when there is no marker.
  Checkpoint(const Weights& weights, std::string network, const std::string& marker, std::string advice)
      : weights_(weights), network_(std::move(network)), advice_(std::move(advice)) {
    for (const std::string& name : weights.names()) {
      if (!name.ends_with(marker)) continue;
      prefix_ = name.substr(0, name.size() - marker.size());
      if (prefix_.empty() || prefix_.back() == '.') return;
    }
    throw Error(ErrorKind::model,
                "'" + weights.origin() + "' holds no " + network_ + ": it has no tensor '" + marker + "'",
                advice_);
  }

  /// Where it came from, for messages.
  std::string origin() const { return weights_.origin(); }

  bool contains(const std::string& name) const { return weights_.contains(prefix_ + name); }

  /// In the file's dtype. Of a side given as -1, any positive number will do. Throws Error(model).
  at::Tensor tensor(const std::string& name, at::IntArrayRef shape) const {
    if (!contains(name))
      throw Error(ErrorKind::model,
                  "'" + weights_.origin() + "': the " + network_ + " in it has no tensor '" + name + "'",
                  advice_);
    const at::Tensor tensor = network_tensor(weights_, prefix_ + name);
    const bool fits = tensor.dim() == std::int64_t(shape.size()) &&
                      std::equal(shape.begin(), shape.end(), tensor.sizes().begin(),
                                 [](std::int64_t wanted, std::int64_t side) {
                                   return wanted == -1 ? side > 0 : wanted == side;
                                 });
    if (!fits)
      throw Error(ErrorKind::model,
                  "'" + weights_.origin() + "': tensor '" + prefix_ + name + "' has the shape " +
                      words(tensor.sizes()) + " instead of " + words(shape),
                  advice_);
    return tensor;
  }

 private:
  static std::string words(at::IntArrayRef shape) {
    std::string text;
    for (const std::int64_t side : shape)
      text += (text.empty() ? "" : ", ") + (side == -1 ? "any" : std::to_string(side));
    return "[" + text + "]";
  }

  const Weights& weights_;
  std::string network_, advice_, prefix_;
};

/// Colours 0..1 of [N, 3, H, W] as networks that began with ImageNet's pictures expect them: with mean 0 and
/// deviation 1 in each channel.
inline at::Tensor normalised_as_imagenet(const at::Tensor& pictures) {
  const auto channels = [&](std::initializer_list<double> values) {
    return at::tensor(at::ArrayRef<double>(values), pictures.options()).view({1, 3, 1, 1});
  };
  return (pictures - channels({0.485, 0.456, 0.406})) / channels({0.229, 0.224, 0.225});
}

}  // namespace reverie::depth_estimators
