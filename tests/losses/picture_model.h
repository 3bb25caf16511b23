#pragma once
// An image model for losses that ask one: its latent is the picture's mean over squares of four pixels.

#include <ATen/ATen.h>

#include <optional>

#include "reverie/image_model.h"

namespace reverie::test {

struct PictureModel final : ImageModel {
  explicit PictureModel(at::Tensor pixels = {}) : picture(std::move(pixels)) {}

  static at::Tensor mean_of_squares(const at::Tensor& image) { return at::avg_pool2d(image, 4); }

  void randomise() override {}
  void encode(const at::Tensor&) override {}
  std::vector<at::Tensor> parameters() override { return {picture}; }
  double learning_rate() const override { return 1; }
  at::Tensor decode() override { return picture; }
  at::Tensor decode_final() override { return picture.detach(); }
  std::optional<at::Tensor> latent() override {
    if (!picture.defined()) return std::nullopt;
    return mean_of_squares(picture);
  }
  std::optional<at::Tensor> encode_latent(const at::Tensor& image) override {
    ++encoded;
    return mean_of_squares(image);
  }
  std::map<std::string, at::Tensor> state() const override { return {}; }
  void load_state(const std::map<std::string, at::Tensor>&) override {}

  at::Tensor picture;  ///< [1, 3, H, W]; undefined for a model without latent
  int encoded = 0;     ///< how often a target was
};

}  // namespace reverie::test
