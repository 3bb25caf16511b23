#pragma once
// VQGAN: pictures as grids of codes from a learned codebook (Esser, Rombach & Ommer 2021, "Taming
// Transformers for High-Resolution Image Synthesis"), in the published naming of the tensors.
//
// Hyperparameters are not configured: they follow from the tensors' names and shapes. The prefix of all names
// is found too: none, `state_dict.` (Lightning's checkpoints), and behind either `first_stage_model.`
// (checkpoints of a transformer over the codes). Whatever else a file holds is left alone.

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "reverie/weights.h"

namespace reverie::vqgan {

/// What names and shapes say about a set of weights.
struct Shape {
  std::int64_t channels;                  ///< width of the first level
  std::vector<std::int64_t> multipliers;  ///< of the width, by level; level 0 has the full resolution
  std::vector<bool> attention;            ///< by level: whether its blocks are followed by attention
  bool middle_attention;                  ///< between the two blocks at the lowest resolution
  std::int64_t blocks;           ///< residual blocks a level of the encoder; the decoder has one more
  std::int64_t latent_channels;  ///< z_channels: between encoder and quant_conv
  std::int64_t embedding;        ///< length of a code
  std::int64_t codes;            ///< entries of the codebook
  bool gumbel;                   ///< codes are chosen by logits rather than by distance
  std::string prefix;            ///< of all names in the file

  /// Side in pixels of the square that one code stands for.
  std::int64_t factor() const { return std::int64_t{1} << (multipliers.size() - 1); }

  /// Throws Error(model) naming what is missing when the weights are not a VQGAN's.
  static Shape from_weights(const Weights& weights);
};

/// Encoder, codebook and decoder. Pictures are [N, 3, H, W], nominally -1..1 (nothing limits what decode()
/// gives), H and W multiples of factor(); latents are [N, embedding, H/factor, W/factor]. Everything is
/// differentiable, with respect to the weights too where those require gradients. Immutable and thread-safe.
class Network {
 public:
  /// Tensors that have `device` and `dtype` already stay the same objects, so that gradients reach them.
  /// `fixed` weights never change and need no gradient: they are converted once to the layout that is
  /// fastest. Networks in lower precision have their norms and their codebook in float. Throws Error(model)
  /// naming the tensor that is absent or does not fit, Error(unsupported) for a network with other parts.
  explicit Network(const Weights& weights, c10::Device device = c10::kCPU, at::ScalarType dtype = at::kFloat,
                   bool fixed = false);
  ~Network();

  const Shape& shape() const { return shape_; }

  /// The latent of a picture as the encoder gives it, before it is quantised.
  at::Tensor encode(const at::Tensor& image) const;

  /// The picture of a latent that is made of codes.
  at::Tensor decode(const at::Tensor& quantised) const;

  /// [codes, embedding], float (double in a double network).
  const at::Tensor& codebook() const { return codebook_; }

  /// Of each position of a latent, the index of the code at the least distance; the first of several. int64
  /// [N, h, w], without gradient.
  at::Tensor nearest_codes(const at::Tensor& z) const;

  /// The logits of every code [N, codes, h, w] of what encode() gave; Gumbel networks only.
  at::Tensor logits(const at::Tensor& encoded) const;

  /// The codes int64 [N, h, w] that the network itself chooses for what encode() gave: the nearest, or those
  /// of the largest logits in a Gumbel network. (In training and in the published code those draw noise as
  /// well; without it, the same picture always has the same codes.) Without gradient.
  at::Tensor choose_codes(const at::Tensor& encoded) const;

  /// Entries of the codebook, as a latent [N, embedding, h, w]. Differentiable with respect to the codebook.
  at::Tensor embed(const at::Tensor& codes) const;

 private:
  struct Parts;
  Shape shape_;
  at::ScalarType dtype_;
  at::Tensor codebook_;
  std::unique_ptr<const Parts> parts_;
};

}  // namespace reverie::vqgan
