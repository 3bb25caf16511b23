#pragma once
// An image model as an animation mode sees it: what the mode gives it is retouched before the model takes it.
// So what a model has to encode is encoded once.

#include "engine/retouch.h"
#include "reverie/animation_mode.h"
#include "reverie/image_model.h"

namespace reverie::engine {

class RetouchedModel final : public ImageModel {
 public:
  /// Both must outlive this.
  RetouchedModel(ImageModel& model, const Retouch& retouch) : model_(model), retouch_(retouch) {}

  /// After the move: retouches what could not be before, the picture of a canvas that does not hold colours.
  void finish(AnimationMode::Move& move);

  void encode(const at::Tensor& image) override;
  void encode_next(const at::Tensor& image) override;
  void set_canvas(const at::Tensor& canvas) override;

  void randomise() override { model_.randomise(); }
  std::vector<at::Tensor> parameters() override { return model_.parameters(); }
  double learning_rate() const override { return model_.learning_rate(); }
  at::Tensor decode() override { return model_.decode(); }
  at::Tensor decode_final() override { return model_.decode_final(); }
  std::vector<Regulariser> regularisers() override { return model_.regularisers(); }
  void after_step() override { model_.after_step(); }
  std::optional<at::Tensor> canvas() const override { return model_.canvas(); }
  std::optional<at::Tensor> latent() override { return model_.latent(); }
  std::optional<at::Tensor> encode_latent(const at::Tensor& image) override {
    return model_.encode_latent(image);
  }
  double latent_strength() const override { return model_.latent_strength(); }
  std::optional<at::Tensor> palette_picture() const override { return model_.palette_picture(); }
  std::map<std::string, at::Tensor> state() const override { return model_.state(); }
  void load_state(const std::map<std::string, at::Tensor>& state) override { model_.load_state(state); }
  void* extension(std::string_view id) override { return model_.extension(id); }

 private:
  bool holds_colours(const at::Tensor& canvas);

  ImageModel& model_;
  const Retouch& retouch_;
  bool unfinished_ = false;
};

}  // namespace reverie::engine
