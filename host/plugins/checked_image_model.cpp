#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "plugins/checked.h"
#include "reverie/image_model.h"
#include "reverie/resizable.h"

namespace reverie {
namespace {

class CheckedImageModel final : public ImageModel, public Resizable {
 public:
  CheckedImageModel(std::shared_ptr<ImageModel> model, Boundary boundary)
      : boundary_(std::move(boundary)), model_(std::move(model)) {}

  void randomise() override {
    boundary_.call("randomise()", [&] { model_->randomise(); });
  }
  void encode(const at::Tensor& image) override {
    boundary_.check_argument("encode()", image, Boundary::image());
    boundary_.call("encode()", [&] { model_->encode(image); });
  }
  void encode_next(const at::Tensor& image) override {
    boundary_.check_argument("encode_next()", image, Boundary::image());
    boundary_.call("encode_next()", [&] { model_->encode_next(image); });
  }

  std::vector<at::Tensor> parameters() override {
    constexpr const char* kMethod = "parameters()";
    auto result = boundary_.call(kMethod, [&] { return model_->parameters(); });
    const std::string promised = "leaf tensors, float32 on " + boundary_.device().str() + ", requires_grad";
    if (result.empty()) boundary_.broken(kMethod, "none", promised);
    for (const at::Tensor& tensor : result) {
      if (!tensor.defined() || tensor.scalar_type() != c10::kFloat || tensor.device() != boundary_.device())
        boundary_.broken(kMethod, description(tensor), promised);
      if (!tensor.is_leaf() || !tensor.requires_grad())
        boundary_.broken(kMethod,
                         description(tensor) + (tensor.requires_grad()
                                                    ? ", which is not a leaf: it was computed from others"
                                                    : ", which requires no gradient"),
                         promised);
    }
    return result;
  }

  double learning_rate() const override {
    const double rate = boundary_.call("learning_rate()", [&] { return model_->learning_rate(); });
    boundary_.check_number("learning_rate()", rate, "");
    if (rate <= 0) boundary_.broken("learning_rate()", std::to_string(rate), "a learning rate above 0");
    return rate;
  }

  at::Tensor decode() override {
    at::Tensor picture = boundary_.call("decode()", [&] { return model_->decode(); });
    check_picture("decode()", picture);
    boundary_.check_gradient("decode()", picture, true);
    return picture;
  }
  at::Tensor decode_final() override {
    at::Tensor picture = boundary_.call("decode_final()", [&] { return model_->decode_final(); });
    check_picture("decode_final()", picture);
    return picture;
  }

  std::vector<Regulariser> regularisers() override {
    auto result = boundary_.call("regularisers()", [&] { return model_->regularisers(); });
    for (const auto& [name, value] : result) boundary_.check("regularisers()", value, {{}, ""}, name.c_str());
    return result;
  }
  void after_step() override {
    boundary_.call("after_step()", [&] { model_->after_step(); });
  }

  std::optional<at::Tensor> canvas() const override {
    auto result = boundary_.call("canvas()", [&] { return model_->canvas(); });
    if (!result) return result;
    boundary_.check("canvas()", *result, {{1, -1, -1, -1}, "NChw"});
    canvas_sizes_ = result->sizes().vec();
    return result;
  }
  void set_canvas(const at::Tensor& canvas) override {
    // Nobody need have asked before.
    if (canvas_sizes_.empty() && !this->canvas()) boundary_.refuse("set_canvas()", "has no canvas");
    boundary_.check_argument("set_canvas()", canvas, {canvas_sizes_, "NChw"});
    boundary_.call("set_canvas()", [&] { model_->set_canvas(canvas); });
  }

  std::optional<at::Tensor> latent() override {
    auto result = boundary_.call("latent()", [&] { return model_->latent(); });
    check_latent("latent()", result);
    return result;
  }
  std::optional<at::Tensor> encode_latent(const at::Tensor& image) override {
    auto result = boundary_.call("encode_latent()", [&] { return model_->encode_latent(image); });
    check_latent("encode_latent()", result);
    return result;
  }
  double latent_strength() const override {
    const double strength = boundary_.call("latent_strength()", [&] { return model_->latent_strength(); });
    boundary_.check_number("latent_strength()", strength, "");
    return strength;
  }

  std::optional<at::Tensor> palette_picture() const override {
    auto result = boundary_.call("palette_picture()", [&] { return model_->palette_picture(); });
    if (result) boundary_.check("palette_picture()", *result, Boundary::image());
    return result;
  }

  std::map<std::string, at::Tensor> state() const override {
    auto result = boundary_.call("state()", [&] { return model_->state(); });
    boundary_.check_state("state()", result);
    return result;
  }
  void load_state(const std::map<std::string, at::Tensor>& state) override {
    boundary_.call("load_state()", [&] { model_->load_state(state); });
  }

  void* extension(std::string_view id) override {
    void* part = boundary_.call("extension()", [&] { return model_->extension(id); });
    if (!part || id != Resizable::kId) return part;
    resizable_ = static_cast<Resizable*>(part);
    return static_cast<Resizable*>(this);
  }

  void resize(const Setup& size) override {
    boundary_.call("resize()", [&] { resizable_->resize(size); });
    size_.reset();
    latent_sizes_.clear();
    canvas_sizes_.clear();
  }

 private:
  void check_picture(const char* method, const at::Tensor& picture) {
    if (!size_) {
      boundary_.check_form(method, picture, Boundary::image());
      size_ = {picture.size(3), picture.size(2)};
    }
    boundary_.check_form(method, picture, Boundary::image(*size_));
    if (all_finite(picture)) return;
    // A learning rate or weight that is too high leads here as well, by way of the parameters.
    const at::NoGradGuard no_grad;
    for (const at::Tensor& parameter : parameters())
      if (!all_finite(parameter))
        throw PluginFault(ErrorKind::model,
                          failure_of(boundary_.plugin(), "", "its parameters are no longer finite numbers"),
                          "lower learning_rate or the prompts' weights");
    boundary_.check(method, picture, Boundary::image(*size_));
  }

  void check_latent(const char* method, const std::optional<at::Tensor>& latent) {
    if (!latent) return;
    if (latent_sizes_.empty()) {
      if (!latent->defined()) boundary_.broken(method, description(*latent), "a tensor, or nothing");
      latent_sizes_ = latent->sizes().vec();
    }
    boundary_.check(method, *latent, {latent_sizes_, ""});
  }

  Boundary boundary_;
  std::shared_ptr<ImageModel> model_;
  Resizable* resizable_ = nullptr;  // the model's own, once somebody has asked for it
  std::optional<ImageSize> size_;   // of all pictures, from the first on or since resize()
  std::vector<std::int64_t> latent_sizes_;
  mutable std::vector<std::int64_t> canvas_sizes_;
};

}  // namespace

std::shared_ptr<ImageModel> checked(std::shared_ptr<ImageModel> model, Boundary boundary, const void*) {
  return std::make_shared<CheckedImageModel>(std::move(model), boundary.with_header("image_model.h"));
}

}  // namespace reverie
