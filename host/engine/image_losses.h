#pragma once
// The losses of a run besides its prompts: each a plugin, with its weight and stop, and its target and mask.

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "engine/run_plugins.h"
#include "losses/loss_term.h"
#include "media/footage.h"

namespace reverie::engine {

/// For a loss that looks at the picture through the run's perceptors.
void give_perceptors(Loss& loss, const std::vector<Member<Perceptor>>& perceptors);

class ImageLosses {
 public:
  using Make = std::function<std::shared_ptr<Loss>(const LossTerm&, const Loss::Setup&)>;

  /// `size` gives the picture's size; it is asked once, and not at all where no loss has a target or mask.
  /// `terms` and `tools` must outlive this.
  ImageLosses(const std::vector<LossTerm>& terms, ImageModel& model, std::function<ImageSize()> size,
              Make make, c10::Device device, const std::function<media::Footage(const std::string&)>& open,
              const AnimationMode::Tools& tools = {});

  /// Until the first move, losses whose target is the last frame compare with `picture`. Without it they have
  /// no effect until then.
  void start_from(const at::Tensor& picture);

  /// The picture has another size: losses with targets and masks read them again.
  void resized();

  /// From now on losses whose target is the last frame compare with what `move` made of the picture `before`,
  /// and those that hold on to the start have no effect.
  void stabilise(const at::Tensor& before, const AnimationMode::Move& move);

  /// Evaluates weights, stops and parameters with `values`, the variables of expressions, and brings moving
  /// pictures and masks to `video_frame`. `now` is what the losses know of the step.
  void begin_step(const FrameContext& now, const std::map<std::string, double>& values,
                  std::int64_t video_frame);

  /// The mask of flow_stabilization_weight [1, 1, H, W] at a video frame, of the picture's size; nothing
  /// where there is none.
  std::optional<at::Tensor> flow_mask(std::int64_t video_frame);

  /// State that cannot be computed again after a restart. load_state() follows stabilise().
  std::map<std::string, at::Tensor> state() const;
  void load_state(const std::map<std::string, at::Tensor>& state);

  struct Value {
    std::string name;
    double value;
    bool of_picture;  ///< of a picture prompt
  };
  struct Result {
    std::vector<Value> losses;
    bool stopped = true;  ///< each that has a stop or holds the scene is held by its stop
  };
  /// Adds the losses' gradients to image.grad() and to the model's parameters. `turned` is the same picture,
  /// or, where that joins itself, turned around: a loss for which only neighbours count gets that one.
  Result evaluate(const at::Tensor& image, const at::Tensor& turned);

 private:
  struct Active {
    const LossTerm* term = nullptr;
    std::shared_ptr<Loss> loss;  // null until the size of the picture is known
    std::optional<media::Footage> target, mask;
    std::int64_t targeted = -1, masked = -1;  // frames of these
    double weight = 0, stop = 0;
    std::map<std::string, std::vector<double>> parameters;
  };
  bool counts(const Active& active) const;
  Loss& instance(Active& active);
  ImageSize size();
  void show_mask(Active& active, std::int64_t video_frame);

  ImageModel& model_;
  std::function<ImageSize()> measure_;
  std::optional<ImageSize> size_;
  Make make_;
  c10::Device device_;
  AnimationMode::Tools tools_;
  bool started_ = false, moved_ = false;  // from a picture; since then
  AnimationMode::Move move_;
  at::Tensor start_, before_move_;
  FrameContext now_;
  Warnings warnings_;
  std::vector<Active> active_;
};

}  // namespace reverie::engine
