#pragma once
// A perceptor whose features and embeddings are known in closed form, and losses that look through it.

#include <ATen/ATen.h>

#include "losses/loss_under_test.h"
#include "losses/picture_model.h"
#include "reverie/features.h"
#include "reverie/uses_perceptors.h"

namespace reverie::test {

/// Features are the pixels, and their means over squares of two; the embedding are the colours of quarters.
class PixelSense final : public Perceptor, public Features {
 public:
  explicit PixelSense(std::int64_t side, std::int64_t channels = 3) : side_(side), channels_(channels) {}

  std::int64_t input_size() const override { return side_; }
  std::int64_t embedding_size() const override { return 12; }
  at::Tensor embed_images(const at::Tensor& images) override {
    return at::adaptive_avg_pool2d(images, {2, 2}).flatten(1);
  }
  at::Tensor embed_texts(const std::vector<std::string>&) override { return {}; }
  void* extension(std::string_view id) override {
    return id == Features::kId && channels_ > 0 ? static_cast<Features*>(this) : nullptr;
  }
  std::vector<at::Tensor> features(const at::Tensor& images) override {
    const at::Tensor seen = images.narrow(1, 0, channels_);
    return {seen, at::avg_pool2d(seen, 2)};
  }

 private:
  std::int64_t side_, channels_;  // 0 channels: it has no features
};

inline std::shared_ptr<Loss> looking_through(Perceptor& perceptor, const std::string& name,
                                             const std::map<std::string, std::string>& params = {}) {
  const auto loss = make_loss(name, {8, 8}, params);
  auto* part = extension_of<UsesPerceptors>(*loss);
  if (!part) throw std::runtime_error(name + " looks through no perceptor");
  part->set_perceptors({{"pixels", &perceptor}});
  return loss;
}

}  // namespace reverie::test
