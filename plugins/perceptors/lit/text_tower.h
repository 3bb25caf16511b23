#pragma once
// The text tower: a small transformer that says what a text means.

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

namespace reverie::lit {

using TensorSource = std::function<at::Tensor(const std::string&)>;

struct Linear {
  at::Tensor weight, bias;
  at::Tensor operator()(const at::Tensor& x) const;
};

/// `get(name + ".weight")` and `get(name + ".bias")`.
Linear load_linear(const TensorSource& get, const std::string& name);

/// Rows of unit length.
at::Tensor unit(const at::Tensor& rows);

class TextTower {
 public:
  /// `layers` transformer layers of `heads` heads, from `get("text....")`.
  TextTower(const TensorSource& get, std::int64_t layers, std::int64_t heads);

  std::int64_t vocabulary() const { return token_embedding_.size(0); }
  std::int64_t context() const { return position_.size(0); }

  /// The tokens of one text, at most context(), to what it means [1, M], of unit length.
  at::Tensor operator()(const std::vector<std::int64_t>& tokens) const;

 private:
  struct Norm {
    at::Tensor weight, bias;
    at::Tensor operator()(const at::Tensor& x) const;
  };
  struct Layer {
    Norm norm1, norm2;
    Linear attention_in, attention_out, mlp_in, mlp_out;
  };
  at::Tensor attend(const Layer& layer, const at::Tensor& x) const;

  std::int64_t heads_;
  at::Tensor token_embedding_, position_;
  std::vector<Layer> layers_;
  Linear out_;
};

}  // namespace reverie::lit
