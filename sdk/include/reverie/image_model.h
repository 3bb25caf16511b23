#pragma once
// ImageModel: how a picture is represented while it is optimised.
//
// Phases: [setup] once before the first step; [step] at every optimisation step; [frame] between animation
// frames, when saving and when displaying.

#include <ATen/core/Tensor.h>

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "reverie/extension.h"
#include "reverie/frame.h"
#include "reverie/host.h"
#include "reverie/params.h"

namespace reverie {

/// A differentiable term that a model adds to the loss, with its weight applied.
struct Regulariser {
  std::string name;
  at::Tensor value;  ///< scalar, float32
};

class REVERIE_PUBLIC ImageModel : public Extensible {
 public:
  static constexpr const char* kKind = "image_models";
  static constexpr std::uint32_t kInterfaceVersion = 3;

  /// A plugin class has the constructor `Plugin(Host&, const Params&, const Setup&)`.
  struct Setup {
    std::int64_t width;   ///< the settings' width and height; the model may round them to what it can do,
    std::int64_t height;  ///< and may upscale: decode() says the real size
  };

  /// [setup] Fills the parameters with the model's random start, from Host::generator() only.
  virtual void randomise() = 0;

  /// [setup, frame] Makes the parameters represent `image` [1, 3, H, W] of any size as well as they can.
  virtual void encode(const at::Tensor& image) = 0;

  /// [frame] As encode(), for the next frame of a video, of which the canvas, if there is one, has just
  /// followed the motion. What should not change from frame to frame, such as a palette, may stay.
  virtual void encode_next(const at::Tensor& image) { encode(image); }

  /// [setup] The leaf tensors to optimise, float32, requires_grad. They stay the same objects from one
  /// encode(), randomise() or set_canvas() to the next.
  virtual std::vector<at::Tensor> parameters() = 0;

  /// [setup] Adam's learning rate where the settings give none.
  virtual double learning_rate() const = 0;

  /// [step] The picture [1, 3, H, W] 0..1, differentiable with respect to parameters(). Its size, from 1x1,
  /// never changes, and is that of decode_final().
  virtual at::Tensor decode() = 0;

  /// [frame] What is shown and saved [1, 3, H, W] 0..1, without gradient. Differs from decode() in models
  /// that average their parameters over time.
  virtual at::Tensor decode_final() = 0;

  /// [step] Terms of the model's own.
  virtual std::vector<Regulariser> regularisers() { return {}; }

  /// [step] Called after each optimiser step, e.g. to clamp parameters or update an average.
  virtual void after_step() {}

  /// [frame] The float tensor [1, C, h, w] that an animation mode may warp in place of the picture, detached;
  /// nothing where the picture itself has to be warped and encoded again.
  virtual std::optional<at::Tensor> canvas() const { return std::nullopt; }

  /// [frame] Takes back a warped canvas of the same shape. Called only if canvas() gave one.
  virtual void set_canvas(const at::Tensor& canvas);

  /// [step] The differentiable latent that latent losses compare, and how strongly they count against pixels;
  /// nothing and 0 where the picture is all there is. From a strength of 1 on, direct image prompts compare
  /// latents (and pixels a little), below it pixels only.
  virtual std::optional<at::Tensor> latent() { return std::nullopt; }
  virtual std::optional<at::Tensor> encode_latent(const at::Tensor& /*image*/) { return std::nullopt; }
  virtual double latent_strength() const { return 0; }

  /// [frame] The colours the model may use as a picture [1, 3, h, w] 0..1, one pixel a colour; nothing where
  /// it may use any.
  virtual std::optional<at::Tensor> palette_picture() const { return std::nullopt; }

  /// [frame] Everything needed to continue exactly: parameters, averages, locks. Names are the model's own.
  virtual std::map<std::string, at::Tensor> state() const = 0;

  /// [setup] Takes back what state() gave. Throws Error(model) when it does not fit.
  virtual void load_state(const std::map<std::string, at::Tensor>& state) = 0;

  /// The structs that calls pass: their sizes are part of the handshake.
  using Structs = std::tuple<Regulariser>;
};

inline void ImageModel::set_canvas(const at::Tensor&) {
  throw Error(ErrorKind::plugin, "this image model has no canvas");
}

}  // namespace reverie
