#pragma once
// Convolutions of RAFT's family, and taking them out of a file in any of its published namings.

#include <ATen/core/Tensor.h>

#include <string>

#include "reverie/weights.h"

namespace reverie::raft {

/// The norm after a convolution.
enum class Norm {
  none,
  batch,     ///< with fixed statistics: it is part of the convolution's weights
  instance,  ///< each channel of each picture to mean 0 and variance 1
};

struct Convolution {
  at::Tensor weight, bias;  // no bias where an instance norm would take it away again
  std::int64_t stride = 1;
  Norm norm = Norm::none;

  /// Keeps the size, but for the stride.
  at::Tensor operator()(const at::Tensor& x) const;
  /// With the norm, and ReLU behind it.
  at::Tensor activated(const at::Tensor& x) const;
  /// With the norm alone.
  at::Tensor normalised(const at::Tensor& x) const;
};

enum class Variant { large, small, gma };

/// How a file names its tensors, and what network they make.
struct Layout {
  Variant variant;
  bool torchvision;    ///< torchvision's names rather than those of the papers' authors
  std::string prefix;  ///< of all names

  /// By the names of tensors. Throws Error(model) when they are of no such network.
  static Layout of(const Weights& weights);
};

/// Sides of a convolution's kernel.
struct Kernel {
  std::int64_t height, width;
};
inline constexpr Kernel kPoint{1, 1}, k3x3{3, 3}, k7x7{7, 7};

/// Takes layers out of a file, each with the shape that its place in the network implies. Throws Error(model)
/// naming the tensor that is absent or of another shape.
class Source {
 public:
  Source(const Weights& weights, c10::Device device, at::ScalarType dtype)
      : weights_(weights), layout_(Layout::of(weights)), device_(device), dtype_(dtype) {}

  const Layout& layout() const { return layout_; }
  at::ScalarType dtype() const { return dtype_; }

  /// The one of two names that this file uses.
  std::string name(const std::string& authors, const std::string& torchvision) const {
    return layout_.torchvision ? torchvision : authors;
  }

  Convolution convolution(const std::string& name, std::int64_t in, std::int64_t out, Kernel kernel) const;
  /// With what normalises its result; `norm_name` has tensors for Norm::batch only.
  Convolution convolution(const std::string& name, std::int64_t in, std::int64_t out, Kernel kernel,
                          std::int64_t stride, Norm norm, const std::string& norm_name) const;

  /// In double on the CPU; checked.
  at::Tensor tensor(const std::string& name, at::IntArrayRef shape) const;
  /// As the network computes.
  at::Tensor placed(const at::Tensor& tensor) const;

 private:
  const Weights& weights_;
  Layout layout_;
  c10::Device device_;
  at::ScalarType dtype_;
};

}  // namespace reverie::raft
