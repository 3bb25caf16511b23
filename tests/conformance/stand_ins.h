#pragma once
// What animation modes and losses work with in the suite: the plainest estimators, video and perceptor there
// can be.

#include <ATen/ATen.h>

#include "reverie/depth_estimator.h"
#include "reverie/features.h"
#include "reverie/flow_estimator.h"
#include "reverie/frame_source.h"
#include "reverie/perceptor.h"

namespace reverie::test {

/// Places a picture by the colours of its quarters; texts anywhere. Its features are the pixels and these.
struct ColoursOfQuarters final : Perceptor, Features {
  std::int64_t input_size() const override { return 16; }
  std::int64_t embedding_size() const override { return 12; }
  at::Tensor embed_images(const at::Tensor& images) override {
    return at::adaptive_avg_pool2d(images, {2, 2}).flatten(1);
  }
  at::Tensor embed_texts(const std::vector<std::string>& texts) override {
    return at::ones({static_cast<std::int64_t>(texts.size()), embedding_size()});
  }
  void* extension(std::string_view id) override {
    return id == Features::kId ? static_cast<Features*>(this) : nullptr;
  }
  std::vector<at::Tensor> features(const at::Tensor& images) override {
    return {images, at::avg_pool2d(images, 2)};
  }
};

/// Every pixel is equally far.
struct PlaneDepth final : DepthEstimator {
  at::Tensor estimate(const at::Tensor& image) override {
    return at::ones({1, 1, image.size(2), image.size(3)}, image.options());
  }
  bool differentiable() const override { return false; }
};

/// Nothing ever moved.
struct NoFlow final : FlowEstimator {
  at::Tensor estimate(const at::Tensor& from, const at::Tensor& to) override {
    return from.sub(to).narrow(1, 0, 2).mul(0);
  }
  bool differentiable() const override { return true; }
};

/// Three frames of orange.
struct OrangeVideo final : FrameSource {
  Info info() const override { return {{48, 32}, 12, 3}; }
  std::optional<at::Tensor> read(std::int64_t index) override {
    if (index < 0 || index >= 3) return std::nullopt;
    at::Tensor image = at::zeros({1, 3, 32, 48});
    image.select(1, 0).fill_(0.9);
    image.select(1, 1).fill_(0.5);
    return image;
  }
};

}  // namespace reverie::test
