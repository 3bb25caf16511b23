#include "inference_tower.h"

#include <ATen/ATen.h>

#include "fused_vision_transformer.h"
#include "modified_resnet.h"

namespace reverie::clip {
namespace {

/// Pictures in, embeddings out, around a tower made of LibTorch's operators.
class Framed final : public VisionTower {
 public:
  Framed(std::unique_ptr<VisionTower> tower, const Normalisation& normalisation, c10::Device device,
         at::ScalarType precision, at::MemoryFormat layout)
      : tower_(std::move(tower)), precision_(precision), layout_(layout) {
    const auto channels = [&](const std::array<double, 3>& values) {
      return at::tensor({values[0], values[1], values[2]}, at::kFloat).view({1, 3, 1, 1}).to(device);
    };
    mean_ = channels(normalisation.mean);
    deviation_ = channels(normalisation.deviation);
  }
  at::Tensor operator()(const at::Tensor& images) const override {
    const at::Tensor normal = ((images - mean_) / deviation_).to(precision_);
    return (*tower_)(normal.contiguous(layout_)).to(at::kFloat);
  }

 private:
  std::unique_ptr<VisionTower> tower_;
  at::Tensor mean_, deviation_;
  at::ScalarType precision_;
  at::MemoryFormat layout_;
};

}  // namespace

std::unique_ptr<VisionTower> make_inference_tower(const Shape& shape, const TensorSource& get,
                                                  Activation activation, const Normalisation& normalisation,
                                                  c10::Device device, at::ScalarType precision) {
  const bool supported = precision == at::kFloat || precision == at::kBFloat16;
  if (shape.vision_transformer && device.is_cpu() && supported)
    return std::make_unique<FusedVisionTransformer>(shape, get, activation, normalisation, precision);
  if (shape.vision_transformer) {
    const TensorSource rounded = [&](const std::string& name) { return get(name).to(precision); };
    return std::make_unique<Framed>(make_vision_tower(shape, rounded, activation), normalisation, device,
                                    precision, at::MemoryFormat::Contiguous);
  }
  return std::make_unique<Framed>(std::make_unique<ModifiedResNet>(shape, get, /*training=*/false, precision),
                                  normalisation, device, precision, at::MemoryFormat::ChannelsLast);
}

}  // namespace reverie::clip
