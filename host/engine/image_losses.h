#pragma once
// The losses that look at the picture itself, pixel by pixel or in the image model's latent.

#include <map>
#include <memory>
#include <vector>

#include "engine/ensemble.h"
#include "losses/flow_loss.h"
#include "media/footage.h"
#include "prompts/evaluate.h"
#include "prompts/prompt.h"
#include "reverie/loss.h"

namespace reverie {

class ImageLosses {
 public:
  /// One Loss for each prompt: of the model's latent where that stands for the picture, else of the pixels.
  /// `prompts` and `tools` must outlive this. Throws Error(settings) when a prompt needs a tool that is not
  /// there or has no gradients.
  ImageLosses(const std::vector<DirectPrompt>& prompts, ImageModel& model, ImageSize size, c10::Device device,
              const std::function<Footage(const std::string&)>& open, const AnimationMode::Tools& tools = {});

  /// Until the first move the losses that stabilise motion, but for the flow's, compare with `picture`.
  /// Without it they rest until then.
  void start_from(const at::Tensor& picture);

  /// From now on the losses that stabilise motion compare with what `move` made of the picture `before`, and
  /// those that hold on to the start rest. Throws Error(settings) where the flow has to be estimated with
  /// gradients and there is nothing that could.
  void stabilise(const at::Tensor& before, const AnimationMode::Move& move);

  /// Evaluates weights and stops, and brings moving pictures and masks to `video_frame`.
  void begin_step(const std::map<std::string, double>& values, std::int64_t video_frame);

  /// The mask of the flow [1, 1, H, W] at a video frame, of the picture's size; nothing where there is none.
  std::optional<at::Tensor> flow_mask(std::int64_t video_frame);

  /// What cannot be computed again after a restart. load_state() follows stabilise().
  std::map<std::string, at::Tensor> state() const;
  void load_state(const std::map<std::string, at::Tensor>& state);

  struct Verdict {
    std::vector<std::pair<std::string, double>> losses;  ///< names and values
    bool held = true;                                    ///< each is held by its stop, or there is none
  };
  /// Adds the losses' gradients to image.grad() and to the model's parameters.
  Verdict evaluate(const at::Tensor& image, ImageModel& model);

 private:
  struct Term {
    const DirectPrompt* prompt = nullptr;
    std::unique_ptr<Loss> loss;
    std::optional<FlowLoss> flow;    // in its place
    std::optional<Footage> picture;  // of the moved frame: none
    std::optional<Footage> mask;
    std::int64_t target = -1, masked_by = -1;  // frames of these
    double weight = 0, stop = 0;
  };
  bool counts(const Term& term) const;
  void show_mask(Term& term, std::int64_t video_frame);

  c10::Device device_;
  AnimationMode::Tools tools_;
  bool started_ = false, moved_ = false;  // from a picture; since then
  Warnings warnings_;
  std::vector<Term> terms_;
};

}  // namespace reverie
