#include <ATen/ATen.h>

#include <optional>

#include "plugins/checked.h"
#include "reverie/features.h"
#include "reverie/perceptor.h"

namespace reverie {
namespace {

class CheckedFamiliarity final : public Familiarity {
 public:
  CheckedFamiliarity(const Boundary& boundary, Familiarity& part) : boundary_(boundary), part_(part) {}

  double familiarity(const std::string& text) override {
    const double value = boundary_.call("familiarity()", [&] { return part_.familiarity(text); });
    if (!(value >= 0 && value <= 1)) boundary_.broken("familiarity()", std::to_string(value), "0..1");
    return value;
  }

 private:
  const Boundary& boundary_;
  Familiarity& part_;
};

class CheckedFeatures final : public Features {
 public:
  CheckedFeatures(const Boundary& boundary, Features& part) : boundary_(boundary), part_(part) {}

  std::vector<at::Tensor> features(const at::Tensor& images) override {
    auto result = boundary_.call("features()", [&] { return part_.features(images); });
    if (result.empty()) boundary_.broken("features()", "nothing", "features at one depth at least");
    for (const at::Tensor& features : result) {
      boundary_.check("features()", features, {{images.size(0), -1, -1, -1}, "NCHW"});
      boundary_.check_gradient("features()", features, images.requires_grad());
    }
    return result;
  }

 private:
  const Boundary& boundary_;
  Features& part_;
};

class CheckedPerceptor final : public Perceptor {
 public:
  CheckedPerceptor(std::shared_ptr<Perceptor> perceptor, Boundary boundary)
      : boundary_(std::move(boundary)),
        perceptor_(std::move(perceptor)),
        input_size_(size("input_size()", &Perceptor::input_size)),
        embedding_size_(size("embedding_size()", &Perceptor::embedding_size)) {}

  // Asked once: they never change.
  std::int64_t input_size() const override { return input_size_; }
  std::int64_t embedding_size() const override { return embedding_size_; }

  at::Tensor embed_images(const at::Tensor& images) override {
    at::Tensor rows = boundary_.call("embed_images()", [&] { return perceptor_->embed_images(images); });
    boundary_.check("embed_images()", rows, {{images.size(0), embedding_size_}, "NE"});
    boundary_.check_gradient("embed_images()", rows, images.requires_grad());
    return rows;
  }
  at::Tensor embed_texts(const std::vector<std::string>& texts) override {
    at::Tensor rows = boundary_.call("embed_texts()", [&] { return perceptor_->embed_texts(texts); });
    boundary_.check("embed_texts()", rows,
                    {{static_cast<std::int64_t>(texts.size()), embedding_size_}, "NE"});
    return rows;
  }
  void release_text_encoder() override {
    boundary_.call("release_text_encoder()", [&] { perceptor_->release_text_encoder(); });
  }

  void* extension(std::string_view id) override {
    void* part = boundary_.call("extension()", [&] { return perceptor_->extension(id); });
    if (part && id == Familiarity::kId) {
      familiarity_.emplace(boundary_, *static_cast<Familiarity*>(part));
      return static_cast<Familiarity*>(&*familiarity_);
    }
    if (part && id == Features::kId) {
      features_.emplace(boundary_, *static_cast<Features*>(part));
      return static_cast<Features*>(&*features_);
    }
    return part;
  }

 private:
  std::int64_t size(const char* method, std::int64_t (Perceptor::*ask)() const) const {
    const std::int64_t value = boundary_.call(method, [&] { return ((*perceptor_).*ask)(); });
    constexpr std::int64_t kMost = 65536;
    if (value < 1 || value > kMost)
      boundary_.broken(method, std::to_string(value), "a size from 1 to " + std::to_string(kMost));
    return value;
  }

  Boundary boundary_;
  std::shared_ptr<Perceptor> perceptor_;
  std::int64_t input_size_, embedding_size_;
  std::optional<CheckedFamiliarity> familiarity_;
  std::optional<CheckedFeatures> features_;
};

}  // namespace

std::shared_ptr<Perceptor> checked(std::shared_ptr<Perceptor> perceptor, Boundary boundary,
                                   const void* setup) {
  const std::string& weights = static_cast<const Perceptor::Setup*>(setup)->name;
  return std::make_shared<CheckedPerceptor>(
      std::move(perceptor),
      boundary.with_header("perceptor.h").with_name(boundary.plugin() + " with " + weights));
}

}  // namespace reverie
