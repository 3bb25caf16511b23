#pragma once
// Retouch: what is done to a frame after its move and before it is optimised, so that hundreds of frames
// neither fade nor burn: its colours are matched, it is sharpened, and it gets some noise.

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "media/footage.h"
#include "prompts/coherence.h"
#include "prompts/script.h"
#include "reverie/tiling.h"

namespace reverie::engine {

class Retouch {
 public:
  /// Opens what color_coherence names. `script` must outlive this.
  Retouch(const Settings& settings, const Script& script,
          const std::function<media::Footage(const std::string&)>& open);

  /// The next move is that into `frame`, for which expressions have `values` and which shows the video's
  /// `video_frame`; `before` is the picture [1, 3, H, W] until now. Says whether there is anything to do.
  bool begin(std::int64_t frame, const std::map<std::string, double>& values, std::int64_t video_frame,
             const at::Tensor& before);

  /// The moved picture [1, 3, h, w] as the frame is to begin with, 0..1 if anything is done.
  at::Tensor operator()(const at::Tensor& picture) const;

  /// What cannot be computed again after a restart: the first frame.
  std::map<std::string, at::Tensor> state() const;
  void load_state(const std::map<std::string, at::Tensor>& state);

 private:
  double value(const std::string& name, const std::map<std::string, double>& values);

  const std::vector<MotionSetting>& varying_;
  Coherence coherence_;
  std::optional<media::Footage> footage_;  // of color_coherence
  Tiling tiling_;
  bool soft_noise_;
  double noise_size_;
  std::uint64_t key_;  // of the noise
  Warnings warnings_;
  at::Tensor first_;  // frame, once it is done
  // Of the present move:
  std::int64_t frame_ = 0;
  at::Tensor reference_;
  double strength_ = 0, sharpening_ = 0, radius_ = 1, noise_ = 0;
};

/// `picture` [1, C, h, w] plus `amount` of what a Gaussian of deviation `radius` takes away (unsharp mask),
/// but not beyond the values within `radius` pixels: edges get steeper, without halos, and where the picture
/// does not move nothing builds up from move to move. Beyond an edge, where the picture does not join itself,
/// the outermost pixels are repeated.
at::Tensor sharpened(const at::Tensor& picture, double amount, double radius, const Tiling& tiling = {});

}  // namespace reverie::engine
