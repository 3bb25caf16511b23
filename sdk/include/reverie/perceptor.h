#pragma once
// Perceptor: a network that places pictures and texts in one space, where closeness means likeness.

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "reverie/extension.h"
#include "reverie/host.h"
#include "reverie/params.h"

namespace reverie {

class REVERIE_PUBLIC Perceptor : public Extensible {
 public:
  static constexpr const char* kKind = "perceptors";
  static constexpr std::uint32_t kInterfaceVersion = 2;
  using Input = Weights;  ///< what accepts() examines

  /// A plugin class has the constructor `Plugin(Host&, const Params&, const Setup&)` and
  /// `static bool accepts(const Weights&)`: whether it understands a file, judged by its tensors' names and
  /// its metadata only. The first perceptor plugin in alphabetical order that accepts a file gets it. One
  /// that the setting `perceptors` names by its own name gets no weights; if it needs some, its constructor
  /// throws an Error that says so.
  struct Setup {
    std::string name;                        ///< as the settings name the weights
    std::shared_ptr<const Weights> weights;  ///< null for a perceptor that is chosen by its own name
  };

  /// Side of the square pictures that embed_images() takes, in pixels.
  virtual std::int64_t input_size() const = 0;

  /// Length of an embedding.
  virtual std::int64_t embedding_size() const = 0;

  /// [step] images [N, 3, input_size, input_size], RGB, nominally 0..1 (noise may lead slightly outside); the
  /// perceptor normalises them itself. Returns float32 [N, embedding_size], not normalised, differentiable
  /// with respect to the images.
  virtual at::Tensor embed_images(const at::Tensor& images) = 0;

  /// [setup] One row for each text: float32 [N, embedding_size], detached. Throws Error(settings), naming the
  /// text, when one is too long.
  virtual at::Tensor embed_texts(const std::vector<std::string>& texts) = 0;

  /// [setup] Called when no further text will be embedded: memory that only texts need may be freed.
  virtual void release_text_encoder() {}
};

}  // namespace reverie
