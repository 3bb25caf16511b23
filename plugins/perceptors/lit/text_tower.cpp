#include "text_tower.h"

#include <ATen/ATen.h>

#include <cmath>
#include <string>

#include "reverie/error.h"

namespace reverie::lit {

at::Tensor unit(const at::Tensor& rows) { return rows / rows.norm(2, -1, true).clamp_min(1e-12); }

at::Tensor Linear::operator()(const at::Tensor& x) const { return at::linear(x, weight, bias); }

Linear load_linear(const TensorSource& get, const std::string& name) {
  return {get(name + ".weight"), get(name + ".bias")};
}

at::Tensor TextTower::Norm::operator()(const at::Tensor& x) const {
  return at::layer_norm(x, {weight.size(0)}, weight, bias);
}

TextTower::TextTower(const TensorSource& get, std::int64_t layers, std::int64_t heads) : heads_(heads) {
  const auto linear = [&](const std::string& name) { return load_linear(get, name); };
  const auto norm = [&](const std::string& name) { return Norm{get(name + ".weight"), get(name + ".bias")}; };
  token_embedding_ = get("text.token_embedding");
  position_ = get("text.position");
  if (token_embedding_.dim() != 2 || heads < 1 || token_embedding_.size(1) % heads != 0)
    throw Error(ErrorKind::model, "'lit.heads' is " + std::to_string(heads) +
                                      ", which does not divide the width of the text tower");
  for (std::int64_t i = 0; i < layers; ++i) {
    const std::string p = "text.layers." + std::to_string(i) + ".";
    layers_.push_back({norm(p + "norm1"), norm(p + "norm2"), linear(p + "attention_in"),
                       linear(p + "attention_out"), linear(p + "mlp_in"), linear(p + "mlp_out")});
  }
  out_ = linear("text.out");
}

at::Tensor TextTower::attend(const Layer& layer, const at::Tensor& x) const {
  const auto length = x.size(0), width = x.size(1);
  const at::Tensor qkv =
      layer.attention_in(x).view({length, 3, heads_, width / heads_}).permute({1, 2, 0, 3});
  const double scale = 1 / std::sqrt(static_cast<double>(width / heads_));
  const at::Tensor share = at::softmax(at::matmul(qkv[0], qkv[1].transpose(1, 2)) * scale, -1);
  return layer.attention_out(at::matmul(share, qkv[2]).transpose(0, 1).reshape({length, width}));
}

at::Tensor TextTower::operator()(const std::vector<std::int64_t>& tokens) const {
  const at::Tensor ids = at::tensor(tokens).to(token_embedding_.device());
  at::Tensor x = token_embedding_.index_select(0, ids) + position_.narrow(0, 0, ids.size(0));
  for (const Layer& layer : layers_) {
    x = x + attend(layer, layer.norm1(x));
    x = x + layer.mlp_out(at::gelu(layer.mlp_in(layer.norm2(x))));
  }
  return unit(out_(x.mean(0, true)));
}

}  // namespace reverie::lit
