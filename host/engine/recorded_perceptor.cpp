#include "engine/recorded_perceptor.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include <deque>

namespace reverie::engine {
namespace {

/// One number of cutouts: tensors that stay in their places, and what leads from one to the next.
struct Recorded : torch::CustomClassHolder {
  at::Tensor images, embeddings, d_embeddings, d_images;
  at::Tensor graph;  // of the last way forward, at whose end the way back begins
  std::unique_ptr<Recording> forward, backward;
};
using RecordedPointer = c10::intrusive_ptr<Recorded>;

RecordedPointer record_both(Perceptor& perceptor, const at::Tensor& images, RecordWork& record) {
  const auto result = c10::make_intrusive<Recorded>();
  Recorded& r = *result;
  r.images = images.detach().clone().set_requires_grad(true);
  r.d_images = at::empty_like(r.images);
  r.embeddings = perceptor.embed_images(r.images).detach().clone();
  r.d_embeddings = at::zeros_like(r.embeddings);
  record(
      [&] {
        r.graph = perceptor.embed_images(r.images);
        const at::NoGradGuard no_gradient;
        r.embeddings.copy_(r.graph);
      },
      r.forward);
  r.forward->replay();  // a recording alone computes nothing
  record(
      [&] {
        const auto gradients =
            torch::autograd::grad({r.graph}, {r.images}, {r.d_embeddings}, /*retain_graph=*/true);
        const at::NoGradGuard no_gradient;
        r.d_images.copy_(gradients[0]);
      },
      r.backward);
  return result;
}

struct Replay : torch::autograd::Function<Replay> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& images,
                            const RecordedPointer& recorded) {
    recorded->images.detach().copy_(images);
    recorded->forward->replay();
    context->saved_data["recorded"] = at::IValue::make_capsule(recorded);
    return recorded->embeddings.clone();
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list gradients) {
    const auto recorded =
        c10::static_intrusive_pointer_cast<Recorded>(context->saved_data["recorded"].toCapsule());
    recorded->d_embeddings.copy_(gradients[0]);
    recorded->backward->replay();
    return {recorded->d_images.clone(), at::Tensor()};
  }
};

class RecordedPerceptor final : public Perceptor {
 public:
  RecordedPerceptor(std::shared_ptr<Perceptor> perceptor, std::string name, Host& host, RecordWork& record)
      : perceptor_(std::move(perceptor)), name_(std::move(name)), host_(host), record_(record) {}

  std::int64_t input_size() const override { return perceptor_->input_size(); }
  std::int64_t embedding_size() const override { return perceptor_->embedding_size(); }
  at::Tensor embed_texts(const std::vector<std::string>& texts) override {
    return perceptor_->embed_texts(texts);
  }
  void release_text_encoder() override { perceptor_->release_text_encoder(); }
  void* extension(std::string_view id) override { return perceptor_->extension(id); }

  at::Tensor embed_images(const at::Tensor& images) override {
    if (given_up_ || !images.requires_grad() || !at::GradMode::is_enabled())
      return perceptor_->embed_images(images);
    const RecordedPointer recorded = recording_for(images);
    return recorded ? Replay::apply(images, recorded) : perceptor_->embed_images(images);
  }

 private:
  RecordedPointer recording_for(const at::Tensor& images) {
    for (const RecordedPointer& known : known_)
      if (known->images.sizes() == images.sizes() && known->images.scalar_type() == images.scalar_type())
        return known;
    if (known_.size() == kMostRecordings) known_.pop_front();
    std::string reason = "it gives other numbers than the perceptor";
    try {
      const RecordedPointer made = record_both(*perceptor_, images, record_);
      if (agrees(made, images)) {
        known_.push_back(made);
        return made;
      }
    } catch (const c10::OutOfMemoryError&) {
      known_.clear();
      throw;
    } catch (const c10::Error& error) {
      reason = error.what_without_backtrace();
    } catch (const std::exception& error) {
      reason = error.what();
    }
    given_up_ = true;
    known_.clear();
    host_.log(LogLevel::warning,
              "cuda_graphs: a recording of " + name_ +
                  " cannot be used, so it runs without: " + reason.substr(0, reason.find('\n')));
    return {};
  }

  /// On images that it was not recorded with.
  bool agrees(const RecordedPointer& recorded, const at::Tensor& images) {
    const auto look = [&](const auto& embed) {
      const at::Tensor leaf = (images.detach() * 0.5).flip({3}).contiguous().set_requires_grad(true);
      const at::Tensor embeddings = embed(leaf);
      // A direction that is the same for both, without drawing any number.
      const at::Tensor direction =
          at::arange(embeddings.numel(), embeddings.options()).sin().view_as(embeddings);
      return std::pair(embeddings.detach(), torch::autograd::grad({embeddings}, {leaf}, {direction})[0]);
    };
    const auto [embeddings, gradient] = look([&](const at::Tensor& x) { return Replay::apply(x, recorded); });
    const auto [expected, slope] = look([&](const at::Tensor& x) { return perceptor_->embed_images(x); });
    const auto alike = [](const at::Tensor& a, const at::Tensor& b) {
      return (a - b).norm().item<double>() <= 1e-2 * b.norm().item<double>();
    };
    return alike(embeddings, expected) && alike(gradient, slope);
  }

  std::shared_ptr<Perceptor> perceptor_;
  std::string name_;
  Host& host_;
  RecordWork& record_;
  std::deque<RecordedPointer> known_;
  bool given_up_ = false;
};

}  // namespace

std::shared_ptr<Perceptor> recorded(std::shared_ptr<Perceptor> perceptor, const std::string& name, Host& host,
                                    RecordWork& record) {
  return std::make_shared<RecordedPerceptor>(std::move(perceptor), name, host, record);
}

}  // namespace reverie::engine
