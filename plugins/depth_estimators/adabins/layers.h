#pragma once
// Convolutions with the batch norms behind them, which at a fixed network's end of training are a scale and a
// shift of each channel and so become part of the convolution.

#include "checkpoint.h"

namespace reverie::adabins {

struct Convolution {
  at::Tensor weight, bias;
  std::int64_t stride = 1, groups = 1;
  /// With as many zeros around as make the result's sides the input's over `stride`, rounded up; an odd one
  /// is on the right or below, as TensorFlow has it.
  at::Tensor operator()(const at::Tensor& x) const;
};

/// x * sigmoid(x), in the memory of `x`, which nobody may need any more.
at::Tensor swish(const at::Tensor& x);

/// Takes convolutions out of a file.
class Layers {
 public:
  Layers(depth_estimators::Checkpoint file, c10::Device device, at::ScalarType dtype)
      : file_(std::move(file)), device_(device), dtype_(dtype) {}

  /// Of the shape [out, in, side, side] with a bias; `side` and `out` as in the file where they are -1.
  Convolution convolution(const std::string& name, std::int64_t in, std::int64_t out,
                          std::int64_t side) const;

  /// With the batch norm called `norm` behind it, whose epsilon that is. A bias is optional. Of a depthwise
  /// convolution, one for each channel, `in` is 1.
  Convolution normed(const std::string& name, const std::string& norm, std::int64_t in, std::int64_t out,
                     std::int64_t side, double epsilon) const;

  /// As it is, in float (double in a double network).
  at::Tensor tensor(const std::string& name, at::IntArrayRef shape) const;
  bool contains(const std::string& name) const { return file_.contains(name); }
  at::ScalarType dtype() const { return dtype_; }
  std::string origin() const { return file_.origin(); }

 private:
  Convolution finished(const at::Tensor& weight, const at::Tensor& bias) const;

  depth_estimators::Checkpoint file_;
  c10::Device device_;
  at::ScalarType dtype_;
};

}  // namespace reverie::adabins
