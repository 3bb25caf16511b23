#pragma once
// The unit that refines a flow step by step: Teed & Deng (2020), section 3.3; with attention, Jiang,
// Campbell, Lu, Li & Hartley (2021), "Learning to Estimate Hidden Motions with Global Motion Aggregation"
// (GMA).

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "layers.h"

namespace reverie::raft {

/// Widths in which the variants differ.
struct Widths {
  std::int64_t features, hidden, context, radius;
  static Widths of(Variant variant);
};

/// How much each place minds the motion of each other: GMA's attention over what the places look like, and
/// what it adds to their motion.
class Attention {
 public:
  explicit Attention(const Source& source);

  /// [N, h w, h w] of a context [N, 128, h, w]; each row sums to 1.
  at::Tensor weights(const at::Tensor& context) const;

  /// Motion features [N, 128, h, w] with those of what the places mind added.
  at::Tensor aggregate(const at::Tensor& weights, const at::Tensor& motion) const;

 private:
  at::Tensor query_, key_;  // [128, 128]; queries are scaled already
  at::Tensor value_;        // [128, 128], transposed; gamma is in it
};

class Update {
 public:
  explicit Update(const Source& source);

  /// What stays the same in all steps, of a context [N, C, h, w] that ReLU has passed.
  struct Fixed {
    struct Gates {
      at::Tensor both, candidate;
    };
    std::vector<Gates> gates;  // the context's part of each GRU
    at::Tensor attention;      // undefined without
  };
  Fixed prepare(const at::Tensor& context) const;

  /// The next hidden state [N, hidden, h, w], float (double in a double network).
  at::Tensor step(const Fixed& fixed, const at::Tensor& hidden, const at::Tensor& correlation,
                  const at::Tensor& flow) const;

  /// How a hidden state changes the flow: [N, 2, h, w].
  at::Tensor flow_change(const at::Tensor& hidden) const;

  /// The logits for upsample_by_mask(); undefined in the small network.
  at::Tensor mask(const at::Tensor& hidden) const;

 private:
  /// A convolutional GRU (Ballas et al. 2015). The context is convolved apart from what changes.
  struct Gru {
    Convolution both, candidate;                  // of the hidden state and the motion
    Convolution context_both, context_candidate;  // with the biases; "both" are update and reset gate
  };

  at::Tensor motion(const at::Tensor& correlation, const at::Tensor& flow) const;

  at::ScalarType dtype_;
  std::vector<Convolution> correlation_, flow_;
  Convolution joined_;
  std::vector<Gru> gru_;
  Convolution head_, change_;
  Convolution mask_, mask_logits_;
  std::optional<Attention> attention_;
};

}  // namespace reverie::raft
