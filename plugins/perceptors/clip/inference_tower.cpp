#include "inference_tower.h"

#include <ATen/ATen.h>

#include "fused_vision_transformer.h"
#include "modified_resnet.h"

namespace reverie::clip {
namespace {

/// Pictures in, embeddings out, around a tower made of LibTorch's operators.
class Framed final : public VisionTower {
 public:
  Framed(std::unique_ptr<VisionTower> tower, const Normalisation& normalisation, at::ScalarType precision)
      : tower_(std::move(tower)), normalisation_(normalisation), precision_(precision) {}
  at::Tensor operator()(const at::Tensor& images) const override {
    return (*tower_)(normalised(images)).to(at::kFloat);
  }
  std::vector<at::Tensor> features(const at::Tensor& images) const override {
    return tower_->features(normalised(images));
  }

 private:
  at::Tensor normalised(const at::Tensor& images) const {
    std::vector<at::Tensor> channels;
    for (std::size_t c = 0; c < 3; ++c) {
      const double scale = 1 / normalisation_.deviation[c];
      const at::Tensor channel = images.select(1, static_cast<std::int64_t>(c));
      channels.push_back(((channel - normalisation_.mean[c]) * scale).to(precision_));
    }
    // Stacked behind the pixels, the channels have the channels-last layout. Asking LibTorch's contiguous()
    // for that layout costs a fifth of a ResNet's whole step.
    return at::stack(channels, -1).permute({0, 3, 1, 2});
  }

  std::unique_ptr<VisionTower> tower_;
  Normalisation normalisation_;
  at::ScalarType precision_;
};

}  // namespace

std::unique_ptr<VisionTower> framed(std::unique_ptr<VisionTower> tower, const Normalisation& normalisation,
                                    at::ScalarType precision) {
  return std::make_unique<Framed>(std::move(tower), normalisation, precision);
}

std::unique_ptr<VisionTower> make_inference_tower(const Shape& shape, const TensorSource& get,
                                                  Activation activation, const Normalisation& normalisation,
                                                  c10::Device device, at::ScalarType precision) {
  const bool supported = precision == at::kFloat || precision == at::kBFloat16;
  if (shape.vision_transformer && device.is_cpu() && supported)
    return std::make_unique<FusedVisionTransformer>(shape, get, activation, normalisation, precision);
  std::unique_ptr<VisionTower> tower;
  if (shape.vision_transformer || shape.eva) {
    const TensorSource rounded = [&](const std::string& name) { return get(name).to(precision); };
    tower = make_vision_tower(shape, rounded, activation);
  } else {
    tower = std::make_unique<ModifiedResNet>(shape, get, /*training=*/false, precision);
  }
  return framed(std::move(tower), normalisation, precision);
}

}  // namespace reverie::clip
