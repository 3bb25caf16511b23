#pragma once
// PromptLosses: knows what the prompts want, and says how far a picture is from it.

#include <map>
#include <optional>

#include "engine/cutout_groups.h"
#include "engine/host_services.h"
#include "engine/masks.h"
#include "engine/run_plugins.h"
#include "media/footage.h"
#include "prompts/evaluate.h"
#include "prompts/prompt.h"

namespace reverie::engine {

/// How many cutouts perceptors embed, and in which parts.
struct CutoutCounts {
  std::int64_t cutouts = 40;            ///< in a step, for each perceptor
  std::int64_t batches = 1;             ///< that they are split into, where there are no groups
  bool automatic = false;               ///< more batches where the device's memory does not suffice
  std::int64_t groups = 0;              ///< as `cutout_groups`; 0: none
  distributed::Ranks* ranks = nullptr;  ///< that share the groups; none: this process does all
};

/// The next larger number of batches that divides the cutouts, or 0 where each has one already.
std::int64_t more_batches(std::int64_t cutouts, std::int64_t batches);

class PromptLosses {
 public:
  /// A prompt that counts at a step: its number over all scenes, and how much of its loss does.
  struct Active {
    std::size_t prompt;
    double share;
  };
  struct Result {
    std::vector<double> losses;  ///< of each active prompt, weighted mean over perceptors, before its share
    bool stopped = false;        ///< every prompt is held by its stop: there is nothing more to gain
  };

  /// Embeds all words, and then lets the perceptors release their text encoders. `ensemble` and `scenes` must
  /// outlive this.
  PromptLosses(HostServices& host, const RunPlugins& ensemble, const RunPosition& moment,
               const std::vector<Scene>& scenes, const CutoutCounts& settings,
               const std::function<media::Footage(const std::string&)>& open);

  /// Prompts that are to take the place of the present ones.
  class Prepared;
  /// Opens what `scenes` name and embeds words that are new. Nothing changes yet, and nothing is drawn at
  /// random but by what it takes to embed words. `scenes` must outlive what is made of this.
  Prepared prepare(const std::vector<Scene>& scenes);
  /// From the next step on. Pictures that are in the same place as before stay as they were seen.
  void take_over(Prepared prepared);

  /// Until the first move the prompts that stabilise motion compare with `picture`. Without it they rest
  /// until then.
  void start_from(const at::Tensor& picture);

  /// From the next frame on the prompts that stabilise motion compare with `moved`, and those that hold on to
  /// the start rest. `frame`, above 0, distinguishes this picture from earlier ones.
  void stabilise(const at::Tensor& moved, std::int64_t frame);

  /// From here on expressions have these values, perceptors embed this many cutouts, and moving pictures and
  /// masks show `video_frame`.
  void begin_step(const std::map<std::string, double>& values, std::int64_t cutouts,
                  std::int64_t video_frame);

  /// The prompts that count at a step of a scene. Those of other scenes and of weight 0 do not and cost
  /// nothing: their other expressions are not evaluated, their pictures not read.
  std::vector<Active> active(std::size_t scene, std::int64_t step, std::int64_t interpolation_steps);

  /// How far a picture that joins itself is turned around, in pixels to the right and down.
  struct Turn {
    std::int64_t x = 0, y = 0;
  };

  /// Shows cutouts of `image` to every perceptor that has a weight at this step, and adds the prompts'
  /// gradients to image.grad(). A batch's graph is gone before the next is built, which is what makes
  /// accumulation save memory. What is at `turn` in the image is at 0 for masks.
  Result evaluate(const at::Tensor& image, const std::vector<Active>& prompts, const Turn& turn);

  const Prompt& prompt(std::size_t index) const { return *prompts_[index].prompt; }

  /// State that cannot be computed again after a restart: the embeddings of pictures in prompts, and the
  /// number of batches where memory decided it.
  std::map<std::string, at::Tensor> state() const;
  void load_state(const std::map<std::string, at::Tensor>& state);

 private:
  struct EmbeddedCutouts {
    at::Tensor embeddings;  // [N, D]
    std::vector<CutoutPlace> places;
    at::Tensor cutouts = {};  // [N, 3, side, side], where the picture has a gradient
    at::Tensor seen = {};     // the same without what leads to the picture: what the perceptor got
  };
  struct PromptState {
    const Prompt* prompt = nullptr;
    bool current = false;  // what follows is of the present step
    double weight = 0, stop = 0;
    std::optional<double> cutoff;
    std::optional<media::Footage> picture, mask_picture;  // no picture for the moved frame
    std::int64_t seen_frame = -1, masked_by = -1;         // frames of these
    std::optional<ImageMask> image_mask;
    std::vector<at::Tensor> words, phrase;       // per perceptor [1, D]
    std::vector<at::Tensor> towards, between;    // the same: what the words go over to, and where they are
    std::vector<EmbeddedCutouts> pictures_seen;  // per perceptor, of pictures
  };

  struct Prompts {
    std::vector<std::size_t> first;   // number of each scene's first prompt
    std::vector<PromptState> states;  // of all scenes, in their order
    std::vector<std::string> texts;   // all that were embedded, together: one may depend on the others
  };
  Prompts opened(const std::vector<Scene>& scenes) const;
  void embed_words(Prompts& prompts, bool begins);
  /// Adds the gradients of one batch of cutouts, for one perceptor, to image.grad(), and three sums for each
  /// prompt to `sums` [prompts, 3]: its loss, whether its mask let any cutout through, whether its stop left
  /// any free.
  void look(const at::Tensor& image, const std::vector<Active>& prompts, std::size_t perceptor,
            std::int64_t count, double share, const Turn& turn, const at::Tensor& sums);
  at::Tensor look_in_batches(const at::Tensor& image, const std::vector<Active>& prompts, const Turn& turn);
  at::Tensor look_in_batches_that_fit(const at::Tensor& image, const std::vector<Active>& prompts,
                                      const Turn& turn);
  at::Tensor look_in_groups(const at::Tensor& image, const std::vector<Active>& prompts, const Turn& turn);
  void update(PromptState& prompt_state);
  std::string key(std::size_t prompt, std::size_t perceptor) const;
  std::int64_t in_a_batch() const;
  EmbeddedCutouts embed_cutouts(std::size_t perceptor, const at::Tensor& image, std::int64_t count);
  at::Tensor distances(const PromptState& prompt_state, std::size_t perceptor,
                       const EmbeddedCutouts& seen) const;
  MaskValues mask_values(const PromptState& prompt_state, std::size_t perceptor,
                         const EmbeddedCutouts& seen) const;

  HostServices& host_;
  const std::vector<Member<Perceptor>>& perceptors_;
  const std::vector<MotionSetting>& weights_over_time_;  // of the perceptors; empty: all are 1
  std::vector<double> weights_;                          // at the present step
  const Member<CutoutMethod>& cutouts_;
  const RunPosition& moment_;
  CutoutCounts settings_;
  std::function<media::Footage(const std::string&)> open_;
  std::function<std::shared_ptr<Perceptor>(std::size_t)> text_encoder_;
  Prompts all_;
  std::vector<PromptState>& prompts_ = all_.states;
  std::map<std::string, double> values_;
  std::int64_t video_frame_ = 0;
  at::Tensor held_;  // what stabilises motion: the start's picture, then each move's; may be undefined
  std::int64_t held_frame_ = 0;  // the frame that began with it; 0: none has moved yet
  Warnings warnings_;
};

class PromptLosses::Prepared {
 public:
  Prepared() = default;

 private:
  friend class PromptLosses;
  Prompts prompts_;
};

}  // namespace reverie::engine
