// What acts at every step besides the image model and the perceptors: cutouts, losses and the optimiser.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "plugins/checked.h"
#include "reverie/cutout_method.h"
#include "reverie/loss.h"
#include "reverie/optimiser.h"

namespace reverie {
namespace {

class CheckedLoss final : public Loss {
 public:
  CheckedLoss(std::shared_ptr<Loss> loss, Boundary boundary)
      : boundary_(std::move(boundary)), loss_(std::move(loss)) {}

  Traits traits() const override {
    return boundary_.call("traits()", [&] { return loss_->traits(); });
  }
  void set_target(const at::Tensor& image) override {
    boundary_.call("set_target()", [&] { loss_->set_target(image); });
  }
  void set_mask(const at::Tensor& mask) override {
    boundary_.call("set_mask()", [&] { loss_->set_mask(mask); });
  }
  at::Tensor evaluate(const Context& context) override {
    at::Tensor value = boundary_.call("evaluate()", [&] { return loss_->evaluate(context); });
    boundary_.check("evaluate()", value, {{}, ""});
    return value;
  }
  std::map<std::string, at::Tensor> state() const override {
    auto result = boundary_.call("state()", [&] { return loss_->state(); });
    boundary_.check_state("state()", result);
    return result;
  }
  void load_state(const std::map<std::string, at::Tensor>& state) override {
    boundary_.call("load_state()", [&] { loss_->load_state(state); });
  }

  void* extension(std::string_view id) override {
    return boundary_.call("extension()", [&] { return loss_->extension(id); });
  }

 private:
  Boundary boundary_;
  std::shared_ptr<Loss> loss_;
};

class CheckedOptimiser final : public Optimiser {
 public:
  CheckedOptimiser(std::shared_ptr<Optimiser> optimiser, Boundary boundary,
                   std::vector<at::Tensor> parameters)
      : boundary_(std::move(boundary)), optimiser_(std::move(optimiser)), parameters_(std::move(parameters)) {
    for (const at::Tensor& parameter : parameters_) sizes_.push_back(parameter.sizes().vec());
  }

  void step(double learning_rate) override {
    constexpr const char* kMethod = "step()";
    const at::NoGradGuard no_grad;
    boundary_.call(kMethod, [&] { optimiser_->step(learning_rate); });
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      const std::string what = "parameter " + std::to_string(i);
      boundary_.check_form(kMethod, parameters_[i], {sizes_[i], ""}, what.c_str());
      if (!parameters_[i].is_leaf() || !parameters_[i].requires_grad())
        boundary_.broken(kMethod, what + ": no leaf that takes gradients", "parameters changed in place");
      if (!all_finite(parameters_[i]))
        boundary_.broken(kMethod, what + " with values that are not numbers (NaN) or infinite",
                         "finite numbers for finite gradients", "lower learning_rate");
    }
  }
  std::map<std::string, at::Tensor> state() const override {
    auto result = boundary_.call("state()", [&] { return optimiser_->state(); });
    boundary_.check_state("state()", result);
    return result;
  }
  void load_state(const std::map<std::string, at::Tensor>& state) override {
    boundary_.call("load_state()", [&] { optimiser_->load_state(state); });
  }

  void* extension(std::string_view id) override {
    return boundary_.call("extension()", [&] { return optimiser_->extension(id); });
  }

 private:
  Boundary boundary_;
  std::shared_ptr<Optimiser> optimiser_;
  std::vector<at::Tensor> parameters_;
  std::vector<std::vector<std::int64_t>> sizes_;
};

class CheckedCutouts final : public CutoutMethod {
 public:
  CheckedCutouts(std::shared_ptr<CutoutMethod> method, Boundary boundary)
      : boundary_(std::move(boundary)), method_(std::move(method)) {}

  Batch take(const at::Tensor& image, std::int64_t count, std::int64_t side) override {
    Batch batch = boundary_.call("take()", [&] { return method_->take(image, count, side); });
    boundary_.check("take()", batch.images, {{count, 3, side, side}, "NCHW"}, "images");
    boundary_.check_gradient("take()", batch.images, image.requires_grad());
    if (std::ssize(batch.places) != count)
      boundary_.broken("take()", std::to_string(batch.places.size()) + " places",
                       "a place for each of " + std::to_string(count) + " cutouts");
    for (const CutoutPlace& place : batch.places) {
      for (const double number : {place.x, place.y, place.width, place.height})
        boundary_.check_number("take()", number, "a place");
      if (!(place.width > 0 && place.height > 0))
        boundary_.broken("take()", "a rectangle without an area", "width and height above 0");
    }
    return batch;
  }

  void* extension(std::string_view id) override {
    return boundary_.call("extension()", [&] { return method_->extension(id); });
  }

 private:
  Boundary boundary_;
  std::shared_ptr<CutoutMethod> method_;
};

}  // namespace

std::shared_ptr<CutoutMethod> checked(std::shared_ptr<CutoutMethod> method, Boundary boundary, const void*) {
  return std::make_shared<CheckedCutouts>(std::move(method), boundary.with_header("cutout_method.h"));
}

std::shared_ptr<Loss> checked(std::shared_ptr<Loss> loss, Boundary boundary, const void*) {
  return std::make_shared<CheckedLoss>(std::move(loss), boundary.with_header("loss.h"));
}

std::shared_ptr<Optimiser> checked(std::shared_ptr<Optimiser> optimiser, Boundary boundary,
                                   const void* setup) {
  return std::make_shared<CheckedOptimiser>(std::move(optimiser), boundary.with_header("optimiser.h"),
                                            static_cast<const Optimiser::Setup*>(setup)->parameters);
}

}  // namespace reverie
